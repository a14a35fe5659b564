"""R24 to R27: the follow-up visit, rehabilitation, the acute team and the aids."""

from __future__ import annotations

import pytest

from discharge.errors import GateClosedError
from discharge.task import Priority
from tests.factories import MUNICIPALITY, NORTH, PRACTICE, WARD
from tests.scenarios.people import Given, Person, Ward
from tests.scenarios.story import Clock, Then, escalation, overdue, reminder


async def test_r24_visit_to_the_frail_is_booked_by_day_3_and_made_by_day_7(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.says(frail=True)
    await clock.set("fredag 11.40")

    await ward.discharges()

    await then.owes(PRACTICE, "book-follow-up-visit", by="mandag 23.11.2026 24.00", roles="gp", rule="R24")
    await then.owes(NORTH, "follow-up-visit", by="fredag 27.11.2026 24.00", roles="home-nurse", rule="R24")
    await then.rings(
        "book-follow-up-visit",
        overdue("tirsdag 24.11.2026 08.00", PRACTICE, "gp"),
        escalation("tirsdag 24.11.2026 08.00", NORTH, "visitator"),
        escalation("tirsdag 24.11.2026 08.00", WARD, "ward"),
    )
    await then.rings("follow-up-visit", overdue("mandag 30.11.2026 08.00", NORTH, "home-nurse"))


async def test_r24_ward_may_ask_for_it_without_calling_anybody_frail_and_what_is_booked_is_silent(
    given: Given, ward: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects(None, needs="follow-up-visit")
    await clock.set("onsdag 11.40")
    await ward.discharges()

    await gp.completes("book-follow-up-visit")

    await then.is_silent("book-follow-up-visit", until="onsdag 25.11.2026 12.00")
    await then.owes(NORTH, "follow-up-visit", by="onsdag 25.11.2026 24.00", roles="home-nurse", rule="R24")


async def test_r24_r25_ask_nothing_where_nobody_is_frail_or_trains(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects(None, needs="home-nursing", frail=False)
    await clock.set("onsdag 11.40")

    await ward.discharges()

    then.never_asked("book-follow-up-visit", "follow-up-visit", "offer-rehabilitation", "know-rehabilitation")


async def test_r25_rehabilitation_is_offered_within_7_days_and_the_letter_is_called_for_on_the_last_morning(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects(None, needs="rehabilitation")
    await clock.set("fredag 11.40")

    await ward.discharges()

    task = await then.owes(NORTH, "offer-rehabilitation", by="fredag 27.11.2026 24.00", roles="visitator", rule="R25")
    assert task.note is not None
    assert "frit valg" in task.note
    await then.owes(PRACTICE, "know-rehabilitation", by="fredag 27.11.2026 24.00", roles="gp", rule="R25")
    await then.rings(
        "offer-rehabilitation",
        escalation("onsdag 25.11.2026 08.00", MUNICIPALITY, "leader"),
        reminder("fredag 27.11.2026 08.00", NORTH, "visitator"),
        overdue("mandag 30.11.2026 08.00", NORTH, "visitator"),
    )


async def test_r25_offer_that_is_made_rings_nobody_and_without_a_practice_nobody_has_a_copy(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00", gp=None)
    await ward.expects(None, needs="rehabilitation")
    await clock.set("onsdag 11.40")
    await ward.discharges()

    await visitator.completes("offer-rehabilitation")

    then.never_asked("know-rehabilitation")
    await then.is_silent("offer-rehabilitation", until="mandag 30.11.2026 12.00")


async def test_r25_seven_days_over_the_night_of_25_hours_end_at_midnight(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 19.10.2026 09.00")
    await ward.expects(None, needs="rehabilitation")
    await clock.set("torsdag 22.10.2026 11.40")

    await ward.discharges()

    await then.owes(NORTH, "offer-rehabilitation", by="torsdag 29.10.2026 24.00", roles="visitator", rule="R25")


async def test_r26_acute_team_is_telephoned_before_departure(given: Given, ward: Ward, then: Then) -> None:
    await given.admitted("mandag 16.11.2026 09.00")

    await ward.expects("fredag 15.00", destination="acute-team")

    task = await then.owes(WARD, "telephone-acute-team", by="fredag 15.00", roles="ward doctor", rule="R26")
    assert task.note == "Afsnittets læge har fortsat behandlingsansvaret."
    await then.rings("telephone-acute-team", overdue("fredag 15.00", WARD, "ward doctor"))


async def test_r26_without_an_expected_departure_the_call_is_made_within_a_day(
    given: Given, ward: Ward, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")

    await ward.says(destination="acute-team")

    await then.owes(WARD, "telephone-acute-team", by="tirsdag 09.00", roles="ward doctor", rule="R26")
    await ward.says(destination="home")
    await then.is_taken_back("telephone-acute-team", why="Planen er ændret")


async def test_r26_nobody_leaves_for_the_acute_team_without_the_call_but_with_a_reason(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects("fredag 15.00", destination="acute-team", needs="home-nursing")
    await clock.set("fredag 11.40")

    with pytest.raises(GateClosedError) as held:
        await ward.discharges()
    assert (held.value.rule, held.value.element) == ("R26", "agreed-by-phone")
    await ward.discharges(in_spite="Akutteamets telefon er død, de er orienteret af lægen på gaden")

    await then.owes(WARD, "telephone-acute-team", by="11.55", roles="ward doctor", rule="R26")
    await then.owes(NORTH, "take-over-acute-care", by="15.40", roles="home-nurse", rule="R26")


async def test_r26_call_opens_the_way_and_the_team_takes_over_in_four_hours(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects("fredag 15.00", destination="acute-team")
    await ward.agrees_by_phone_with("Anton, akutteamet")
    then.is_done("telephone-acute-team")
    await clock.set("fredag 11.40")

    await ward.discharges()

    task = await then.owes(NORTH, "take-over-acute-care", by="15.40", roles="home-nurse", rule="R26")
    assert task.priority is Priority.STAT
    await then.rings(
        "take-over-acute-care",
        escalation("11.55", MUNICIPALITY, "home-nurse"),
        escalation("12.10", MUNICIPALITY, "leader"),
        escalation("12.10", WARD, "ward doctor"),
        overdue("15.40", NORTH, "home-nurse"),
    )


async def test_r26_call_that_was_ticked_off_opens_the_way_as_well(
    given: Given, ward: Ward, nurse: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.says(destination="acute-team")
    await ward.completes("telephone-acute-team")
    await clock.set("onsdag 11.40")

    await ward.discharges()
    await nurse.takes_on("take-over-acute-care")

    await then.rings("take-over-acute-care", overdue("15.40", NORTH, "home-nurse"))


async def test_r26_from_2027_the_team_is_still_the_municipalitys_to_run(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 4.1.2027 09.00")
    await ward.says(destination="acute-team", agreed_by_phone="Anton, akutteamet")
    await clock.set("onsdag 11.40")

    await ward.discharges()

    await then.owes(NORTH, "take-over-acute-care", by="15.40", roles="home-nurse", rule="R26")


async def test_r26_where_the_municipality_is_no_party_the_call_is_all(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00", services="")
    await ward.says(destination="acute-team", agreed_by_phone="Anton, akutteamet")
    await clock.set("onsdag 11.40")

    await ward.discharges()

    then.never_asked("take-over-acute-care")


async def test_r26_is_for_nobody_who_goes_home(given: Given, ward: Ward, clock: Clock, then: Then) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects("onsdag 15.00", destination="home")
    await clock.set("onsdag 11.40")

    await ward.discharges()

    then.never_asked("telephone-acute-team", "take-over-acute-care")


async def test_r27_aids_are_ordered_by_both_and_each_knows_who_pays(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("onsdag 10.00")

    await ward.expects("mandag 23.11.2026 14.00", needs="aids")

    theirs = await then.owes(NORTH, "order-aids", by="fredag 15.00", roles="visitator", rule="R27")
    ours = await then.owes(WARD, "order-treatment-devices", by="fredag 15.00", roles="ward", rule="R27")
    assert (theirs.note, ours.note) == ("Kommunen betaler.", "Regionen betaler.")
    await then.rings("order-treatment-devices", overdue("fredag 15.00", WARD, "ward"))
    await then.rings(
        "order-aids",
        overdue("mandag 08.00", NORTH, "visitator"),
        escalation("mandag 10.00", MUNICIPALITY, "visitator"),
        escalation("mandag 10.00", WARD, "ward"),
    )
    assert then.rung("order-treatment-devices")[-1][1:] == ("task-escalated", NORTH, "visitator")


async def test_r27_order_moves_with_the_departure_and_is_silent_when_it_is_made(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects("torsdag 14.00", needs="aids")
    await then.owes(NORTH, "order-aids", by="onsdag 15.00", roles="visitator", rule="R27")

    await ward.expects("mandag 23.11.2026 14.00")
    await then.owes(NORTH, "order-aids", by="fredag 15.00", roles="visitator", rule="R27")
    await visitator.completes("order-aids")

    await then.is_silent("order-aids", until="tirsdag 24.11.2026 12.00")


async def test_r27_is_void_where_no_aids_are_needed(given: Given, ward: Ward, then: Then) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects("torsdag 14.00", needs="home-nursing")
    then.never_asked("order-aids", "order-treatment-devices")
    await ward.expects(None, needs="aids")

    await ward.expects(None, needs="home-nursing")

    await then.is_taken_back("order-aids", why="Planen er ændret")
    await then.is_taken_back("order-treatment-devices", why="Planen er ændret")


async def test_r27_working_day_before_tuesday_after_easter_is_the_wednesday_before_it(
    given: Given, ward: Ward, then: Then
) -> None:
    await given.admitted("mandag 22.3.2027 09.00")

    await ward.expects("tirsdag 30.3.2027 14.00", needs="aids")

    await then.owes(NORTH, "order-aids", by="onsdag 24.3.2027 15.00", roles="visitator", rule="R27")
