"""Every shipped agreement as a whole, and what the regions differ in."""

from datetime import date

import pytest

from discharge.agreement import PartyName, Trigger
from discharge.agreement_format import RULE_KEYS
from discharge.conditions import fields_in
from discharge.in_force import in_force
from discharge.plan import Need
from services.agreements.shipped import PROFILES, profile
from tests.factories import NORTH, REGION
from tests.services.agreements.courses import (
    FRIDAY,
    MONDAY,
    NURSING,
    WEDNESDAY,
    agreement,
    at,
    context,
    due,
    home,
    in_hospital,
    planned,
)


def test_every_rule_of_the_catalogue_is_a_row_or_a_clause() -> None:
    rows = {rule.id for rule in agreement().rules}
    clauses = {
        each.rule
        for rule in agreement().rules
        for each in (rule.completed_by, rule.voided_by, rule.renewed_by)
        if each is not None and each.rule is not None
    }

    assert rows | clauses == {f"R{number:02}" for number in range(1, 28)}


@pytest.mark.parametrize("name", PROFILES)
def test_what_is_to_be_verified_is_named_by_its_field(name: str) -> None:
    for rule in agreement(name).rules:
        assert set(rule.verify) <= RULE_KEYS, rule.key
        assert "[prop]" not in rule.source, rule.key


@pytest.mark.parametrize("name", PROFILES)
def test_a_duty_of_the_municipality_asks_first_whether_it_is_a_party(name: str) -> None:
    municipal = [rule for rule in agreement(name).rules if rule.addressee == PartyName.MUNICIPALITY]

    assert municipal
    for rule in municipal:
        assert rule.when is not None, rule.key
        assert "stay.municipality_is_party" in fields_in(rule.when.tree), rule.key


@pytest.mark.parametrize("name", PROFILES)
def test_every_duty_that_may_be_missed_is_told_to_somebody(name: str) -> None:
    silent = {rule.code for rule in agreement(name).rules if not rule.steps}

    assert silent <= {"know-rehabilitation"}


def test_regions_never_have_two_agreements_at_once() -> None:
    documents = [profile(name) for name in PROFILES]
    for day in (date(2024, 6, 1), date(2026, 12, 31), date(2027, 1, 1)):
        for number in range(1, 6):
            fitting = [
                each.id
                for each in map(agreement, PROFILES)
                if f"DK-8{number}" in each.regions and each.is_valid_on(day)
            ]
            assert len(fitting) == 1
            found = in_force(documents, region=f"DK-8{number}", municipality=None, day=day)
            assert found is not None
            assert found.base["id"] == fitting[0]


def test_from_2027_the_region_answers_for_the_acute_team_that_the_municipality_runs() -> None:
    last, first = date(2026, 12, 31), date(2027, 1, 1)
    players = [
        (agreement().player("acute-team", day), agreement().player("acute-team/authority", day))
        for day in (last, first)
    ]

    assert players == [
        (PartyName.MUNICIPALITY, PartyName.MUNICIPALITY),
        (PartyName.MUNICIPALITY, PartyName.REGION),
    ]
    assert context(in_hospital(), at(MONDAY, 10)).organization(PartyName.REGION) == REGION


def test_the_south_splits_at_48_hours() -> None:
    going = in_hospital(at(WEDNESDAY, 8))
    asked = context(going, at(MONDAY, 12))

    assert "send-care-plan" in planned(Trigger.PLAN_REVISED, asked)
    south = planned(Trigger.PLAN_REVISED, asked, "dk-syddanmark")
    assert "agree-short-stay-by-phone" in south
    assert "send-care-plan" not in south


def test_the_north_has_a_window_and_a_first_contact() -> None:
    evening = context(in_hospital(at(FRIDAY, 18), needs=NURSING), at(WEDNESDAY, 9))
    gone = context(home(at(FRIDAY, 12), needs=frozenset({Need.REHABILITATION})), at(FRIDAY, 12))

    assert due(planned(Trigger.PLAN_REVISED, evening, "dk-nordjylland")["keep-discharge-window"]) == "Fri 14:00"
    assert due(planned(Trigger.DISCHARGED, gone, "dk-nordjylland")["contact-about-rehabilitation"]) == "Sat 00:00"


def test_the_capital_began_with_temporary_places() -> None:
    early, late = date(2022, 3, 4), date(2023, 3, 3)

    def opens(day: date, destination: str) -> bool:
        gone = home(at(day, 15), since=at(day.replace(day=1), 10), destination=destination)
        return "answer-for-72-hours" in planned(Trigger.DISCHARGED, context(gone, at(day, 15)), "dk-hovedstaden")

    assert [opens(early, "temporary-place"), opens(early, "home"), opens(late, "home")] == [True, False, True]


def test_sweden_counts_three_days_from_the_end_of_treatment() -> None:
    thursday = date(2026, 11, 19)
    waiting = in_hospital(at(FRIDAY, 12), treatment_finished_at=at(thursday, 9))

    tasks = planned(Trigger.TREATMENT_FINISHED, context(waiting, at(thursday, 9)), "se-samverkan")

    assert (tasks["take-home"].owner, due(tasks["take-home"])) == (NORTH, "Mon 00:00")
    assert due(
        planned(Trigger.ADMITTED, context(in_hospital(), at(MONDAY, 12)), "se-samverkan")["send-admission-notice"]
    ) == ("Tue 10:00")
