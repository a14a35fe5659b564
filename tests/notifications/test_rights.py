from __future__ import annotations

import pytest

from discharge.identifiers import FeedId, PersonId, SorCode
from discharge.policy import Caller, Role
from notifications.rights import FollowRights
from tests.fakes_notifications import HOSPITAL, MUNICIPALITY, NORTH, TEAM, WARD, small_denmark


def feeds(*sors: SorCode) -> frozenset[FeedId]:
    return frozenset(FeedId(sor) for sor in sors)


def rights(role: Role, organization: SorCode, unit: SorCode | None = None) -> FollowRights:
    caller = Caller(person_id=PersonId("p"), name="Anna", role=role, organization=organization, unit=unit)
    return FollowRights.of(caller, small_denmark())


def test_caller_follows_its_unit_and_all_below_it() -> None:
    assert rights(Role.HOME_NURSE, MUNICIPALITY, NORTH).feeds == feeds(NORTH, TEAM)
    assert rights(Role.VISITATOR, MUNICIPALITY).feeds == feeds(MUNICIPALITY, NORTH, TEAM)


def test_pharmacist_follows_the_place_and_all_below_it() -> None:
    assert rights(Role.PHARMACIST, HOSPITAL, WARD).feeds == feeds(WARD)
    assert rights(Role.PHARMACIST, MUNICIPALITY).feeds == feeds(MUNICIPALITY, NORTH, TEAM)


def test_default_is_the_unit_else_the_organisation() -> None:
    assert rights(Role.WARD, HOSPITAL, WARD).default == FeedId(WARD)
    assert rights(Role.WARD, HOSPITAL).default == FeedId(HOSPITAL)


@pytest.mark.parametrize(
    ("role", "organization"),
    [(Role.AGREEMENT_EDITOR, MUNICIPALITY), (Role.HOME_NURSE, HOSPITAL), (Role.WARD, SorCode("999999"))],
)
def test_who_has_no_business_with_citizens_there_follows_nothing(role: Role, organization: SorCode) -> None:
    assert rights(role, organization).feeds == frozenset()


def test_unknown_feed_is_told_from_a_foreign_one() -> None:
    nurse = rights(Role.HOME_NURSE, MUNICIPALITY)

    assert nurse.knows(WARD)
    assert not nurse.allows(FeedId(WARD))
    assert not nurse.knows("999999")
