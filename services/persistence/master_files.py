"""Files of master data, read strictly: every complaint names the element, none repeats what stands there.

The forms are those of design.md 6.1. Nothing here touches the store.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from typing_extensions import override

from discharge.directory import Directory, Organization, OrganizationKind
from discharge.errors import InvalidIdentifierError
from discharge.identifiers import CprNumber, PatientId, SorCode, parse_sor
from discharge.patient import Patient
from fhir_mappings.elements import Json, JsonObject
from fhir_mappings.errors import JsonTextError
from fhir_mappings.json_text import parse

__all__ = [
    "BadElementError",
    "MasterFileError",
    "Problem",
    "read_organizations",
    "read_patients",
    "read_rows",
    "require_names",
    "require_registered",
    "require_tree",
    "require_unique",
    "required_sor",
    "required_text",
    "sors",
]

_T = TypeVar("_T")

_GLN: Final = re.compile(r"\d{13}", re.ASCII)
_REGION: Final = re.compile(r"DK-8[1-5]|(?!DK)[A-Z]{2}-[A-Z0-9]{1,3}", re.ASCII)
_CODE: Final = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
_LONGEST: Final = 300
_ORGANIZATION: Final = frozenset({"sor", "gln", "name", "kind", "part_of", "region", "districts", "uses_stafet"})
_PATIENT: Final = frozenset(
    {"cpr", "family", "given", "municipality", "district", "services", "gp", "relatives", "protected", "blocks"}
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One place in a file that cannot be taken as it stands."""

    path: str
    text: str

    @override
    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


class MasterFileError(Exception):
    """A file of master data cannot be loaded; nothing of it was. The text has a line per problem."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    @override
    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class BadElementError(Exception):
    """One element of a row cannot be taken."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(path)
        self.problem = Problem(path, text)


def read_organizations(body: bytes) -> tuple[Organization, ...]:
    """The organisations in a JSON array.

    Raises:
        MasterFileError: with a line for each row that cannot be taken.
    """
    organizations = read_rows(body, _organization)
    require_unique((organization.sor for organization in organizations), "sor")
    return organizations


def read_patients(body: bytes, new_id: Callable[[], str]) -> tuple[Patient, ...]:
    """The citizens in a JSON array.

    Args:
        body: the file.
        new_id: makes an id for each; the store keeps the id of one it has already.

    Raises:
        MasterFileError: with a line for each row that cannot be taken.
    """
    patients = read_rows(body, lambda row, path: _patient(row, path, new_id))
    require_unique((patient.cpr.digits for patient in patients), "cpr")
    return patients


def require_tree(organizations: Iterable[Organization], register: Directory) -> None:
    """Let organisations pass whose ``part_of`` leads to registered ones and never round in a circle.

    Raises:
        MasterFileError: with a line for each that does not.
    """
    loaded = tuple(organizations)
    after = Directory.of((*register.organizations.values(), *loaded))
    problems = []
    for number, organization in enumerate(loaded):
        above = organization.part_of
        if above is not None and above not in after:
            problems.append(Problem(f"$[{number}].part_of", "not registered, and not in this file either"))
        elif above is not None and organization.sor in after.lineage(above):
            problems.append(Problem(f"$[{number}].part_of", "leads back to the organisation itself"))
    if problems:
        raise MasterFileError(*problems)


def require_registered(patients: Iterable[Patient], register: Directory) -> None:
    """Let citizens pass whose municipality and practice are registered.

    Raises:
        MasterFileError: with a line for each that is not.
    """
    problems = [
        Problem(f"$[{number}].{name}", "not registered: load organizations first")
        for number, patient in enumerate(patients)
        for name, sor in (("municipality", patient.municipality), ("gp", patient.gp))
        if sor is not None and sor not in register
    ]
    if problems:
        raise MasterFileError(*problems)


def read_rows(body: bytes, read: Callable[[JsonObject, str], _T]) -> tuple[_T, ...]:
    """What ``read`` makes of each object of a JSON array; every row that it refuses is told.

    Raises:
        MasterFileError: with a line for each row that cannot be taken.
    """
    try:
        content = parse(body)
    except JsonTextError as error:
        raise MasterFileError(*(Problem("$", issue.text) for issue in error.issues)) from None
    if not isinstance(content, list):
        raise MasterFileError(Problem("$", "must be an array"))
    found, problems = [], []
    for number, row in enumerate(content):
        try:
            found.append(read(_object(row, f"$[{number}]"), f"$[{number}]"))
        except BadElementError as error:
            problems.append(error.problem)
    if problems:
        raise MasterFileError(*problems)
    return tuple(found)


def _object(row: Json, path: str) -> JsonObject:
    if not isinstance(row, dict):
        raise BadElementError(path, "must be an object")
    return row


def require_unique(keys: Iterable[str], name: str) -> None:
    """Let keys pass of which none comes twice.

    Raises:
        MasterFileError: with a line for each that does.
    """
    first: dict[str, int] = {}
    problems = []
    for number, key in enumerate(keys):
        if key in first:
            problems.append(Problem(f"$[{number}].{name}", f"the same as $[{first[key]}].{name}"))
        first.setdefault(key, number)
    if problems:
        raise MasterFileError(*problems)


