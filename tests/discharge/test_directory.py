import pytest

from discharge.directory import Directory, Organization, OrganizationKind
from discharge.errors import NotFoundError
from discharge.identifiers import SorCode
from tests.factories import (
    CARE_HOME,
    HOSPITAL,
    MUNICIPALITY,
    NORTH,
    OTHER_WARD,
    PRACTICE,
    REGION,
    SOUTH,
    UNREGISTERED,
    WARD,
    directory,
)


def test_an_organisation_is_found_by_its_code() -> None:
    known = directory()

    assert known[WARD].name == "Medicinsk M1"
    assert known.get(WARD) is known[WARD]
    assert WARD in known


def test_an_unregistered_code_is_found_nowhere() -> None:
    known = directory()

    assert UNREGISTERED not in known
    assert known.get(UNREGISTERED) is None
    with pytest.raises(NotFoundError):
        known[UNREGISTERED]


def test_a_lineage_goes_upwards_nearest_first() -> None:
    assert directory().lineage(WARD) == (WARD, HOSPITAL, REGION)
    assert directory().lineage(UNREGISTERED) == ()


def test_within_goes_downwards_top_first() -> None:
    assert directory().within(MUNICIPALITY) == (MUNICIPALITY, NORTH, SOUTH, CARE_HOME)
    assert directory().within(UNREGISTERED) == (UNREGISTERED,)


def test_a_loop_in_the_register_ends_every_walk() -> None:
    one, two = SorCode("1000001"), SorCode("1000002")
    looped = Directory.of(
        [
            Organization(sor=one, name="A", kind=OrganizationKind.UNIT, part_of=two),
            Organization(sor=two, name="B", kind=OrganizationKind.UNIT, part_of=one),
        ]
    )

    assert looped.lineage(one) == (one, two)
    assert looped.within(one) == (one, two)


def test_the_root_is_the_topmost_place_below_the_region() -> None:
    assert directory().root(WARD) == HOSPITAL
    assert directory().root(NORTH) == MUNICIPALITY
    assert directory().root(UNREGISTERED) == UNREGISTERED


def test_a_region_code_is_inherited_from_above() -> None:
    assert directory().region_of(WARD) == "DK-83"
    assert directory().region_of(UNREGISTERED) is None


def test_a_ward_belongs_to_the_hospital_above_it() -> None:
    assert directory().hospital_of(OTHER_WARD) == HOSPITAL
    assert directory().hospital_of(PRACTICE) == PRACTICE


def test_the_unit_of_the_district_serves_the_citizen() -> None:
    known = directory()

    assert known.unit_for(MUNICIPALITY, "syd") == SOUTH
    assert known.unit_for(MUNICIPALITY, None) == MUNICIPALITY
    assert known.unit_for(MUNICIPALITY, "elsewhere") == MUNICIPALITY
    assert known.unit_for(CARE_HOME, "nord") == CARE_HOME


def test_a_receiver_that_the_register_does_not_have_serves_itself() -> None:
    assert directory().unit_for(UNREGISTERED, "nord") == UNREGISTERED


def test_what_is_related_stands_above_or_below() -> None:
    assert directory().related(NORTH) == {NORTH, MUNICIPALITY}
    assert directory().related(MUNICIPALITY) == {MUNICIPALITY, NORTH, SOUTH, CARE_HOME}
