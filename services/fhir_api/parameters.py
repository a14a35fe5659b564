"""Search parameters as they came, and what every search does with them.

Unknown parameters are left out and said so, or refused with ``Prefer: handling=strict``. A CPR number
in an address is refused before anything is looked up: addresses end up in logs that are not ours.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NoReturn, TypeVar
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from discharge.clock import COPENHAGEN
from discharge.commands import Issue
from discharge.directory import Directory
from discharge.errors import InvalidIdentifierError
from discharge.identifiers import CprNumber, SorCode, parse_sor
from fhir_mappings.systems import CPR_SYSTEM, SOR_SYSTEM
from services.persistence.task_query import Comparison, DateTest
from services.web.limits import FHIR_JSON, JSON
from services.web.refusals import BadRequestError, NotAcceptableError

__all__ = ["Parameter", "Parameters", "both", "link", "parameters_of", "refuse"]

_SORS: Final = frozenset({"owner", "requester"})
"""Parameters whose values are organisations: a short SOR code may have ten digits too."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_BEFORE: Final = re.compile(r".*[|/]", re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_.:-]{0,60}", re.ASCII)
_FORMATS: Final = frozenset({"json", FHIR_JSON, JSON})
_MOST: Final = 500
_MOST_VALUES: Final = 200
_DATE: Final = re.compile(
    r"(?P<prefix>eq|ne|lt|gt|le|ge|sa|eb)?(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?P<fraction>\.\d{1,6})?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its name, its modifier or chain, and its alternatives."""

    name: str
    modifier: str | None
    values: tuple[str, ...]

    @property
    def written(self) -> str:
        """The name as it came."""
        return self.name if self.modifier is None else f"{self.name}:{self.modifier}"

    def plain(self) -> tuple[str, ...]:
        """The alternatives, when no modifier changes their meaning.

        Raises:
            BadRequestError: one does, and it is not known here.
        """
        if self.modifier is not None:
            refuse(self.name, "this modifier is not known here", "not-supported")
        return self.values

    def references(self, kind: str) -> frozenset[str]:
        """Ids of resources of type ``kind``; a reference to another type names nothing."""
        found = set()
        for value in self.plain() if self.modifier != kind else self.values:
            head, _, identity = value.rpartition("/")
            if not head or head.rpartition("/")[2] == kind:
                found.add(identity)
        return frozenset(found)

    def tokens(self, system: str) -> frozenset[str]:
        """Codes of ``system``, given as ``system|code`` or as ``code`` alone."""
        found = set()
        for value in self.values:
            named, bar, code = value.rpartition("|")
            if not bar or named == system:
                found.add(code)
        return frozenset(found)

    def cpr(self) -> frozenset[CprNumber]:
        """CPR numbers, given as ``system|number``. Another system or form names nobody."""
        found = set()
        for number in self.tokens(CPR_SYSTEM):
            try:
                found.add(CprNumber.parse(number))
            except InvalidIdentifierError:
                continue
        return frozenset(found)

    def organizations(self, directory: Directory, *, below: bool) -> frozenset[SorCode]:
        """Organisations by id or by SOR code; with ``below``, those under them too."""
        named = self.tokens(SOR_SYSTEM) if self.modifier == "identifier" else self.references("Organization")
        found: set[SorCode] = set()
        for code in named:
            try:
                sor = parse_sor(code)
            except InvalidIdentifierError:
                continue
            found.update(directory.within(sor) if below else (sor,))
        return frozenset(found)

    def dates(self) -> DateTest:
        """A date with its prefix. Alternatives of dates are not offered.

        Raises:
            BadRequestError: not one date of FHIR's search.
        """
        values = self.plain()
        match = _DATE.fullmatch(values[0]) if len(values) == 1 else None
        if match is None:
            refuse(self.name, "one date such as ge2026-11-20 or le2026-11-20T14:00:00Z is needed")
        try:
            low, high = _span(match)
        except (ValueError, OverflowError):
            refuse(self.name, "no such date")
        return DateTest(Comparison(match["prefix"] or "eq"), low, high)


def _span(match: re.Match[str]) -> tuple[datetime, datetime]:
    """The instants that a date of any precision stands for. Without a zone it is Danish time."""
    year, month, day = int(match["year"]), int(match["month"] or 1), int(match["day"] or 1)
    zone = COPENHAGEN
    if match["hour"] is None:
        low = datetime(year, month, day, tzinfo=zone)
        if match["day"]:
            high = datetime.fromordinal(low.toordinal() + 1).replace(tzinfo=zone)
        elif match["month"]:
            high = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
        else:
            high = datetime(year + 1, 1, 1, tzinfo=zone)
        return low.astimezone(UTC), high.astimezone(UTC)
    text = (
        f"{match['year']}-{match['month']}-{match['day']}T{match['hour']}:{match['minute']}:{match['second'] or '00'}"
    )
    fraction = match["fraction"] or ""
    low = datetime.fromisoformat(text + fraction + (match["zone"] or ""))
    low = low.replace(tzinfo=zone) if low.tzinfo is None else low
    width = timedelta(minutes=1)
    if match["second"]:
        width = timedelta(seconds=1) if not fraction else timedelta(microseconds=10 ** (7 - len(fraction)))
    return low.astimezone(UTC), low.astimezone(UTC) + width


@dataclass(slots=True)
class Parameters:
    """The parameters of one search, and those that nobody asked for yet."""

    given: tuple[Parameter, ...]
    strict: bool
    in_body: bool
    """True when they came in the body of ``_search``, where a CPR number may stand."""
    left: list[Parameter] = field(default_factory=list)

    def take(self, name: str) -> tuple[Parameter, ...]:
        """All parameters called ``name``; each must hold."""
        taken = tuple(parameter for parameter in self.given if parameter.name == name)
        self.left = [parameter for parameter in self.left if parameter.name != name]
        return taken

    def one(self, name: str) -> str | None:
        """The text of a parameter that may stand once.

        Raises:
            BadRequestError: it stands twice.
        """
        taken = self.take(name)
        if not taken:
            return None
        if len(taken) > 1:
            refuse(name, "may stand once")
        return ",".join(taken[0].plain())

    def count(self, default: int) -> int:
        """``_count``, at most 500.

        Raises:
            BadRequestError: it is no number.
        """
        text = self.one("_count")
        if text is None:
            return default
        if re.fullmatch(r"\d{1,9}", text, re.ASCII) is None:
            refuse("_count", "a whole number is needed")
        return min(int(text), _MOST)

    def finish(self) -> tuple[Issue, ...]:
        """What is said of parameters that nobody asked for.

        Raises:
            BadRequestError: there are some, and the client wants to be told so.
            NotAcceptableError: ``_format`` asks for something else than JSON.
        """
        wanted = self.one("_format")
        if wanted is not None and wanted.partition(";")[0].strip() not in _FORMATS:
            raise NotAcceptableError(gives=(FHIR_JSON, JSON))
        names = sorted({_shown(parameter.written) for parameter in self.left})
        if names and self.strict:
            refuse(
                ", ".join(names), "not known here; leave it out, or do without Prefer: handling=strict", "not-supported"
            )
        return tuple(
            Issue(
                severity="warning",
                code="not-supported",
                rule="stafet-search-parameter-unknown",
                expression=name,
                text=f"The search parameter {name} is not known here and was left out.",
            )
            for name in names
        )


def _shown(name: str) -> str:
    # A name is the client's text too, and might be a number in the wrong place.
    return name if _NAME.fullmatch(name) else "(unreadable name)"


async def parameters_of(request: Request) -> Parameters:
    """The search parameters of a GET, or of a POST to ``_search`` with those of its address.

    Raises:
        BadRequestError: a CPR number in the address, control characters, or too many values.
    """
    in_address = _pairs(request.url.query)
    for name, value in in_address:
        if _names_a_citizen(name, value):
            refuse("identifier", "use POST _search: a CPR number may not stand in an address", "security")
    pairs = in_address
    if request.method == "POST":
        try:
            pairs = in_address + _pairs((await request.body()).decode())
        except UnicodeDecodeError:
            refuse("body", "a form in UTF-8 is needed")
    preferred = [part.strip().lower() for part in request.headers.get("prefer", "").replace(";", ",").split(",")]
    given = tuple(_parameter(name, value) for name, value in pairs)
    return Parameters(
        given=given, strict="handling=strict" in preferred, in_body=request.method == "POST", left=list(given)
    )


def _names_a_citizen(name: str, value: str) -> bool:
    if CPR_SYSTEM in value:
        return True
    texts = [name] if re.split(r"[:.]", name)[0] in _SORS else [name, *value.split(",")]
    return any(_is_cpr(text) for text in texts)


def _is_cpr(text: str) -> bool:
    """Also behind a system, or as the id in a reference."""
    try:
        CprNumber.parse(_BEFORE.sub("", text))
    except InvalidIdentifierError:
        return False
    return True


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(text, keep_blank_values=False, errors="strict", max_num_fields=_MOST_VALUES)
    except ValueError:
        # Also what is no UTF-8 behind its percent signs.
        refuse("query", "the parameters cannot be read, or there are too many")
    for name, value in pairs:
        if _CONTROL.search(name) or _CONTROL.search(value):
            refuse("query", "control characters are not allowed", "value")
    return pairs


def _parameter(written: str, value: str) -> Parameter:
    name, _, modifier = written.partition(":")
    if name in {"owner", "requester", "patient", "subject"} and "." in written:
        # A chain to the identifier means the same as the modifier.
        name, _, modifier = written.partition(".")
    name, dot, chained = name.partition(".")
    values = tuple(part for part in (piece.strip() for piece in value.split(",")) if part)
    if len(values) > _MOST_VALUES:
        refuse(_shown(name), "too many values")
    return Parameter(name, (modifier or chained) if modifier or dot else None, values or ("",))


def both(before: frozenset[_Value] | None, now: Iterable[_Value]) -> frozenset[_Value]:
    """A parameter given again narrows what was asked before."""
    return frozenset(now) if before is None else before & frozenset(now)


def link(base_url: str, path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """The address of a page, without what looks like a number of a person: nobody is found by it anyhow."""
    query = urlencode([(name, "none" if _names_a_citizen(name, value) else value) for name, value in pairs])
    return f"{base_url}/{path}?{query}" if query else f"{base_url}/{path}"


def refuse(name: str, problem: str, code: str = "value") -> NoReturn:
    """Refuse a parameter by name; its value is never repeated."""
    raise BadRequestError(element=name, problem=problem, code=code)