def _organization(row: JsonObject, path: str) -> Organization:
    require_names(row, path, _ORGANIZATION)
    kind = row.get("kind")
    if kind not in set(OrganizationKind):
        raise BadElementError(f"{path}.kind", f"must be one of {', '.join(OrganizationKind)}")
    gln, region = _optional(row, "gln", path), _optional(row, "region", path)
    if gln is not None and _GLN.fullmatch(gln) is None:
        raise BadElementError(f"{path}.gln", "must be 13 digits")
    if region is not None and _REGION.fullmatch(region) is None:
        raise BadElementError(f"{path}.region", "must be DK-81 to DK-85, or a region of another country such as SE-M")
    return Organization(
        sor=required_sor(row, "sor", path),
        name=required_text(row, "name", path),
        kind=OrganizationKind(str(kind)),
        gln=gln,
        part_of=_sor(row, "part_of", path),
        region=region,
        districts=frozenset(_texts(row, "districts", path)),
        uses_stafet=_flag(row, "uses_stafet", path, otherwise=True),
    )


def _patient(row: JsonObject, path: str, new_id: Callable[[], str]) -> Patient:
    require_names(row, path, _PATIENT)
    try:
        cpr = CprNumber.parse(required_text(row, "cpr", path))
    except InvalidIdentifierError:
        raise BadElementError(f"{path}.cpr", "must be ten digits that begin with a date of birth") from None
    services = _texts(row, "services", path)
    for number, service in enumerate(services):
        if _CODE.fullmatch(service) is None:
            raise BadElementError(f"{path}.services[{number}]", "must be a code such as home-nursing")
    return Patient(
        id=PatientId(new_id()),
        cpr=cpr,
        family=_optional(row, "family", path),
        given=_texts(row, "given", path),
        municipality=_sor(row, "municipality", path),
        district=_optional(row, "district", path),
        services=frozenset(services),
        gp=_sor(row, "gp", path),
        relatives=_texts(row, "relatives", path),
        protected=_flag(row, "protected", path, otherwise=False),
        blocks=_texts(row, "blocks", path),
    )


def require_names(row: JsonObject, path: str, known: frozenset[str]) -> None:
    """Let a row pass that has no element but the known ones.

    Raises:
        BadElementError: it has another.
    """
    # The unknown name itself might be anything, so it is not repeated.
    if not row.keys() <= known:
        raise BadElementError(path, f"has an element that is none of {', '.join(sorted(known))}")


def required_text(row: JsonObject, name: str, path: str) -> str:
    """The text of an element.

    Raises:
        BadElementError: there is none, or it is no text.
    """
    value = _optional(row, name, path)
    if value is None:
        raise BadElementError(f"{path}.{name}", "is missing")
    return value


def _optional(row: JsonObject, name: str, path: str) -> str | None:
    value = row.get(name)
    return None if value is None else _text(value, f"{path}.{name}")


def _text(value: Json, path: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
        raise BadElementError(path, f"must be a text of 1 to {_LONGEST} characters")
    return value.strip()


def _texts(row: JsonObject, name: str, path: str) -> tuple[str, ...]:
    value = row.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise BadElementError(f"{path}.{name}", "must be an array")
    return tuple(_words(item, f"{path}.{name}[{number}]") for number, item in enumerate(value))


def _words(value: Json, path: str) -> str:
    """A text; an object of texts, as some registers write a relative, becomes one."""
    if isinstance(value, dict):
        return ", ".join(_text(part, path) for part in value.values())
    return _text(value, path)


def required_sor(row: JsonObject, name: str, path: str) -> SorCode:
    """The SOR code of an element.

    Raises:
        BadElementError: there is none, or it is no SOR code.
    """
    sor = _sor(row, name, path)
    if sor is None:
        raise BadElementError(f"{path}.{name}", "is missing")
    return sor


def sors(row: JsonObject, name: str, path: str) -> tuple[SorCode, ...]:
    """The SOR codes of an array, none when it is missing.

    Raises:
        BadElementError: one of them is no SOR code.
    """
    found = []
    for number, text in enumerate(_texts(row, name, path)):
        try:
            found.append(parse_sor(text))
        except InvalidIdentifierError:
            raise BadElementError(f"{path}.{name}[{number}]", "must be a SOR code: digits only") from None
    return tuple(found)


def _sor(row: JsonObject, name: str, path: str) -> SorCode | None:
    text = _optional(row, name, path)
    try:
        return None if text is None else parse_sor(text)
    except InvalidIdentifierError:
        raise BadElementError(f"{path}.{name}", "must be a SOR code: digits only") from None


def _flag(row: JsonObject, name: str, path: str, *, otherwise: bool) -> bool:
    value = row.get(name)
    if value is None:
        return otherwise
    if not isinstance(value, bool):
        raise BadElementError(f"{path}.{name}", "must be true or false")
    return value
