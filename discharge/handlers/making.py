"""A planned duty becomes a task: addressed, dated, and with what whoever does it must know."""

from __future__ import annotations

from typing import Final

from discharge.agreement import Rule, Trigger
from discharge.context import PartyName
from discharge.handlers import planner
from discharge.identifiers import ConversationId, TaskId
from discharge.planning import PlannedTask
from discharge.policy import audience_at
from discharge.ports import UnitOfWork
from discharge.stay import Stay
from discharge.task import HandoverTask, Proofs, Title, Wait

__all__ = ["task_of"]

_PAYS: Final[dict[str, Title]] = {
    PartyName.MUNICIPALITY: Title("Kommunen betaler.", "The municipality pays."),
    PartyName.MUNICIPALITY_ON_DUTY: Title("Kommunen betaler.", "The municipality pays."),
    PartyName.REGION: Title("Regionen betaler.", "The region pays."),
    PartyName.HOSPITAL: Title("Hospitalet betaler.", "The hospital pays."),
    PartyName.WARD: Title("Afdelingen betaler.", "The ward pays."),
}
"""Whose purse, as a note on the duty. Source: domain.md R27, E3."""


def task_of(
    uow: UnitOfWork, stay: Stay, planned: PlannedTask, trigger: Trigger, conversation_id: ConversationId | None = None
) -> HandoverTask:
    """The task that ``planned`` becomes now; one that a message asks for belongs to its thread."""
    rule = planned.rule
    note = _note_of(uow, stay, rule)
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
        note=None if note is None else note.da,
        note_en=None if note is None else note.en,
        proofs=Proofs(sent_at=uow.now),
        conversation_id=conversation_id,
        wait=None if rule.waits_for is None else Wait(code=rule.waits_for),
    )


def _note_of(uow: UnitOfWork, stay: Stay, rule: Rule) -> Title | None:
    """What whoever does it must know, in words of the agreement: a person's own words take their place."""
    if planner.asks_for_report(rule):
        return _recipient_note(uow, stay)
    payer = None
    if rule.payer is not None:
        payer = _PAYS.get(rule.payer, Title(f"{rule.payer} betaler.", f"{rule.payer} pays."))
    said = [text for text in (rule.note, payer) if text is not None]
    return Title(" ".join(text.da for text in said), " ".join(text.en for text in said)) if said else None


def _recipient_note(uow: UnitOfWork, stay: Stay) -> Title | None:
    """To whom the report goes, when the hospital named somebody else than the sender."""
    asked = ((each.report_recipient, each.sender) for each in planner.reports_asked(stay))
    named = [recipient for recipient, sender in asked if recipient is not None and recipient != sender]
    if not named:
        return None
    known = uow.directory.get(named[-1])
    recipient = named[-1] if known is None else f"{known.name} ({known.sor})"
    return Title(f"Rapporten sendes til {recipient}", f"The report goes to {recipient}")
