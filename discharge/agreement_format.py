"""An agreement document, as plain mappings, turned into a ``HealthAgreement``.

The file format (YAML) and the text of conditions are read elsewhere; here every value is checked and
every complaint names its place. ``docs/agreement.md`` describes the form.
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import Final

from discharge.agreement import (
    AUTHORITY,
    Act,
    Anchor,
    Consequence,
    Deadline,
    DeadlineKind,
    Gate,
    HealthAgreement,
    PartyName,
    PartySpan,
    Quiet,
    Rule,
    Since,
    Step,
    StepKind,
    Trigger,
)
from discharge.agreement_values import (
    Document,
    as_day,
    as_hours,
    as_mapping,
    as_one,
    as_sequence,
    as_set,
    as_span,
    as_text,
    as_texts,
    as_time,
    as_title,
    as_whole,
    as_yearly_day,
)
from discharge.conditions import Condition, condition_of
from discharge.errors import AgreementError
from discharge.facts import FIELDS
from discharge.identifiers import RuleId
from discharge.policy import ContentClass, Role
from discharge.task import Priority

__all__ = [
    "CALENDAR_KEYS",
    "CONSEQUENCE_KEYS",
    "DEVIATING",
    "GATE_KEYS",
    "KEYS_OF_DEADLINE",
    "PARTY_KEYS",
    "RULE_KEYS",
    "STEP_KEYS",
    "TOP_KEYS",
    "parse_agreement",
]

TOP_KEYS: Final = frozenset(
    {"id", "version", "title", "regions", "valid-from", "valid-to", "calendars", "parties", "rules", "gates"}
)
CALENDAR_KEYS: Final = frozenset({"country", "closed-days", "hours", "on-call"})
RULE_KEYS: Final = frozenset(
    {
        "id", "source", "verify", "trigger", "when", "addressee", "roles", "requester", "code", "title", "note",
        "payer", "content", "priority", "deadline", "ladder", "chain", "completed-by", "voided-by", "renewed-by",
        "waits-for", "may-deviate",
    }
)  # fmt: skip
DEVIATING: Final = RULE_KEYS - {"id", "code", "may-deviate"} | {"suspend"}
"""What a municipality may be allowed to change of a rule; ``suspend``: the whole of it."""
GATE_KEYS: Final = frozenset({"id", "source", "act", "when", "text", "element"})
STEP_KEYS: Final = frozenset(
    {
        "do", "after", "before-due", "after-due", "after-task", "at", "working-days", "within", "otherwise", "to",
        "roles", "until", "quiet",
    }
)  # fmt: skip
CONSEQUENCE_KEYS: Final = frozenset({"on", "when", "rule"})
PARTY_KEYS: Final = frozenset({"from", "to", "operator", "authority"})
_COUNTED: Final = frozenset({"kind", "since", "otherwise", "no-sooner"})
KEYS_OF_DEADLINE: Final[dict[DeadlineKind, frozenset[str]]] = {
    DeadlineKind.IMMEDIATE: frozenset({"kind"}),
    DeadlineKind.ELAPSED: _COUNTED | {"span"},
    DeadlineKind.CLOCK: _COUNTED | {"days", "at"},
    DeadlineKind.WORKING_DAYS: _COUNTED | {"days", "at"},
    DeadlineKind.READING: frozenset({"kind", "sent-by", "at"}),
}
_ANCHORS: Final = ("after", "before-due", "after-due", "after-task", "at")
_FURTHEST: Final = -3660
"""Days that a deadline may lie before what it counts from."""


def parse_agreement(document: object) -> HealthAgreement:
    """Return the agreement that ``document`` describes.

    Raises:
        AgreementError: with the path of the first thing that cannot be followed.
    """
    top = as_mapping(document, "$", TOP_KEYS)
    calendars = as_mapping(top.get("calendars", {}), "$.calendars", CALENDAR_KEYS)
    parties = _parties(top.get("parties", {}))
    names = _Names(frozenset(parties))
    rules = tuple(names.rule(item, f"$.rules[{n}]") for n, item in enumerate(as_sequence(top.get("rules"), "$.rules")))
    gates = tuple(_gate(item, f"$.gates[{n}]") for n, item in enumerate(as_sequence(top.get("gates", ()), "$.gates")))
    _require_unique(rules)
    _require_made(rules)
    regions = frozenset(as_texts(top.get("regions"), "$.regions"))
    if not regions:
        raise AgreementError(path="$.regions", problem="at least one region; it would hold nowhere")
    hours = as_mapping(calendars.get("hours", {}), "$.calendars.hours")
    on_call = as_mapping(calendars.get("on-call", {}), "$.calendars.on-call")
    closed = as_sequence(calendars.get("closed-days", ()), "$.calendars.closed-days")
    valid_from = as_day(top.get("valid-from"), "$.valid-from")
    valid_to = None if top.get("valid-to") is None else as_day(top.get("valid-to"), "$.valid-to")
    if valid_to is not None and valid_to < valid_from:
        raise AgreementError(path="$.valid-to", problem="before valid-from; it would never hold")
    return HealthAgreement(
        id=as_text(top, "id", "$"),
        version=as_text(top, "version", "$"),
        title=as_text(top, "title", "$"),
        regions=regions,
        valid_from=valid_from,
        valid_to=valid_to,
        country=str(calendars.get("country", "DK")),
        closed_days=tuple(as_yearly_day(day, f"$.calendars.closed-days[{n}]") for n, day in enumerate(closed)),
        hours=MappingProxyType(
            {
                names.place(party, "$.calendars.hours"): as_hours(each, f"$.calendars.hours.{party}")
                for party, each in hours.items()
            }
        ),
        on_call=MappingProxyType(
            {
                names.party(party, "$.calendars.on-call"): names.party(each, f"$.calendars.on-call.{party}")
                for party, each in on_call.items()
            }
        ),
        parties=MappingProxyType(parties),
        rules=rules,
        gates=gates,
    )


def _require_unique(rules: tuple[Rule, ...]) -> None:
    keys = [rule.key for rule in rules]
    for n, key in enumerate(keys):
        if key in keys[:n]:
            raise AgreementError(
                path=f"$.rules[{n}]", problem=f"rule {key[0]} has a row with the task {key[1]} already"
            )


def _require_made(rules: tuple[Rule, ...]) -> None:
    codes = {rule.code for rule in rules}
    for n, rule in enumerate(rules):
        for step in rule.steps:
            if step.after_code is not None and step.after_code not in codes:
                raise AgreementError(path=f"$.rules[{n}].ladder", problem=f"no rule makes {step.after_code}")
        if rule.waits_for is not None and rule.waits_for not in codes:
            raise AgreementError(path=f"$.rules[{n}].waits-for", problem=f"no rule makes {rule.waits_for}")


def _parties(item: object) -> dict[str, tuple[PartySpan, ...]]:
    found = {}
    for name, spans in as_mapping(item, "$.parties").items():
        path = f"$.parties.{name}"
        if name in set(PartyName) or "/" in name:
            raise AgreementError(path=path, problem="is the name of a party that every agreement has")
        found[name] = tuple(_span_of_party(span, f"{path}[{n}]") for n, span in enumerate(as_sequence(spans, path)))
        for n, (one, other) in enumerate(zip(found[name], found[name][1:], strict=False), 1):
            if one.valid_to is None or other.valid_from is None or other.valid_from <= one.valid_to:
                raise AgreementError(path=f"{path}[{n}]", problem="overlaps the span before it")
    return found


def _span_of_party(item: object, path: str) -> PartySpan:
    row = as_mapping(item, path, PARTY_KEYS)
    operator = as_one(PartyName, row.get("operator"), f"{path}.operator")
    return PartySpan(
        operator=operator,
        authority=as_one(PartyName, row.get("authority", operator), f"{path}.authority"),
        valid_from=as_day(row["from"], f"{path}.from") if "from" in row else None,
        valid_to=as_day(row["to"], f"{path}.to") if "to" in row else None,
    )


def _condition(item: object, path: str) -> Condition | None:
    if item is None:
        return None
    row = as_mapping(item, path, frozenset({"text", "tree"}))
    return condition_of(as_text(row, "text", path), row.get("tree"), fields=FIELDS, path=path)


def _gate(item: object, path: str) -> Gate:
    row = as_mapping(item, path, GATE_KEYS)
    when = _condition(row.get("when"), f"{path}.when")
    if when is None:
        raise AgreementError(path=f"{path}.when", problem="a gate needs the condition under which it is closed")
    return Gate(
        id=RuleId(as_text(row, "id", path)),
        source=as_text(row, "source", path),
        act=as_one(Act, row.get("act"), f"{path}.act"),
        when=when,
        text=as_title(row.get("text"), f"{path}.text"),
        element=as_text(row, "element", path),
    )


def _consequence(item: object, path: str) -> Consequence | None:
    if item is None:
        return None
    row = as_mapping(item, path, CONSEQUENCE_KEYS)
    on = as_set(Trigger, row.get("on"), f"{path}.on")
    if not on:
        raise AgreementError(path=f"{path}.on", problem="at least one event; it would never follow")
    return Consequence(
        on=on,
        when=_condition(row.get("when"), f"{path}.when"),
        rule=RuleId(as_text(row, "rule", path)) if "rule" in row else None,
    )


class _Names:
    """Reads what names parties: those that every agreement has, and those of this one."""

    def __init__(self, own: frozenset[str]) -> None:
        self._known = {*PartyName, *own, *(f"{name}{AUTHORITY}" for name in own)}

    def party(self, value: object, path: str) -> str:
        if value not in self._known:
            raise AgreementError(path=path, problem=f"unknown; known are {', '.join(sorted(self._known))}")
        return str(value)

    def place(self, value: object, path: str) -> str:
        """A party, or the SOR code of an organisation."""
        text = str(value)
        return text if text.isascii() and text.isdigit() else self.party(value, f"{path}.{value}")

    def rule(self, item: object, path: str) -> Rule:
        row = as_mapping(item, path, RULE_KEYS)
        steps = as_sequence(row.get("ladder", ()), f"{path}.ladder")
        chain = as_sequence(row.get("chain", ()), f"{path}.chain")
        triggers = as_set(Trigger, row.get("trigger", ()), f"{path}.trigger")
        if not triggers:
            raise AgreementError(path=f"{path}.trigger", problem="at least one; the rule would never act")
        roles = as_set(Role, row.get("roles", ()), f"{path}.roles")
        if not roles:
            raise AgreementError(path=f"{path}.roles", problem="at least one; nobody would see the task")
        deviating = as_texts(row.get("may-deviate", ()), f"{path}.may-deviate")
        for name in deviating:
            if name not in DEVIATING:
                raise AgreementError(path=f"{path}.may-deviate", problem=f"{name} is no field that may be changed")
        return Rule(
            id=RuleId(as_text(row, "id", path)),
            source=as_text(row, "source", path),
            verify=as_texts(row.get("verify", ()), f"{path}.verify"),
            triggers=triggers,
            when=_condition(row.get("when"), f"{path}.when"),
            addressee=self.party(row.get("addressee"), f"{path}.addressee"),
            roles=roles,
            requester=self.party(row.get("requester", PartyName.WARD), f"{path}.requester"),
            code=as_text(row, "code", path),
            title=as_title(row.get("title"), f"{path}.title"),
            note=as_title(row["note"], f"{path}.note") if "note" in row else None,
            payer=self.party(row["payer"], f"{path}.payer") if "payer" in row else None,
            content_class=as_one(ContentClass, row.get("content"), f"{path}.content"),
            priority=as_one(Priority, row.get("priority", Priority.ROUTINE), f"{path}.priority"),
            deadline=_deadline(row.get("deadline"), f"{path}.deadline"),
            steps=tuple(self.step(step, f"{path}.ladder[{n}]") for n, step in enumerate(steps)),
            chain=tuple(self.party(party, f"{path}.chain[{n}]") for n, party in enumerate(chain)),
            completed_by=_consequence(row.get("completed-by"), f"{path}.completed-by"),
            voided_by=_consequence(row.get("voided-by"), f"{path}.voided-by"),
            renewed_by=_consequence(row.get("renewed-by"), f"{path}.renewed-by"),
            waits_for=as_text(row, "waits-for", path) if "waits-for" in row else None,
            may_deviate=frozenset(deviating),
        )

    def step(self, item: object, path: str) -> Step:
        row = as_mapping(item, path, STEP_KEYS)
        anchors = [key for key in _ANCHORS if key in row]
        if len(anchors) != 1:
            raise AgreementError(path=path, problem=f"exactly one of {', '.join(_ANCHORS)}")
        anchor = anchors[0]
        if anchor != "after-task" and "working-days" in row:
            raise AgreementError(path=f"{path}.working-days", problem="only with after-task")
        if ("within" in row) != ("otherwise" in row) or ("within" in row and anchor != "after"):
            raise AgreementError(path=f"{path}.within", problem="only together with otherwise, and with after")
        until = row.get("until", "done" if anchor in {"before-due", "after-due"} else "answered")
        if until not in {"answered", "done"}:
            raise AgreementError(path=f"{path}.until", problem="answered or done")
        span = as_span(row[anchor], f"{path}.{anchor}") if anchor not in {"after-task", "at"} else timedelta()
        return Step(
            kind=as_one(StepKind, row.get("do"), f"{path}.do"),
            anchor={"after": Anchor.RECEIPT, "after-task": Anchor.COMPLETED, "at": Anchor.INSTANT}.get(
                anchor, Anchor.DUE
            ),
            span=-span if anchor == "before-due" else span,
            working_days=as_whole(row, "working-days", path),
            instant=_deadline(row["at"], f"{path}.at") if anchor == "at" else None,
            within=as_hours(row["within"], f"{path}.within") if "within" in row else None,
            span_outside=as_span(row["otherwise"], f"{path}.otherwise") if "otherwise" in row else None,
            party=self.party(row["to"], f"{path}.to") if "to" in row else None,
            roles=as_set(Role, row.get("roles", ()), f"{path}.roles"),
            after_code=as_text(row, anchor, path) if anchor == "after-task" else None,
            until_done=until == "done",
            quiet=as_one(Quiet, row.get("quiet", Quiet.RING), f"{path}.quiet"),
        )


def _deadline(item: object, path: str) -> Deadline:
    row: Document = as_mapping(item, path, frozenset().union(*KEYS_OF_DEADLINE.values()))
    kind = as_one(DeadlineKind, row.get("kind"), f"{path}.kind")
    as_mapping(row, path, KEYS_OF_DEADLINE[kind])
    return Deadline(
        kind=kind,
        since=as_one(Since, row.get("since", Since.EVENT), f"{path}.since"),
        span=as_span(row["span"], f"{path}.span") if "span" in row else timedelta(),
        days=as_whole(row, "days", path, least=_FURTHEST),
        at=as_time(row["at"], f"{path}.at") if "at" in row else None,
        sent_by=as_time(row["sent-by"], f"{path}.sent-by") if "sent-by" in row else None,
        no_sooner=as_span(row["no-sooner"], f"{path}.no-sooner") if "no-sooner" in row else None,
        otherwise=_deadline(row["otherwise"], f"{path}.otherwise") if "otherwise" in row else None,
    )
