"""Invariants of identifiers, and of the citizen, that dk-core and MedCom Core state.

None of these numbers decides here who somebody is: the register of organisations does, and the CPR
number, which has rules of its own. So what is wrong with them is a warning, except where an
organisation cannot be named at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fhir_mappings.elements import Element
from fhir_mappings.medcom.constraint import LPR3_SYSTEM
from fhir_mappings.medcom.message import Message
from fhir_mappings.medcom.rule import Fault, rule
from fhir_mappings.systems import SOR_SYSTEM

__all__ = ["CITIZEN_RULES", "ORGANIZATION_RULES"]

_KOMBIT: Final = "https://kombit.dk/sts/organisation"
_CVR: Final = "http://cvr.dk"
_CVR_BY_OID: Final = "urn:oid:2.16.840.1.113883.2.24.1.1"
_NAMING: Final = frozenset({SOR_SYSTEM, _KOMBIT, _CVR, _CVR_BY_OID})
_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_UUID_5: Final = re.compile(
    r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE
)
_SOR: Final = re.compile(r"[0-9]{11,}", re.ASCII)
_CVR_DIGITS: Final = re.compile(r"[0-9]{8}", re.ASCII)
_CVR_WEIGHTS: Final = (2, 7, 6, 5, 4, 3, 2, 1)
_MARITAL: Final = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"


@rule("dk-core-organization-mandatory-identifier", code="required", detail="MSG_RESOURCE_REQUIRED")
def organizations_are_named(message: Message) -> Iterator[Fault]:
    """Every Organization has a SOR code, a KOMBIT id or a CVR number.

    Of those that send, receive or act, and of the department, other rules ask for the SOR code itself.
    Source: dk-core 2.0.0, Organization, invariant dk-core-organization-mandatory-identifier.
    """
    spoken_for = {id(each) for each in message.parties}
    provider = message.bundle.resolve(message.encounter["serviceProvider"])
    for organization in message.held_to("Organization"):
        if id(organization) in spoken_for or organization is provider:
            continue
        if not any(each.text("system") in _NAMING for each in organization.all("identifier")):
            yield Fault(organization["identifier"], "The organisation has no SOR code, KOMBIT id or CVR number.")


@rule("min-digits-sor", code="value", detail="MSG_Datatype_Wrong", severity="warning")
def sor_codes_are_long(message: Message) -> Iterator[Fault]:
    """A SOR code has at least eleven digits.

    The register of organisations says who is known here: a warning.
    Source: dk-core 2.0.0, sor-identifier, invariant min-digits-sor.
    """
    for place in _values(message, SOR_SYSTEM):
        if _SOR.fullmatch(place.string or "") is None:
            yield Fault(place, "Not a SOR code: at least eleven digits.")


@rule("kombit-uuid", code="value", detail="MSG_Datatype_Wrong", severity="warning")
def kombit_ids_are_uuids(message: Message) -> Iterator[Fault]:
    """A KOMBIT id is a UUID in lower case, as a URN.

    Source: dk-core 2.0.0, kombit-org-identifier, invariant uuid.
    """
    for place in _values(message, _KOMBIT):
        if _UUID.fullmatch(place.string or "") is None:
            yield Fault(place, "Not a UUID as a URN.")


@rule("cvr-length", code="value", detail="MSG_Datatype_Wrong", severity="warning")
def cvr_numbers_have_eight_digits(message: Message) -> Iterator[Fault]:
    """A CVR number has eight digits.

    Source: dk-core 2.0.0, cvr-identifier, invariant CVR-length.
    """
    for place in _values(message, _CVR):
        if _CVR_DIGITS.fullmatch(place.string or "") is None:
            yield Fault(place, "Not a CVR number: eight digits.")


@rule("cvr-modulus-11", code="value", detail="MSG_Datatype_Wrong", severity="warning")
def cvr_numbers_check_out(message: Message) -> Iterator[Fault]:
    """The digits of a CVR number, weighed, are divisible by eleven.

    Source: dk-core 2.0.0, cvr-identifier, invariant CVR-modulus-11.
    """
    for place in _values(message, _CVR):
        digits = place.string or ""
        if _CVR_DIGITS.fullmatch(digits) and sum(map(int.__mul__, map(int, digits), _CVR_WEIGHTS)) % 11:
            yield Fault(place, "Not a CVR number: its digits do not check out.")


@rule("lpr3-uuidv5", code="value", detail="MSG_Datatype_Wrong", severity="warning")
def lpr3_ids_are_uuids(message: Message) -> Iterator[Fault]:
    """An episode of care identifier of LPR3 is a UUID of version 5, as a URN.

    Published messages write it in other ways, and it is compared without its form: a warning.
    Source: MedCom Core 2.0.0, lpr3-Identifier, invariant uuidv5.
    """
    for episode in message.encounter.all("episodeOfCare"):
        identifier = episode["identifier"]
        if identifier.text("system") == LPR3_SYSTEM and _UUID_5.fullmatch(identifier.text("value") or "") is None:
            yield Fault(identifier["value"], "Not a UUID of version 5 as a URN.")


@rule("marital-status-unknown-usage", code="invariant", severity="warning")
def marital_status_is_one(message: Message) -> Iterator[Fault]:
    """A patient is not both unmarried for tax (P) and of unknown status (A).

    Source: dk-core 2.0.0, Patient, invariant marital-status-unknown-usage (a warning there, too).
    """
    for patient in message.patients:
        place = patient["maritalStatus"]
        codes = {each.text("code") for each in place.all("coding") if each.text("system") == _MARITAL}
        if codes >= {"P", "A"}:
            yield Fault(place, "The marital status says two things at once.")


def _values(message: Message, system: str) -> Iterator[Element]:
    for organization in message.held_to("Organization"):
        for identifier in organization.all("identifier"):
            if identifier.value and identifier.text("system") == system:
                yield identifier["value"]


ORGANIZATION_RULES: Final = (
    organizations_are_named,
    sor_codes_are_long,
    kombit_ids_are_uuids,
    cvr_numbers_have_eight_digits,
    cvr_numbers_check_out,
)
CITIZEN_RULES: Final = (lpr3_ids_are_uuids, marital_status_is_one)
