"""The rules of a day as people read them: what holds, by when, who is called, and where each part comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from discharge.agreement import Act, Consequence, Gate, HealthAgreement, Rule, Trigger
from discharge.agreement_values import Document
from discharge.clock import OpeningHours
from discharge.fitting import layable
from discharge.in_force import in_force
from discharge.layer_format import parse_layer
from discharge.layers import Resolved, resolve, resolved_agreement
from discharge.words import Title
from services.agreements.words import (
    consequence_words,
    days_words,
    field_words,
    hours_words,
    party_words,
    rule_deadline_words,
    span_of_party_words,
    step_words,
    trigger_words,
    waits_words,
)
from services.web.cards import role_words
from services.web.language import Language

__all__ = [
    "CORE",
    "CalendarLine",
    "CoreLine",
    "GateLine",
    "ResolvedView",
    "RuleLine",
    "SuspendedLine",
    "resolved_on",
    "resolved_view",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One row, in words."""

    id: str
    code: str
    title: str
    note: str
    when: str
    """The events that set it off."""
    condition: str
    """The condition as it is written; empty: always."""
    owed_by: str
    payer: str
    deadline: str
    steps: tuple[str, ...]
    chain: str
    """Who is asked next when the owner rejects."""
    consequences: tuple[tuple[str, str], ...]
    """What later events do to it, and the condition as it is written."""
    source: str
    verify: tuple[str, ...]
    may_deviate: tuple[str, ...]
    origins: tuple[tuple[str, str], ...]
    """What of it -> the layer it comes from; empty: all of it is the agreement's own."""
    is_added: bool
    """True when the whole row is a layer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLine:
    """What holds an act back."""

    id: str
    act: str
    text: str
    condition: str
    element: str
    source: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendedLine:
    """What does not hold, and the layer that says so."""

    id: str
    code: str
    layer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarLine:
    """Opening hours, who is on call, a closed day, or who plays a part."""

    name: str
    words: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreLine:
    """What the core does by itself, whatever an agreement says."""

    id: str
    words: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedView:
    """Everything that holds at a place on a day."""

    id: str
    version: str
    title: str
    days: str
    layers: tuple[str, ...]
    rules: tuple[RuleLine, ...]
    suspended: tuple[SuspendedLine, ...]
    gates: tuple[GateLine, ...]
    clauses: tuple[tuple[str, str], ...]
    """Rules that a clause of another row carries out: number -> that row."""
    hours: tuple[CalendarLine, ...]
    closed_days: tuple[CalendarLine, ...]
    parties: tuple[CalendarLine, ...]
    core: tuple[CoreLine, ...]
    to_verify: int
    """Rows of which something is to be verified."""


CORE: Final[tuple[tuple[str, Title, str], ...]] = (
    (
        "R28",
        Title(
            "Orlov begynder og slutter: kommunen får besked, og hjælpen starter ikke igen, medmindre det er aftalt",
            "Leave begins and ends: the municipality is told, and services do not start again unless that is agreed",
        ),
        "discharge.story, discharge.handlers.course",
    ),
    (
        "R29",
        Title(
            "Akut ambulant bliver til indlæggelse eller omvendt: forløbet fortsætter, og reglerne spørges igen",
            "An acute visit becomes an admission or the other way: the stay goes on, and the rules are asked again",
        ),
        "discharge.story, discharge.handlers.course",
    ),
    (
        "R30",
        Title(
            "Overflytning: en indlæggelse fra det nye sted er eneste tegn, og de åbne opgaver flytter med",
            "Transfer: an admission from the new place is the only sign, and the open duties move along",
        ),
        "discharge.handlers.duties",
    ),
    (
        "R31",
        Title(
            "Død: alle opgaver lukkes, ingen bliver ringet op, og de, der kom i hjemmet, får det at vide",
            "Death: all duties are closed, nobody is rung at, and those who came to the home are told",
        ),
        "discharge.handlers.course",
    ),
    (
        "R32",
        Title(
            "Rettelser og annulleringer: opgaverne trækkes tilbage, og det, nogen allerede har gjort, skal rettes op",
            "Corrections and cancellations: duties are withdrawn, and what somebody has done already is put right",
        ),
        "discharge.story, discharge.handlers.duties",
    ),
    (
        "R33",
        Title(
            "En besked uden kvittering sendes igen efter 30 minutter, højst to gange; derefter ringes der",
            "A message without a receipt is sent again after 30 minutes, twice at most; after that people telephone",
        ),
        "notifications.outbound",
    ),
)
"""Rules that are no rows of an agreement: they say what a stay and a message are, not who owes what."""


def resolved_on(
    documents: Iterable[Document], *, region: str | None, municipality: str | None, day: date, lang: Language
) -> ResolvedView | None:
    """The rules that hold on ``day`` for a stay of ``municipality`` in ``region``; None where nothing does."""
    found = in_force(documents, region=region, municipality=municipality, day=day)
    if found is None:
        return None
    held, _ = layable(found)
    return resolved_view(resolve(held.base, map(parse_layer, held.layers)), lang)


def resolved_view(resolved: Resolved, lang: Language) -> ResolvedView:
    """The rules that ``resolved`` holds, in words."""
    agreement = resolved_agreement(resolved)
    origins = resolved.calendar_origins
    return ResolvedView(
        id=agreement.id,
        version=agreement.version,
        title=agreement.title,
        days=days_words(agreement.valid_from, agreement.valid_to, lang),
        layers=tuple(f"{layer.title} ({layer.name})" for layer in resolved.layers),
        rules=tuple(_rule_line(rule, lang) for rule in agreement.rules),
        suspended=tuple(
            SuspendedLine(id=rule, code=code, layer=layer) for (rule, code), layer in resolved.suspended.items()
        ),
        gates=tuple(_gate_line(gate, resolved, lang) for gate in agreement.gates),
        clauses=_clauses(agreement.rules),
        hours=_hour_lines(agreement, origins, lang),
        closed_days=tuple(
            CalendarLine(name=day, words=day, origin=origins.get(f"closed-days.{day}", ""))
            for day in agreement.closed_days
        ),
        parties=tuple(
            CalendarLine(
                name=party_words(party, lang),
                words=span_of_party_words(span, lang),
                origin=origins.get(f"parties.{party}", ""),
            )
            for party, spans in agreement.parties.items()
            for span in spans
        ),
        core=tuple(CoreLine(id=number, words=lang.of(words), where=where) for number, words, where in CORE),
        to_verify=sum(bool(rule.verify) for rule in agreement.rules),
    )


def _rule_line(rule: Rule, lang: Language) -> RuleLine:
    called = role_words(lang)
    roles = ", ".join(called[role] for role in sorted(rule.roles))
    layers = set(rule.origins.values())
    is_added = rule.origins.keys() >= {"id", "code"}
    return RuleLine(
        id=rule.id,
        code=rule.code,
        title=lang.of(rule.title),
        note="" if rule.note is None else lang.of(rule.note),
        when=", ".join(trigger_words(trigger, lang) for trigger in Trigger if trigger in rule.triggers),
        condition="" if rule.when is None else _one_line(rule.when.text),
        owed_by=f"{party_words(rule.addressee, lang)} ({roles})",
        payer="" if rule.payer is None else party_words(rule.payer, lang),
        deadline=rule_deadline_words(rule, lang),
        steps=tuple(step_words(step, rule, lang) for step in rule.steps),
        chain=", ".join(party_words(party, lang) for party in rule.chain),
        consequences=(*_later(rule, lang), *_waits(rule, lang)),
        source=rule.source,
        verify=tuple(field_words(field, lang) for field in rule.verify),
        may_deviate=tuple(field_words(field, lang) for field in sorted(rule.may_deviate)),
        origins=tuple((lang.text("hele reglen"), layer) for layer in sorted(layers))
        if is_added
        else tuple((field_words(field, lang), layer) for field, layer in rule.origins.items()),
        is_added=is_added,
    )


def _later(rule: Rule, lang: Language) -> Iterator[tuple[str, str]]:
    for name, consequence in _consequences(rule):
        if consequence is not None:
            condition = "" if consequence.when is None else _one_line(consequence.when.text)
            yield consequence_words(name, consequence, lang), condition


def _waits(rule: Rule, lang: Language) -> Iterator[tuple[str, str]]:
    if rule.waits_for is not None:
        yield waits_words(rule.waits_for, lang), ""


def _one_line(condition: str) -> str:
    return " ".join(condition.split())


def _consequences(rule: Rule) -> tuple[tuple[str, Consequence | None], ...]:
    return (
        ("completed-by", rule.completed_by),
        ("renewed-by", rule.renewed_by),
        ("voided-by", rule.voided_by),
    )


def _clauses(rules: Iterable[Rule]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (consequence.rule, f"{rule.id} {rule.code}")
        for rule in rules
        for _, consequence in _consequences(rule)
        if consequence is not None and consequence.rule is not None
    )


def _gate_line(gate: Gate, resolved: Resolved, lang: Language) -> GateLine:
    acts = {
        Act.DISCHARGE: lang.text("Markér udskrevet"),
        Act.TREATMENT_FINISHED: lang.text("Færdigbehandlet"),
    }
    return GateLine(
        id=gate.id,
        act=acts[gate.act],
        text=lang.of(gate.text),
        condition=_one_line(gate.when.text),
        element=gate.element,
        source=gate.source,
        origin=resolved.gate_origins.get(gate.id, ""),
    )


def _hour_lines(agreement: HealthAgreement, origins: Mapping[str, str], lang: Language) -> tuple[CalendarLine, ...]:
    def line(party: str, hours: OpeningHours) -> CalendarLine:
        on_call = agreement.on_call.get(party)
        words = hours_words(hours, lang)
        if on_call is not None:
            words = lang.text("{hours}, derefter {party}").format(hours=words, party=party_words(on_call, lang))
        origin = origins.get(f"hours.{party}", origins.get(f"on-call.{party}", ""))
        return CalendarLine(name=party_words(party, lang), words=words, origin=origin)

    return tuple(line(party, hours) for party, hours in agreement.hours.items())
