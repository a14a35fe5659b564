"""The agreements in force, as machines read them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from discharge.clock import local
from discharge.identifiers import SorCode
from discharge.policy import Role
from fhir_mappings.plan_definition import document_from
from fhir_mappings.r4 import require_shape
from services.agreements.reading import check_document
from services.agreements.shipped import profile
from services.persistence.clock import wall_now
from services.persistence.master import put_agreement
from tests.factories import HOSPITAL, MUNICIPALITY, NEIGHBOUR
from tests.services.installation import Installation

NAME = "dk-midtjylland"
IN_FORCE = "?jurisdiction=DK-82"


@pytest.fixture
async def middle(house: Installation) -> Installation:
    """The region has its shipped agreement, upon which our municipality has laid one change."""
    today = local(wall_now()).date()
    base = {**profile(NAME), "valid-from": today.isoformat(), "version": "9"}
    rules = base["rules"]
    assert isinstance(rules, list)
    rule = next(row for row in rules if "deadline" in row.get("may-deviate", ()))
    deviation = {
        "kind": "deviation",
        "id": "ours",
        "version": "1",
        "title": "Vores",
        "base": NAME,
        "parties": [MUNICIPALITY],
        "valid-from": today.isoformat(),
        "changes": [
            {"rule": rule["id"], "code": rule["code"], "set": {"deadline": {"kind": "elapsed", "span": "PT6H"}}}
        ],
    }
    async with house.database.writing() as connection:
        for document in (base, deviation):
            await put_agreement(connection, document)
    return house


async def found(house: Installation, query: str = "", place: SorCode = HOSPITAL, role: Role = Role.SYSTEM) -> list[Any]:
    answer = await house.client.get(f"/fhir/PlanDefinition{query}", headers=house.token(role, place))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return [each["resource"] for each in body.get("entry", []) if each["search"]["mode"] == "match"]


async def test_the_agreement_in_force_is_read_back_as_it_was_loaded(middle: Installation) -> None:
    (resource,) = await found(middle, f"?_id={NAME}")

    require_shape(resource)
    assert (resource["id"], resource["version"]) == (NAME, "9")
    assert check_document(document_from(resource)).findings == ()


async def test_a_municipality_reads_what_its_own_deviation_makes_of_it(middle: Installation) -> None:
    (ours,) = await found(middle, IN_FORCE, place=MUNICIPALITY, role=Role.VISITATOR)
    (theirs,) = await found(middle, IN_FORCE, place=NEIGHBOUR, role=Role.VISITATOR)

    assert theirs["version"] == "9"
    assert ours["version"].startswith("9")
    assert "ours" in ours["version"]


async def test_one_is_read_by_id(middle: Installation) -> None:
    headers = middle.token(Role.AGREEMENT_EDITOR, HOSPITAL)

    answer = await middle.client.get(f"/fhir/PlanDefinition/{NAME}", headers=headers)
    missing = await middle.client.get("/fhir/PlanDefinition/dk-atlantis", headers=headers)

    assert (answer.status_code, answer.json()["id"]) == (200, NAME)
    assert (missing.status_code, missing.json()["resourceType"]) == (404, "OperationOutcome")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (f"?_id={NAME}", 1),
        ("?_id=dk-atlantis", 0),
        ("?jurisdiction=DK-82", 1),
        ("?jurisdiction=urn:iso:std:iso:3166:-2|DK-82,SE-M", 1),
        ("?jurisdiction=DK-82&jurisdiction=DK-83", 0),
        ("", 2),
        ("?date=1999-12-31", 0),
    ],
)
async def test_search_narrows_by_day_region_and_id(middle: Installation, query: str, count: int) -> None:
    assert len(await found(middle, query)) == count


async def test_the_agreement_before_it_is_found_on_the_day_before(middle: Installation) -> None:
    yesterday = local(wall_now()).date() - timedelta(days=1)

    (earlier,) = await found(middle, f"?date=eq{yesterday.isoformat()}")

    assert earlier["id"] != NAME


@pytest.mark.parametrize(("query", "element"), [("?date=nu", "date"), ("?date=ge2026-01-01", "date")])
async def test_a_day_that_is_none_is_named(middle: Installation, query: str, element: str) -> None:
    answer = await middle.client.get(f"/fhir/PlanDefinition{query}", headers=middle.token(Role.SYSTEM, HOSPITAL))

    assert answer.status_code == 400
    assert element in answer.text


async def test_a_parameter_that_is_not_known_is_told_in_the_answer(middle: Installation) -> None:
    answer = await middle.client.get("/fhir/PlanDefinition?status=active", headers=middle.token(Role.SYSTEM, HOSPITAL))

    outcomes = [each["resource"] for each in answer.json()["entry"] if each["search"]["mode"] == "outcome"]
    assert "status" in outcomes[0]["issue"][0]["expression"]
