"""Rules that are a line in a table: how often an element stands, and what may stand in it.

A path is written as the profiles write it, from the resource on: ``destination.receiver``; ``name@slice``
is the slice of a repeating element that ``SLICES`` describes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Final

from msgspec import Struct

from fhir_mappings.elements import Element, Json
from fhir_mappings.medcom.codes import DESTINATION_USE, LEAVE_PERIOD, REPORT_RECIPIENT, REPORT_REQUESTED
from fhir_mappings.medcom.message import Message
from fhir_mappings.medcom.rule import Fault, Rule
from fhir_mappings.systems import CPR_SYSTEM, GLN_SYSTEMS, SOR_SYSTEM

__all__ = ["ECPR_SYSTEM", "LPR3_SYSTEM", "Kind", "constraint"]

ECPR_SYSTEM: Final = "urn:oid:1.2.208.176.1.6.1"
LPR3_SYSTEM: Final = "https://www.esundhed.dk/Registre/Landspatientregisteret"
_DK_CORE: Final = "http://hl7.dk/fhir/core"

SLICES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "use": (("url",), (DESTINATION_USE,)),
    "report": (("url",), (REPORT_REQUESTED,)),
    "recipient": (("url",), (REPORT_RECIPIENT,)),
    "leave": (("url",), (LEAVE_PERIOD,)),
    "municipality": (("url",), (f"{_DK_CORE}/StructureDefinition/dk-core-municipalityCodes",)),
    "region": (("url",), (f"{_DK_CORE}/StructureDefinition/dk-core-RegionalSubDivisionCodes",)),
    "sor": (("system",), (SOR_SYSTEM,)),
    "ean": (("system",), GLN_SYSTEMS),
    "kombit": (("system",), ("https://kombit.dk/sts/organisation",)),
    "ydernummer": (("system",), ("urn:oid:1.2.208.176.1.4",)),
    "cvr": (("system",), ("http://cvr.dk",)),
    "kommunekode": (("system",), (f"{_DK_CORE}/CodeSystem/dk-core-municipality-codes",)),
    "regionskode": (("system",), (f"{_DK_CORE}/CodeSystem/dk-core-regional-subdivision-codes",)),
    "cpr": (("system",), (CPR_SYSTEM,)),
    "ecpr": (("system",), ("nationalEcprregister", f"{ECPR_SYSTEM}.1", f"{ECPR_SYSTEM}.3")),
    "lpr3": (("identifier", "system"), (LPR3_SYSTEM,)),
    "sorunit": (("identifier", "system"), (SOR_SYSTEM,)),
    "official": (("use",), ("official",)),
}
"""Slice -> what tells its members apart: a path, and the values there."""


class Kind(StrEnum):
    """What a line demands."""

    MIN = "min"
    MAX = "max"
    BINDING = "binding"
    FIXED = "fixed"
    LENGTH = "length"


_CODES: Final = {
    Kind.MIN: ("required", "MSG_RESOURCE_REQUIRED"),
    Kind.MAX: ("invariant", "MSG_PARAM_NO_REPEAT"),
    Kind.BINDING: ("code-invalid", "MSG_VALUESET_VALUE_UNKNOWN"),
    Kind.FIXED: ("value", "MSG_PARAM_INVALID"),
    Kind.LENGTH: ("too-long", "MSG_Element_To_Long"),
}


class _Step(Struct, frozen=True):
    name: str
    by: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    def below(self, places: Sequence[Element]) -> list[Element]:
        """What stands at this step below each of ``places``."""
        found: list[Element] = []
        for place in places:
            value = place.value.get(self.name) if isinstance(place.value, dict) else None
            if value is None:
                continue
            child = Element(self.name, value, place)
            if isinstance(value, list):
                found += [Element(number, each, child) for number, each in enumerate(value) if self._holds(each)]
            elif self._holds(value):
                found.append(child)
        return found

    def _holds(self, member: Json) -> bool:
        for name in self.by:
            member = member.get(name) if isinstance(member, dict) else None
        return member in self.values if self.by else member is not None


def constraint(
    context: str,
    path: str,
    kind: Kind,
    value: int | str | frozenset[str],
    source: str,
    *,
    severity: str = "error",
) -> Rule:
    """The rule of one line.

    Args:
        context: the resources it is about, as ``Message.held_to`` names them.
        path: from the resource to the element.
        kind: what is demanded.
        value: how often, how long, or what.
        source: profile and element.
        severity: a warning where published messages do otherwise.
    """
    steps = tuple(_step(each) for each in path.split("."))
    check = _CHECKS[kind]
    code, detail = _CODES[kind]
    where = f"{context}.{path}"
    return Rule(
        id=f"{where}.{kind}".replace(".", "-").replace("@", "-").replace("[x]", "").lower(),
        severity=severity,
        code=code,
        detail="MSG_PARAM_INVALID" if (kind, value) == (Kind.MAX, 0) else detail,
        summary=f"{where} {_in_words(kind, value)}.",
        source=source,
        check=partial(check, context, steps, value),
    )


def _step(written: str) -> _Step:
    name, _, slice_name = written.partition("@")
    return _Step(name, *SLICES[slice_name]) if slice_name else _Step(name)


def _in_words(kind: Kind, value: int | str | frozenset[str]) -> str:
    match kind:
        case Kind.MIN:
            return f"stands at least {value} time(s)"
        case Kind.MAX:
            return f"stands at most {value} time(s)"
        case Kind.LENGTH:
            return f"has at most {value} characters"
        case _:
            known = sorted({value} if isinstance(value, str) else value if isinstance(value, frozenset) else ())
            return f"is {' or '.join(known)}" if len(known) <= _FEW else f"is one of {len(known)} codes"


_FEW: Final = 12


def _found(context: str, steps: tuple[_Step, ...], message: Message) -> Sequence[Element]:
    """The places that ``steps`` lead to from the resources of ``context``."""
    places: Sequence[Element] = message.held_to(context)
    for step in steps:
        if not places:
            break
        places = step.below(places)
    return places


def _too_few(context: str, steps: tuple[_Step, ...], least: int, message: Message) -> Iterator[Fault]:
    last = steps[-1]
    for place in _found(context, steps[:-1], message):
        if last.by and not place[last.name].exists:
            continue  # There is nothing to have a slice of; that is another rule's to say.
        # A primitive may be absent for a stated reason, which stands beside it.
        if len(last.below((place,))) < least and not place[f"_{last.name}"].exists:
            yield Fault(place[last.name], "MedCom's profile demands this element. Send it along.")


def _too_many(context: str, steps: tuple[_Step, ...], most: int, message: Message) -> Iterator[Fault]:
    last = steps[-1]
    for place in _found(context, steps[:-1], message):
        for member in last.below((place,))[most:]:
            problem = "must not stand here" if most == 0 else "stands more often than MedCom's profile allows"
            yield Fault(member, f"This element {problem}. Leave it out.")


def _unknown(context: str, steps: tuple[_Step, ...], known: frozenset[str], message: Message) -> Iterator[Fault]:
    for place in _found(context, steps, message):
        if isinstance(place.value, str) and place.value not in known:
            yield Fault(place, "The code is none of the value set to which the profile binds this element.")


def _different(context: str, steps: tuple[_Step, ...], fixed: str, message: Message) -> Iterator[Fault]:
    for place in _found(context, steps, message):
        if place.value != fixed:
            yield Fault(place, "MedCom's profile fixes the value of this element, and this is another one.")


def _too_long(context: str, steps: tuple[_Step, ...], longest: int, message: Message) -> Iterator[Fault]:
    for place in _found(context, steps, message):
        if isinstance(place.value, str) and len(place.value) > longest:
            yield Fault(place, "The value is longer than MedCom's profile allows.")


_CHECKS: Final[Mapping[Kind, Callable[..., Iterator[Fault]]]] = {
    Kind.MIN: _too_few,
    Kind.MAX: _too_many,
    Kind.BINDING: _unknown,
    Kind.FIXED: _different,
    Kind.LENGTH: _too_long,
}
