"""What a reader may do with a table of medicine, and what of it was just sent and not saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from discharge.handlers.resolving import ANSWERS, RECONCILE
from discharge.medication.record import MedicationReconciliation
from discharge.policy import COMMENTING_ROLES, Role
from discharge.stay import Stay
from discharge.task import HandoverTask
from services.stays.medicine.force import ForceLine, in_force_of, waits_words
from services.stays.medicine.table import LineView, Table, table_of
from services.web.cards import Reader
from services.web.forms import FieldError

__all__ = ["Acts", "Round", "SentLine", "acts_of", "round_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLine:
    """The texts of a form on a line that was not saved."""

    line: str = ""
    verdict: str = ""
    text: str = ""
    is_comment: bool = False
    errors: Mapping[str, FieldError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """Which forms stand on the lines."""

    stay_id: str
    task_id: str = ""
    """The practice's task, where this reader may decide; empty: they may not."""
    head: str
    """Above the column of answers."""
    may_pair: bool = False
    may_answer: bool = False
    may_open: bool = False
    may_comment: bool = False
    is_sent: bool = True
    """False while the patient is in hospital: nobody waits for the practice yet."""
    back: str = ""
    sent: SentLine = field(default_factory=SentLine)
    shows_rest: bool = False
    """The lines that go on as they were are shown one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The medicine as a task's page shows it."""

    table: Table
    acts: Acts
    is_round: bool
    """True on the page of the practice's own task."""
    waits: str
    """How many lines are still open, in words."""
    in_force: tuple[ForceLine, ...]
    asked: tuple[LineView, ...] = ()
    """On the ward's duty to answer: the lines whose question waits, for those who may."""

    @property
    def may_decide(self) -> bool:
        """True when the reader answers line by line here."""
        return bool(self.acts.task_id)


def acts_of(stay: Stay, reader: Reader, *, back: str, sent: SentLine | None = None, shows_rest: bool = False) -> Acts:
    """The forms on a page about the stay's medicine, outside the practice's task."""
    role, t = reader.caller.role, reader.lang.text
    return Acts(
        stay_id=stay.id,
        head=t("Egen læges svar"),
        may_pair=role in {Role.DOCTOR, Role.GP},
        may_answer=role in {Role.WARD, Role.DOCTOR} and stay.ward in reader.scope,
        may_open=role is Role.HOME_NURSE,
        may_comment=role in COMMENTING_ROLES,
        is_sent=not stay.is_open,
        back=back,
        sent=sent or SentLine(),
        shows_rest=shows_rest,
    )


def round_of(
    record: MedicationReconciliation,
    task: HandoverTask,
    stay: Stay,
    reader: Reader,
    *,
    sent: SentLine | None = None,
    shows_rest: bool = False,
) -> Round:
    """The medicine on the page of ``task``; lines are decided on the practice's own, by whoever has it."""
    acts = acts_of(stay, reader, back=f"/tasks/{task.id}", sent=sent, shows_rest=shows_rest)
    is_round = task.code == RECONCILE
    is_theirs = task.owner in reader.scope and reader.caller.role in {Role.GP, Role.DOCTOR}
    is_free = task.assignee is None or task.assignee.id == reader.caller.person_id
    if is_round and is_theirs and task.is_open and is_free:
        acts = Acts(
            stay_id=stay.id,
            task_id=task.id,
            head=reader.lang.text("Dit svar"),
            may_pair=True,
            may_comment=True,
            back=acts.back,
            sent=acts.sent,
            shows_rest=shows_rest,
        )
    table = table_of(record, reader)
    waits = "" if stay.is_open else waits_words(table, reader)
    is_to_answer = task.code in ANSWERS and task.is_open and acts.may_answer
    return Round(
        table=table,
        acts=acts,
        is_round=is_round,
        waits=waits,
        in_force=in_force_of(record, reader),
        asked=table.asked if is_to_answer else (),
    )
