"""The demo's own master data keep to the forms that everybody else's must."""

import re
from datetime import UTC, datetime

import pytest

from discharge.agreement_format import parse_agreement
from discharge.directory import Directory, OrganizationKind
from discharge.identifiers import SorCode
from discharge.policy import Role
from services.agreements.shipped import PROFILES, profile
from services.demo.courses import courses
from services.demo.people import TOP, first_logins, person_at
from services.demo.seed import master_file
from services.persistence.master_files import (
    read_organizations,
    read_patients,
    require_registered,
    require_tree,
)

PUBLISHED = {
    "265161000016000": "5790000209354", "953741000016009": "5790001348120", "923071000016002": "5790002411113",
    "441211000016000": "5790001987244", "1339531000016004": "5790002626814", "1053231000016001": "5790002508240",
    "502191000016006": "5790000121786", "1385391000016002": "5790002632389", "1042981000016003": "5790001348120",
    "330461000016004": "5790001353308", "328081000016004": "5790000121786", "953751000016007": "5790001387419",
    "325371000016006": "5790000120314", "325251000016005": "5790000121526", "382871000016004": "5790001387419",
    "1017421000016003": "5790002408496",
}  # fmt: skip
"""Source: MedCom's published example and test messages of its three standards."""
ORGANIZATIONS = read_organizations(master_file("organizations.json"))
DIRECTORY = Directory.of(ORGANIZATIONS)
PATIENTS = read_patients(master_file("patients.json"), lambda: "")
BLOCK = "999000000"
WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def test_the_files_can_be_loaded() -> None:
    require_tree(ORGANIZATIONS, Directory.of(()))
    require_registered(PATIENTS, DIRECTORY)


def test_every_municipality_and_hospital_lies_in_a_region_whose_agreement_is_shipped() -> None:
    regions = {region for each in PROFILES for region in parse_agreement(profile(each)).regions}
    kinds = {OrganizationKind.MUNICIPALITY, OrganizationKind.HOSPITAL}

    for each in ORGANIZATIONS:
        if each.kind in kinds:
            assert DIRECTORY.region_of(each.sor) in regions, each.name


def test_every_organisation_that_a_published_message_names_is_known_by_its_location_number() -> None:
    for sor, gln in PUBLISHED.items():
        assert DIRECTORY[SorCode(sor)].gln == gln


def test_codes_of_our_own_lie_in_one_block_and_location_numbers_have_their_check_digit() -> None:
    for each in ORGANIZATIONS:
        if each.sor.startswith(BLOCK):
            assert len(each.sor) == 15
            if each.gln is not None:
                assert sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(each.gln)) % 10 == 0


def test_no_invented_citizen_has_a_number_that_was_issued() -> None:
    invented = [patient for patient in PATIENTS if patient.family != "Elmer"]

    # Until 2007 every number passed modulus 11, and these people were born long before.
    assert all(sum(int(d) * w for d, w in zip(p.cpr.digits, WEIGHTS, strict=True)) % 11 for p in invented)
    assert all(patient.cpr.birth_date.year < 1975 for patient in invented)


def test_the_citizen_of_the_published_messages_is_known_to_their_receiver() -> None:
    elmer = next(patient for patient in PATIENTS if patient.family == "Elmer")

    assert elmer.cpr.digits == "2509479989"
    assert elmer.is_known_to(SorCode("953741000016009"), DIRECTORY)
    assert elmer.services == {"home-nursing", "home-care", "meals"}


def test_the_little_denmark_has_everybody() -> None:
    kinds = [each.kind for each in ORGANIZATIONS if each.sor.startswith(BLOCK)]

    assert {each.region for each in ORGANIZATIONS if each.kind is OrganizationKind.REGION} == {
        None, "DK-81", "DK-82", "DK-83", "DK-84", "DK-85",
    }  # fmt: skip
    assert kinds.count(OrganizationKind.HOSPITAL) >= 3
    assert kinds.count(OrganizationKind.MUNICIPALITY) >= 4
    assert kinds.count(OrganizationKind.GP) >= 5
    assert len(PATIENTS) >= 55
    assert any(not patient.services for patient in PATIENTS)
    assert any(patient.protected for patient in PATIENTS)


def test_districts_of_citizens_are_served_by_a_unit() -> None:
    for patient in PATIENTS:
        if patient.district is not None:
            assert patient.municipality is not None
            assert DIRECTORY.unit_for(patient.municipality, patient.district) != patient.municipality


def test_the_operator_at_the_top_is_above_every_hospital_and_practice() -> None:
    below = set(DIRECTORY.within(TOP))

    assert {each.sor for each in ORGANIZATIONS if each.kind is OrganizationKind.HOSPITAL} <= below


def test_a_newcomer_meets_the_same_people_every_time() -> None:
    logins = first_logins(DIRECTORY)

    assert [login.page for login in logins].count("/ward") >= 3
    assert logins[0].organisation == "Medicinsk sengeafsnit M2, Regionshospitalet Fjordby"
    assert logins == first_logins(DIRECTORY)
    assert first_logins(Directory.of(())) == []


def test_a_person_at_a_unit_works_for_the_municipality_above_it() -> None:
    nurse = person_at(SorCode("999000000002001"), Role.HOME_NURSE, DIRECTORY)
    visitator = person_at(SorCode("999000000002000"), Role.VISITATOR, DIRECTORY)

    assert (nurse.organization, nurse.unit) == ("999000000002000", "999000000002001")
    assert (visitator.organization, visitator.unit) == ("999000000002000", None)


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 20, 10, 40, tzinfo=UTC),
        datetime(2026, 11, 21, 23, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
        datetime(2026, 12, 31, 22, 59, tzinfo=UTC),
    ],
)
def test_nothing_in_the_demos_stays_lies_ahead_of_its_now(now: datetime) -> None:
    known = {patient.family for patient in PATIENTS}

    for course in courses(now):
        begins = [at for at, _, _ in course.begins]
        assert course.family in known
        assert begins == sorted(begins)
        facts = [*begins, *(at for at, _ in course.plans), *(act.at for act in course.acts)]
        assert max(facts) <= now
        assert min(facts) == begins[0]
        if course.left_at is not None:
            assert begins[-1] < course.left_at <= now


def test_families_of_citizens_are_told_apart() -> None:
    families = [patient.family for patient in PATIENTS]

    assert len(set(families)) == len(families)
    assert all(re.fullmatch(r"[A-ZÆØÅ]\w+", family or "") for family in families)
