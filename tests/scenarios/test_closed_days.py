"""R11, R12 and R13: closed days, short weekends, and training before the way home."""

from __future__ import annotations

import pytest

from discharge.errors import GateClosedError
from tests.factories import MUNICIPALITY, NORTH, WARD
from tests.scenarios.people import Given, Ward
from tests.scenarios.story import Clock, Then, escalation, overdue, reminder

ON_DUTY = "visitator home-nurse"


async def test_r11_discharge_on_a_saturday_is_agreed_by_telephone_with_a_reminder_on_friday_noon(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")

    await ward.expects("lørdag 11.00", needs="home-nursing")

    task = await then.owes(WARD, "agree-closed-day-by-phone", by="lørdag 11.00", roles="ward", rule="R11")
    assert task.note == "Aftalen bekræftes i en korrespondance."
    await then.rings(
        "agree-closed-day-by-phone",
        reminder("fredag 12.00", WARD, "ward"),
        overdue("lørdag 11.00", WARD, "ward"),
    )


async def test_r11_maundy_thursday_is_a_closed_day_and_the_reminder_comes_on_wednesday(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 22.3.2027 09.00")
    await clock.set("tirsdag 10.00")

    await ward.expects("skærtorsdag 25.3.2027 11.00", needs="home-nursing")

    await then.owes(WARD, "agree-closed-day-by-phone", by="torsdag 11.00", roles="ward", rule="R11")
    await then.rings(
        "agree-closed-day-by-phone", reminder("onsdag 12.00", WARD, "ward"), overdue("torsdag 11.00", WARD, "ward")
    )


async def test_r11_nobody_leaves_on_a_closed_day_without_agreement_but_with_a_reason(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects("lørdag 21.11.2026 11.00", needs="home-nursing")
    await clock.set("lørdag 10.30")

    with pytest.raises(GateClosedError) as held:
        await ward.discharges()
    assert (held.value.rule, held.value.element) == ("R11", "agreed-by-phone")
    then.never_asked("resume-services")

    await ward.discharges(in_spite="Kommunen svarer ikke, datteren bliver hos borgeren")
    await then.owes(WARD, "agree-closed-day-by-phone", by="10.45", roles="ward", rule="R11")
    await then.owes(NORTH, "resume-services", by="24.00", roles=ON_DUTY, rule="R17")
    await then.rings(
        "agree-closed-day-by-phone", escalation("10.30", MUNICIPALITY, ON_DUTY), overdue("10.45", WARD, "ward")
    )


async def test_r11_departure_that_nobody_expected_makes_the_duty_as_well(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("torsdag 19.11.2026 09.00")
    await clock.set("søndag 12.00")

    await ward.discharges(in_spite="Borgeren ønsker at komme hjem nu")

    await then.owes(WARD, "agree-closed-day-by-phone", by="12.15", roles="ward", rule="R11")


async def test_r11_agreement_opens_the_way(given: Given, ward: Ward, clock: Clock, then: Then) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects("lørdag 21.11.2026 11.00", needs="home-nursing")
    await clock.set("fredag 11.40")

    await ward.agrees_by_phone_with("Vibeke, Hjemmepleje Nord")

    then.is_done("agree-closed-day-by-phone")
    await clock.set("lørdag 11.00")
    await ward.discharges()
    then.nobody_owes("agree-closed-day-by-phone")
    await then.is_silent("agree-closed-day-by-phone", until="søndag 12.00")


@pytest.mark.parametrize(
    ("when", "needs", "services"),
    [
        ("mandag 23.11.2026 11.00", "home-nursing", "home-nursing"),
        ("lørdag 21.11.2026 11.00", "", "home-nursing"),
        ("lørdag 21.11.2026 11.00", "follow-up-visit", ""),
    ],
    ids=["a working day", "nothing is needed", "nobody the municipality knows"],
)
async def test_r11_holds_back_nobody_else(
    given: Given, ward: Ward, clock: Clock, then: Then, when: str, needs: str, services: str
) -> None:
    await given.admitted("mandag 16.11.2026 09.00", services=services)
    await ward.expects(when, needs=needs)
    await clock.set(when)

    await ward.discharges()

    then.never_asked("agree-closed-day-by-phone")


async def test_r11_is_void_when_the_patient_stays_until_monday(given: Given, ward: Ward, then: Then) -> None:
    await given.admitted("fredag 20.11.2026 09.00")
    await ward.expects("lørdag 11.00", needs="home-nursing")

    await ward.expects("mandag 11.00")

    await then.is_taken_back("agree-closed-day-by-phone", why="Planen er ændret")


async def test_r12_in_on_friday_afternoon_and_out_on_sunday_goes_by_the_clusters_own_procedure(
    given: Given, ward: Ward, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 13.00")

    await ward.expects("søndag 12.00", needs="home-nursing")

    await then.owes(WARD, "follow-weekend-procedure", by="søndag 12.00", roles="ward", rule="R12")
    await then.rings("follow-weekend-procedure", overdue("søndag 12.00", WARD, "ward"))


@pytest.mark.parametrize(
    ("admitted", "expected"),
    [
        ("fredag 20.11.2026 11.40", "søndag 22.11.2026 12.00"),
        ("torsdag 19.11.2026 13.00", "søndag 22.11.2026 12.00"),
        ("fredag 20.11.2026 13.00", "mandag 23.11.2026 12.00"),
    ],
    ids=["in on Friday morning", "in on Thursday", "out on Monday noon"],
)
async def test_r12_is_for_nobody_else(given: Given, ward: Ward, then: Then, admitted: str, expected: str) -> None:
    await given.admitted(admitted)

    await ward.expects(expected, needs="home-nursing")

    then.never_asked("follow-weekend-procedure")


async def test_r12_is_void_when_the_patient_stays_and_done_when_it_is_agreed(
    given: Given, ward: Ward, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 13.00")
    await ward.expects("mandag 11.00", needs="home-nursing")
    await ward.expects("tirsdag 11.00")
    await then.is_taken_back("follow-weekend-procedure", why="Planen er ændret")

    await ward.expects("mandag 23.11.2026 11.00")
    await ward.agrees_by_phone_with("Vibeke, Hjemmepleje Nord")

    then.is_done("follow-weekend-procedure")


async def test_r13_training_is_agreed_a_day_before_departure_and_then_held_before_it(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("onsdag 18.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.expects("tirsdag 11.00", needs="home-nursing training")

    await then.owes(WARD, "agree-training", by="mandag 11.00", roles="ward", rule="R13")
    await ward.completes("agree-training")

    await then.owes(NORTH, "take-part-in-training", by="tirsdag 11.00", roles="home-nurse", rule="R13")
    await then.rings("take-part-in-training", overdue("tirsdag 11.00", NORTH, "home-nurse"))


async def test_r13_unbooked_training_is_told_to_whoever_is_at_work(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("onsdag 18.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.expects("søndag 12.00", needs="training")

    await then.rings(
        "agree-training", overdue("lørdag 12.00", WARD, "ward"), escalation("lørdag 12.00", MUNICIPALITY, ON_DUTY)
    )
    await ward.expects("tirsdag 12.00")
    await then.rings(
        "agree-training", overdue("mandag 12.00", WARD, "ward"), escalation("mandag 12.00", NORTH, ON_DUTY)
    )


async def test_r13_is_void_where_no_training_is_needed_any_more(given: Given, ward: Ward, then: Then) -> None:
    await given.admitted("onsdag 18.11.2026 09.00")
    await ward.expects("tirsdag 11.00", needs="home-nursing")
    then.never_asked("agree-training")
    await ward.expects(None, needs="home-nursing training")

    await ward.expects(None, needs="home-nursing")

    await then.is_taken_back("agree-training", why="Planen er ændret")
    then.never_asked("take-part-in-training")
