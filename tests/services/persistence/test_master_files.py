import json
from typing import Any

import pytest

from discharge.directory import Directory, Organization, OrganizationKind
from discharge.identifiers import PatientId, SorCode
from services.persistence.master_files import (
    MasterFileError,
    read_organizations,
    read_patients,
    require_registered,
    require_tree,
)

WARD: dict[str, Any] = {
    "sor": "999000000001001",
    "gln": "5790009900016",
    "name": "Afsnit M2",
    "kind": "ward",
    "part_of": None,
    "region": "DK-82",
    "districts": ["Nord"],
    "uses_stafet": False,
}
CITIZEN: dict[str, Any] = {
    "cpr": "140242-0004",
    "family": "Prøvesen",
    "given": ["Agnete"],
    "municipality": "999000000002000",
    "district": "Nord",
    "services": ["home-nursing"],
    "gp": "999000000003001",
    "relatives": ["Datter Lone", {"name": "Søn Erik", "phone": "70 00 00 01"}],
    "protected": True,
    "blocks": ["gp"],
}


def body(*rows: object) -> bytes:
    return json.dumps(rows).encode()


def problems(error: pytest.ExceptionInfo[MasterFileError]) -> list[str]:
    return [problem.path for problem in error.value.problems]


def organization(sor: str, part_of: str | None) -> Organization:
    return Organization(
        sor=SorCode(sor), name=sor, kind=OrganizationKind.UNIT, part_of=None if part_of is None else SorCode(part_of)
    )


def test_an_organisation_is_read_as_it_stands() -> None:
    (ward,) = read_organizations(body(WARD))

    assert ward == Organization(
        sor=SorCode("999000000001001"),
        name="Afsnit M2",
        kind=OrganizationKind.WARD,
        gln="5790009900016",
        region="DK-82",
        districts=frozenset({"Nord"}),
        uses_stafet=False,
    )


def test_an_organisation_needs_code_name_and_kind_alone() -> None:
    (unit,) = read_organizations(body({"sor": "999000000002001", "name": "Nord", "kind": "unit"}))

    assert unit.uses_stafet
    assert unit.part_of is None
    assert unit.districts == frozenset()


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"sor": None}, "$[0].sor"),
        ({"sor": "A1"}, "$[0].sor"),
        ({"sor": 999000000001001}, "$[0].sor"),
        ({"name": " "}, "$[0].name"),
        ({"name": "x" * 301}, "$[0].name"),
        ({"kind": "clinic"}, "$[0].kind"),
        ({"gln": "123"}, "$[0].gln"),
        ({"region": "DK-99"}, "$[0].region"),
        ({"part_of": "x"}, "$[0].part_of"),
        ({"districts": "Nord"}, "$[0].districts"),
        ({"districts": ["Nord", 7]}, "$[0].districts[1]"),
        ({"uses_stafet": "yes"}, "$[0].uses_stafet"),
        ({"colour": "red"}, "$[0]"),
    ],
)
def test_an_organisation_that_cannot_be_taken_is_named_by_its_element(change: dict[str, Any], path: str) -> None:
    with pytest.raises(MasterFileError) as refused:
        read_organizations(body(WARD | change))

    assert problems(refused) == [path]


def test_every_row_with_a_problem_is_named() -> None:
    with pytest.raises(MasterFileError) as refused:
        read_organizations(body(WARD | {"kind": "clinic"}, WARD, "ward", WARD | {"gln": "1"}))

    assert problems(refused) == ["$[0].kind", "$[2]", "$[3].gln"]
    assert len(str(refused.value).splitlines()) == 3


@pytest.mark.parametrize("content", [b"{}", b"[", b"\xff", b'[{"sor":"1","sor":"2"}]'])
def test_a_file_that_is_no_array_is_refused(content: bytes) -> None:
    with pytest.raises(MasterFileError) as refused:
        read_organizations(content)

    assert problems(refused) == ["$"]


def test_a_code_may_stand_once() -> None:
    with pytest.raises(MasterFileError) as refused:
        read_organizations(body(WARD, WARD))

    assert str(refused.value) == "$[1].sor: the same as $[0].sor"


def test_a_citizen_is_read_as_it_stands() -> None:
    (citizen,) = read_patients(body(CITIZEN), lambda: "made-here")

    assert citizen.id == PatientId("made-here")
    assert citizen.cpr.digits == "1402420004"
    assert citizen.name == "Agnete Prøvesen"
    assert citizen.services == frozenset({"home-nursing"})
    assert citizen.relatives == ("Datter Lone", "Søn Erik, 70 00 00 01")
    assert citizen.blocks == ("gp",)
    assert citizen.protected


def test_a_citizen_needs_a_number_alone() -> None:
    (citizen,) = read_patients(body({"cpr": "1402420004"}), lambda: "made-here")

    assert (citizen.family, citizen.municipality, citizen.services) == (None, None, frozenset())


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"cpr": "3113420004"}, "$[0].cpr"),
        ({"cpr": None}, "$[0].cpr"),
        ({"services": ["Home nursing"]}, "$[0].services[0]"),
        ({"municipality": "Birkelund"}, "$[0].municipality"),
        ({"protected": 1}, "$[0].protected"),
        ({"relatives": [{"name": 1}]}, "$[0].relatives[0]"),
    ],
)
def test_a_complaint_about_a_citizen_never_repeats_the_number(change: dict[str, Any], path: str) -> None:
    with pytest.raises(MasterFileError) as refused:
        read_patients(body(CITIZEN | change), str)

    assert problems(refused) == [path]
    assert "0004" not in str(refused.value)
    assert "Prøvesen" not in str(refused.value)


def test_a_number_may_stand_once_and_is_not_repeated() -> None:
    with pytest.raises(MasterFileError) as refused:
        read_patients(body(CITIZEN, CITIZEN | {"cpr": "1402420004"}), str)

    assert str(refused.value) == "$[1].cpr: the same as $[0].cpr"


def test_what_an_organisation_is_part_of_must_be_known() -> None:
    known = Directory.of([organization("100001", None)])

    require_tree([organization("100002", "100001"), organization("100003", "100002")], known)
    with pytest.raises(MasterFileError) as refused:
        require_tree([organization("100002", "100009")], known)

    assert problems(refused) == ["$[0].part_of"]


def test_organisations_never_stand_above_themselves() -> None:
    known = Directory.of([organization("100001", None), organization("100002", "100001")])

    with pytest.raises(MasterFileError) as refused:
        require_tree([organization("100001", "100002")], known)

    assert "itself" in str(refused.value)


def test_a_citizens_municipality_and_practice_must_be_registered() -> None:
    patients = read_patients(body(CITIZEN), str)

    with pytest.raises(MasterFileError) as refused:
        require_registered(patients, Directory.of([organization("999000000003001", None)]))

    assert problems(refused) == ["$[0].municipality"]


def test_a_region_of_another_country_is_taken() -> None:
    (county,) = read_organizations(body(WARD | {"region": "SE-M", "gln": None}))

    assert county.region == "SE-M"
