"""Professionals that record systems name: never by a citizen's number, never at any length."""

from __future__ import annotations

import pytest

from discharge.identifiers import PersonId
from discharge.task import Person
from fhir_mappings.people import person_named
from tests.factories import CPR

DASHED = f"{CPR.digits[:6]}-{CPR.digits[6:]}"


@pytest.mark.parametrize("identity", ["9KDM2", "5790000120352", "0190-gp", "1234567890", "urn:uuid:2512489996123"])
def test_a_person_has_an_identifier_and_a_name(identity: str) -> None:
    assert person_named(identity, "Gerda Prøve") == Person(PersonId(identity), "Gerda Prøve")


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        (CPR.digits, "Gerda"),
        (f"urn:oid:1.2.208.176.1.2|{DASHED}", "Gerda"),
        ("gp-1", f"Gerda {DASHED}"),
        ("gp-1", f"Gerda {CPR.digits[:6]} {CPR.digits[6:]}"),
        ("x" * 201, "Gerda"),
        ("gp-1", "x" * 201),
    ],
)
def test_a_citizens_number_and_a_novel_name_nobody(identity: str, name: str) -> None:
    assert person_named(identity, name) is None
