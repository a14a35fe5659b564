"""An agreement document, as plain mappings, turned into a ``HealthAgreement``.

The file format (YAML) is read elsewhere; here every value is checked and every complaint names its
place. ``docs/agreement.md`` describes the form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from discharge.agreement import (
    Anchor,
    Condition,
    Deadline,
    DeadlineKind,
    HealthAgreement,
    PartyName,
    Rule,
    Step,
    StepKind,
    Trigger,
)
from discharge.clock import OpeningHours, parse_duration
from discharge.errors import AgreementError
from discharge.identifiers import RuleId
from discharge.policy import ContentClass, Role
from discharge.task import Priority, Title

__all__ = ["KEYS_OF_DEADLINE", "RULE_KEYS", "STEP_KEYS", "TOP_KEYS", "parse_agreement"]

Document = Mapping[str, object]
_E = TypeVar("_E", bound=StrEnum)
RULE_KEYS = frozenset(
    {
        "id", "source", "trigger", "when", "addressee", "roles", "requester", "code", "title", "content",
        "priority", "deadline", "ladder", "chain",
    }
)  # fmt: skip
STEP_KEYS = frozenset(
    {"do", "after", "before-due", "after-due", "after-task", "working-days", "within", "otherwise", "to", "roles"}
)
KEYS_OF_DEADLINE: Final[dict[DeadlineKind, frozenset[str]]] = {
    DeadlineKind.ELAPSED_SINCE_DISCHARGE: frozenset({"kind", "span"}),
    DeadlineKind.END_OF_DAY: frozenset({"kind", "days"}),
}
_KIND_ONLY = frozenset({"kind"})
TOP_KEYS = frozenset({"id", "version", "title", "regions", "valid-from", "valid-to", "rules"})


def parse_agreement(document: object) -> HealthAgreement:
    """Return the agreement that ``document`` describes.

    Raises:
        AgreementError: with the path of the first thing that cannot be followed.
    """
    top = _mapping(document, "$", TOP_KEYS)
    rules = tuple(_rule(item, f"$.rules[{n}]") for n, item in enumerate(_sequence(top.get("rules"), "$.rules")))
    duties = [(rule.id, rule.code) for rule in rules]
    for duty in duties:
        if duties.count(duty) > 1:
            raise AgreementError(path=f"$.rules.{duty[0]}", problem=f"two rows with the task {duty[1]}")
    regions = frozenset(_texts(top.get("regions"), "$.regions"))
    if not regions:
        raise AgreementError(path="$.regions", problem="at least one region; it would hold nowhere")
    codes = {rule.code for rule in rules}
    for rule in rules:
        for step in rule.steps:
            if step.after_code is not None and step.after_code not in codes:
                raise AgreementError(path=f"$.rules.{rule.id}.ladder", problem=f"no rule makes {step.after_code}")
    return HealthAgreement(
        id=_text(top, "id", "$"),
        version=_text(top, "version", "$"),
        title=_text(top, "title", "$"),
        regions=regions,
        valid_from=_day(top.get("valid-from"), "$.valid-from"),
        valid_to=None if top.get("valid-to") is None else _day(top.get("valid-to"), "$.valid-to"),
        rules=rules,
    )


def _rule(item: object, path: str) -> Rule:
    row = _mapping(item, path, RULE_KEYS)
    title = _mapping(row.get("title"), f"{path}.title", frozenset({"da", "en"}))
    steps = _sequence(row.get("ladder", ()), f"{path}.ladder")
    return Rule(
        id=RuleId(_text(row, "id", path)),
        source=_text(row, "source", path),
        trigger=_one(Trigger, row.get("trigger"), f"{path}.trigger"),
        conditions=_many(Condition, row.get("when", ()), f"{path}.when"),
        addressee=_one(PartyName, row.get("addressee"), f"{path}.addressee"),
        roles=_many(Role, row.get("roles"), f"{path}.roles"),
        requester=_one(PartyName, row.get("requester", PartyName.WARD), f"{path}.requester"),
        code=_text(row, "code", path),
        title=Title(_text(title, "da", f"{path}.title"), _text(title, "en", f"{path}.title")),
        content_class=_one(ContentClass, row.get("content"), f"{path}.content"),
        priority=_one(Priority, row.get("priority", Priority.ROUTINE), f"{path}.priority"),
        deadline=_deadline(row.get("deadline"), f"{path}.deadline"),
        steps=tuple(_step(step, f"{path}.ladder[{n}]") for n, step in enumerate(steps)),
        chain=tuple(
            _one(PartyName, party, f"{path}.chain") for party in _sequence(row.get("chain", ()), f"{path}.chain")
        ),
    )


def _deadline(item: object, path: str) -> Deadline:
    row = _mapping(item, path, frozenset({"kind", "span", "days"}))
    kind = _one(DeadlineKind, row.get("kind"), f"{path}.kind")
    _mapping(row, path, KEYS_OF_DEADLINE.get(kind, _KIND_ONLY))
    days = row.get("days", 0)
    if not isinstance(days, int) or days < 0:
        raise AgreementError(path=f"{path}.days", problem="a whole number of days, 0 or more")
    span = _span(row["span"], f"{path}.span") if "span" in row else timedelta()
    return Deadline(kind=kind, span=span, days=days)


def _step(item: object, path: str) -> Step:
    row = _mapping(item, path, STEP_KEYS)
    anchors = [key for key in ("after", "before-due", "after-due", "after-task") if key in row]
    if len(anchors) != 1:
        raise AgreementError(path=path, problem="exactly one of after, before-due, after-due, after-task")
    anchor = anchors[0]
    if anchor != "after-task" and "working-days" in row:
        raise AgreementError(path=f"{path}.working-days", problem="only with after-task")
    if ("within" in row) != ("otherwise" in row) or ("within" in row and anchor != "after"):
        raise AgreementError(path=f"{path}.within", problem="only together with otherwise, and with after")
    working_days = row.get("working-days", 0)
    if not isinstance(working_days, int) or working_days < 0:
        raise AgreementError(path=f"{path}.working-days", problem="a whole number, 0 or more")
    span = timedelta() if anchor == "after-task" else _span(row[anchor], f"{path}.{anchor}")
    return Step(
        kind=_one(StepKind, row.get("do"), f"{path}.do"),
        anchor={"after": Anchor.RECEIPT, "after-task": Anchor.COMPLETED}.get(anchor, Anchor.DUE),
        span=-span if anchor == "before-due" else span,
        working_days=working_days,
        within=_hours(row["within"], f"{path}.within") if "within" in row else None,
        span_outside=_span(row["otherwise"], f"{path}.otherwise") if "otherwise" in row else None,
        party=_one(PartyName, row["to"], f"{path}.to") if "to" in row else None,
        roles=_many(Role, row.get("roles", ()), f"{path}.roles"),
        after_code=_text(row, anchor, path) if anchor == "after-task" else None,
    )


def _mapping(item: object, path: str, keys: frozenset[str]) -> Document:
    if not isinstance(item, Mapping):
        raise AgreementError(path=path, problem="a mapping is needed here")
    for key in item:
        if key not in keys:
            raise AgreementError(path=f"{path}.{key}", problem=f"unknown; known are {', '.join(sorted(keys))}")
    return item


def _sequence(item: object, path: str) -> Sequence[object]:
    if isinstance(item, str) or not isinstance(item, Sequence):
        raise AgreementError(path=path, problem="a list is needed here")
    return item


def _text(row: Document, key: str, path: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise AgreementError(path=f"{path}.{key}", problem="a text is needed here")
    return value.strip()


def _texts(item: object, path: str) -> tuple[str, ...]:
    values = _sequence(item, path)
    if not all(isinstance(value, str) for value in values):
        raise AgreementError(path=path, problem="a list of texts is needed here")
    return tuple(str(value) for value in values)


def _one(kind: type[_E], value: object, path: str) -> _E:
    try:
        return kind(str(value))
    except ValueError:
        known = ", ".join(kind)
        raise AgreementError(path=path, problem=f"unknown; known are {known}") from None


def _many(kind: type[_E], item: object, path: str) -> frozenset[_E]:
    return frozenset(_one(kind, value, path) for value in _sequence(item, path))


def _span(value: object, path: str) -> timedelta:
    try:
        return parse_duration(str(value))
    except ValueError as problem:
        raise AgreementError(path=path, problem=str(problem)) from None


def _day(value: object, path: str) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise AgreementError(path=path, problem="a date such as 2026-01-01 is needed here") from None


def _hours(value: object, path: str) -> OpeningHours:
    opens, dash, closes = str(value).partition("-")
    try:
        hours = OpeningHours(time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip()))
    except ValueError:
        dash = ""
    if not dash or hours.opens >= hours.closes:
        raise AgreementError(path=path, problem="hours such as 08:00-15:00 are needed here")
    return hours
