from dataclasses import replace

import pytest

from discharge.directory import OrganizationKind
from discharge.errors import NotAllowedError
from discharge.identifiers import SorCode
from discharge.policy import (
    ACTING_ROLES,
    COMMENTING_ROLES,
    READS,
    WRITING_ROLES,
    ContentClass,
    Role,
    audience_at,
    require_role,
    require_sender,
)
from tests.factories import (
    HOSPITAL,
    MUNICIPALITY,
    NEIGHBOUR,
    NORTH,
    PRACTICE,
    REGION,
    UNREGISTERED,
    WARD,
    caller,
    directory,
    gp,
    home_nurse,
    leader,
    record_system,
)


def test_every_role_has_a_row_in_the_table_of_readers() -> None:
    assert set(READS) == set(Role)


@pytest.mark.parametrize("role", sorted(set(Role) - ACTING_ROLES - {Role.PHARMACIST}))
def test_who_takes_no_task_on_reads_nothing_of_a_stay(role: Role) -> None:
    assert READS[role][1] == frozenset()


@pytest.mark.parametrize("place", [HOSPITAL, WARD, MUNICIPALITY, NORTH, PRACTICE])
def test_a_pharmacist_reads_medicine_and_whose_it_is_wherever_medicine_is_handled(place: SorCode) -> None:
    reads = caller(Role.PHARMACIST, place).readable_classes(directory())

    assert reads == {ContentClass.NOTICE, ContentClass.MEDICINE}
    assert caller(Role.PHARMACIST, REGION).readable_classes(directory()) == frozenset()


def test_a_pharmacist_takes_up_no_duty_writes_no_message_and_comments() -> None:
    assert Role.PHARMACIST not in ACTING_ROLES | WRITING_ROLES
    assert Role.PHARMACIST in COMMENTING_ROLES
    assert all(ContentClass.MEDICINE in READS[role][1] for role in COMMENTING_ROLES)


def test_a_visitator_reads_neither_medicine_nor_documents() -> None:
    reads = caller(Role.VISITATOR, MUNICIPALITY).readable_classes(directory())

    assert reads == {ContentClass.NOTICE, ContentClass.PLAN, ContentClass.CONVERSATION}


@pytest.mark.parametrize(
    ("role", "place"),
    [
        (Role.HOME_NURSE, HOSPITAL),
        (Role.WARD, MUNICIPALITY),
        (Role.GP, WARD),
        (Role.WARD, REGION),
        (Role.SYSTEM, UNREGISTERED),
    ],
)
def test_a_role_where_it_does_not_belong_reads_nothing(role: Role, place: SorCode) -> None:
    assert caller(role, place).readable_classes(directory()) == frozenset()


def test_a_caller_acts_in_its_unit_and_for_all_below_it() -> None:
    assert home_nurse(NORTH).scope(directory()) == (NORTH,)
    assert MUNICIPALITY in home_nurse(unit=None).scope(directory())
    assert NORTH in home_nurse(unit=None).scope(directory())


def test_only_a_leader_has_a_key_for_escalated_tasks() -> None:
    assert leader().leads() == f"{MUNICIPALITY}|leader"
    assert home_nurse().leads() is None


def test_a_role_that_is_not_asked_for_is_refused() -> None:
    require_role(gp(), "read-letter", Role.GP, Role.DOCTOR)

    with pytest.raises(NotAllowedError) as refused:
        require_role(gp(), "begin-stay", Role.WARD)

    assert (refused.value.action, refused.value.rule) == ("begin-stay", "role")


def test_a_client_sends_for_itself_and_for_what_is_below_it() -> None:
    require_sender(record_system(HOSPITAL), WARD, directory())

    with pytest.raises(NotAllowedError):
        require_sender(record_system(WARD), HOSPITAL, directory())
    with pytest.raises(NotAllowedError):
        require_sender(record_system(HOSPITAL), NEIGHBOUR, directory())


def test_a_broker_sends_for_whom_it_was_granted_and_what_is_below_them() -> None:
    broker = replace(record_system(REGION), grants=frozenset({HOSPITAL}))

    require_sender(broker, HOSPITAL, directory())
    require_sender(broker, WARD, directory())
    with pytest.raises(NotAllowedError):
        require_sender(broker, NEIGHBOUR, directory())


@pytest.mark.parametrize(
    ("place", "roles", "reached"),
    [
        (NORTH, {Role.HOME_NURSE, Role.SYSTEM}, {Role.HOME_NURSE, Role.SYSTEM}),
        (MUNICIPALITY, {Role.LEADER}, {Role.LEADER}),
        (WARD, {Role.HOME_NURSE}, {Role.WARD, Role.DOCTOR}),
        (WARD, {Role.HOME_NURSE, Role.SYSTEM}, {Role.WARD, Role.DOCTOR, Role.SYSTEM}),
        (PRACTICE, {Role.HOME_NURSE}, {Role.GP}),
        (PRACTICE, {Role.PHARMACIST}, {Role.PHARMACIST, Role.GP}),
        (UNREGISTERED, {Role.GP}, {Role.GP}),
    ],
)
def test_a_call_reaches_people_who_work_at_the_place(place: SorCode, roles: set[Role], reached: set[Role]) -> None:
    assert audience_at(directory(), place, frozenset(roles)) == reached


@pytest.mark.parametrize("place", [HOSPITAL, WARD, MUNICIPALITY, NORTH, PRACTICE])
@pytest.mark.parametrize("role", sorted(Role))
def test_no_call_is_addressed_to_nobody(place: SorCode, role: Role) -> None:
    reached = audience_at(directory(), place, frozenset({role})) - {Role.SYSTEM}

    assert reached
    assert all(directory()[place].kind in READS[found][0] for found in reached)


def test_a_region_has_no_staff_for_a_duty() -> None:
    assert audience_at(directory(), REGION, frozenset({Role.GP})) == frozenset()
    assert directory()[REGION].kind is OrganizationKind.REGION
