"""A planned duty becomes a task: addressed, dated, and with what whoever does it must know."""

from __future__ import annotations

from typing import Final

from discharge.agreement import Rule, Trigger
from discharge.context import PartyName
from discharge.handlers import planner
from discharge.identifiers import TaskId
from discharge.planning import PlannedTask
from discharge.policy import audience_at
from discharge.ports import UnitOfWork
from discharge.stay import Stay
from discharge.task import HandoverTask, Proofs

__all__ = ["task_of"]

_PAYS: Final[dict[str, str]] = {
    PartyName.MUNICIPALITY: "Kommunen betaler.",
    PartyName.MUNICIPALITY_ON_DUTY: "Kommunen betaler.",
    PartyName.REGION: "Regionen betaler.",
    PartyName.HOSPITAL: "Hospitalet betaler.",
    PartyName.WARD: "Afdelingen betaler.",
}
"""Whose purse, as a note on the duty. Source: domain.md R27, E3."""


def task_of(uow: UnitOfWork, stay: Stay, planned: PlannedTask, trigger: Trigger) -> HandoverTask:
    """The task that ``planned`` becomes now."""
    rule = planned.rule
    return HandoverTask(
        id=TaskId(uow.new_id()),
        stay_id=stay.id,
        patient_id=stay.patient_id,
        rule=rule.id,
        agreement=planned.agreement,
        cause=trigger,
        code=rule.code,
        title=rule.title,
        content_class=rule.content_class,
        priority=rule.priority,
        requester=planned.requester,
        owner=planned.owner,
        audience=audience_at(uow.directory, planned.owner, rule.roles),
        chain=planned.chain,
        created_at=uow.now,
        changed_at=uow.now,
        due_at=planned.due_at,
        note=_note_of(uow, stay, rule),
        proofs=Proofs(sent_at=uow.now),
    )


def _note_of(uow: UnitOfWork, stay: Stay, rule: Rule) -> str | None:
    """What whoever does it must know, in words of the agreement: a person's own words take their place."""
    if planner.asks_for_report(rule):
        return _recipient_note(uow, stay)
    payer = None if rule.payer is None else _PAYS.get(rule.payer, f"{rule.payer} betaler.")
    said = [text for text in (None if rule.note is None else rule.note.da, payer) if text is not None]
    return " ".join(said) or None


def _recipient_note(uow: UnitOfWork, stay: Stay) -> str | None:
    """To whom the report goes, when the hospital named somebody else than the sender."""
    asked = ((each.report_recipient, each.sender) for each in planner.reports_asked(stay))
    named = [recipient for recipient, sender in asked if recipient is not None and recipient != sender]
    if not named:
        return None
    known = uow.directory.get(named[-1])
    return f"Rapporten sendes til {named[-1] if known is None else f'{known.name} ({known.sor})'}"
