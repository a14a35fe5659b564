"""A task as a card: what its owner must know to act, in the order of reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from discharge.clock import local
from discharge.directory import Directory
from discharge.handlers.resolving import ANSWERS, RECONCILE
from discharge.identifiers import SorCode, TaskId
from discharge.policy import ACTING_ROLES, Caller, Role
from discharge.task import TASK_TRANSITIONS, HandoverTask, Move, TaskStatus
from services.persistence.views import StayView, TaskCard, TaskRecord
from services.web.dates import NBSP, at_time, clock_time, day_name, moment
from services.web.language import Language
from services.web.plan_words import ChangeWords, changes, needs_in_words, version_at
from services.web.presentation import (
    Baton,
    Chip,
    LargeProof,
    Level,
    baton,
    chip,
    initials,
    large_proofs,
    level_of,
    patient_name,
    short_name,
    word_of,
)
from services.web.stay_words import reason_words

__all__ = ["Card", "Reader", "card_of", "moves_for", "place_name", "role_words"]

_UNDO: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who looks, when and in which language; every card of a page shares it."""

    caller: Caller
    directory: Directory
    now: datetime
    lang: Language

    @property
    def scope(self) -> tuple[SorCode, ...]:
        """The organisations that the reader acts for."""
        return self.caller.scope(self.directory)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything that ``web/card.html`` shows."""

    id: TaskId
    stay_id: str
    version: int
    title: str
    level: Level
    level_word: str
    origin: str
    name: str | None
    age: int | None
    cpr: str | None
    where: str | None
    changes: tuple[ChangeWords, ...]
    needs: tuple[str, ...]
    baton: Baton
    proofs: tuple[LargeProof, ...]
    notes: tuple[str, ...]
    label: str
    chip: Chip
    holder: str | None
    holder_initials: str
    is_mine: bool
    is_taken: bool
    is_withdrawn: bool
    is_closed: bool
    taken_at: str
    undo_seconds: int
    """How long the press that took it can still be undone from the list; 0: no longer."""
    reason: str | None
    note: str | None
    """What the agreement, or who wrote last, wants whoever does it to know."""
    proposed: str | None
    waits: str | None
    """What must be over before it is done."""
    released: str | None
    """Since when it waits no more."""
    moves: frozenset[Move]

    @property
    def is_small(self) -> bool:
        """Taken and closed cards are one line each."""
        return self.is_taken or self.is_closed

    def may(self, move: str) -> bool:
        """Tell whether the reader may make ``move`` now."""
        return Move(move) in self.moves


def place_name(sor: SorCode | None, directory: Directory) -> str:
    """``Birkelund Kommune, Nord``: an organisation with the one above it, when it has one."""
    found = None if sor is None else directory.get(sor)
    if found is None:
        return ""
    top = directory.get(directory.root(found.sor))
    return found.name if top is None or top.sor == found.sor else f"{top.name}, {found.name}"


def moves_for(task: HandoverTask, reader: Reader) -> frozenset[Move]:
    """What the reader may do to the task now, as far as a page can know; the handler has the last word."""
    caller = reader.caller
    possible = {move for (status, move) in TASK_TRANSITIONS if status is task.status}
    if caller.role is Role.LEADER:
        return frozenset(possible & {Move.GIVE_UP} if caller.leads() in task.escalated_to else ())
    if caller.role not in ACTING_ROLES:
        return frozenset()
    allowed: set[Move] = set()
    if task.owner in reader.scope and caller.role in task.audience:
        allowed |= possible - {Move.AGREE_TIME, Move.DECLINE_TIME, Move.WITHDRAW, Move.GIVE_UP}
        held_by_other = task.assignee is not None and task.assignee.id != caller.person_id
        if held_by_other:
            allowed &= {Move.ASSIGN, Move.SEE}
        if not task.chain and task.owner == task.requester:
            allowed -= {Move.REJECT}
    elif task.requester in reader.scope and caller.role is not Role.VISITATOR:
        allowed |= possible & {Move.WITHDRAW}
    if task.proposed_time is not None and task.requester in reader.scope and caller.role is not Role.VISITATOR:
        allowed |= possible & {Move.AGREE_TIME, Move.DECLINE_TIME}
    # A question about a line ends with its answer or with the line.
    return frozenset(allowed - {Move.REJECT, Move.WITHDRAW} if task.code in ANSWERS else allowed)


def card_of(card: TaskCard, reader: Reader) -> Card:
    """The card of a task for one reader."""
    record, context, lang, now = card.record, card.context, reader.lang, reader.now
    task = record.task
    level = level_of(record, now)
    patient = None if context is None else context.patient
    mine = task.assignee is not None and task.assignee.id == reader.caller.person_id
    accepted_at = task.proofs.accepted_at
    return Card(
        id=task.id,
        stay_id=task.stay_id,
        version=task.version,
        title=lang.of(task.title),
        level=level,
        level_word=word_of(level, lang),
        origin=_origin(task, context, reader),
        name=None if patient is None else patient_name(patient),
        age=None if patient is None else patient.age,
        cpr=None if patient is None else patient.cpr_masked,
        where=None if context is None else _where(context, reader),
        changes=() if context is None else _news(record, context, reader),
        needs=() if context is None else needs_in_words(context.stay.plan, now, lang),
        baton=baton(record, now, lang, with_names=True),
        proofs=large_proofs(record, now, lang, me=reader.caller.person_id),
        notes=_notes(record, reader),
        label=_label(record, level, lang),
        chip=chip(record, now, lang),
        holder=None if task.assignee is None else short_name(task.assignee.name),
        holder_initials="" if task.assignee is None else initials(task.assignee.name),
        is_mine=mine,
        is_taken=task.is_open and not task.is_unanswered,
        is_withdrawn=task.status is TaskStatus.CANCELLED,
        is_closed=not task.is_open,
        taken_at="" if accepted_at is None else moment(accepted_at, now, lang),
        undo_seconds=_undo_seconds(task, now) if mine else 0,
        reason=reason_words(task.status_reason, lang),
        note=_note(task, lang),
        proposed=_when(task.proposed_time, reader) if task.proposed_time is not None and task.is_open else None,
        waits=_waits(task, context, lang) if task.is_waiting else None,
        released=_released(task, reader),
        moves=moves_for(task, reader),
    )


def _note(task: HandoverTask, lang: Language) -> str | None:
    """What the agreement says in the reader's language; what a person wrote as it was written."""
    if lang.is_danish or task.note_en is None:
        return task.note
    # The core's reason for something that was taken back stands last, in the words that it is known by.
    said, dot, reason = task.note_en.rpartition(". ")
    return f"{said}{dot}{reason_words(reason, lang)}"


def _waits(task: HandoverTask, context: StayView | None, lang: Language) -> str:
    if task.wait is None or task.wait.code != RECONCILE:
        return lang.text("Venter på en anden opgave i forløbet")
    if context is not None and context.gp is None:
        return lang.text("Venter på afstemningen af medicinen")
    return lang.text("Venter på egen læges afstemning")


def _released(task: HandoverTask, reader: Reader) -> str | None:
    at = None if task.wait is None or not task.is_open else task.wait.released_at
    return None if at is None else reader.lang.text("Frigivet {at}").format(at=_at(at, reader.now, reader.lang))


def _undo_seconds(task: HandoverTask, now: datetime) -> int:
    accepted_at = task.proofs.accepted_at
    if task.status is not TaskStatus.ACCEPTED or accepted_at is None:
        return 0
    return max(0, round((_UNDO - (now - accepted_at)).total_seconds()))


def _when(at: datetime, reader: Reader) -> str:
    day = day_name(local(at).date(), local(reader.now).date(), reader.lang)
    return f"{day} {at_time(clock_time(at, reader.lang), reader.lang)}"


def _origin(task: HandoverTask, context: StayView | None, reader: Reader) -> str:
    """Where the duty came from: what happened to the patient, and when the task arrived."""
    t, now, lang = reader.lang.text, reader.now, reader.lang
    came = t("Kom {at}").format(at=_at(task.proofs.sent_at, now, lang))
    if context is None:
        return came
    stay = context.stay
    if stay.died_at is not None:
        fact, at = t("Død {at}"), stay.died_at
    elif stay.ended_at is not None:
        fact, at = t("Udskrevet {at}"), stay.ended_at
    else:
        fact, at = t("Indlagt {at}"), stay.began_at
    same = abs(at - task.proofs.sent_at) < timedelta(minutes=2)
    happened = fact.format(at=_at(at, now, lang))
    return happened if same else f"{happened} · {came[:1].lower()}{came[1:]}"


def _at(instant: datetime, now: datetime, lang: Language) -> str:
    said = moment(instant, now, lang)
    return at_time(said, lang) if said[:1].isdigit() else said


def _where(context: StayView, reader: Reader) -> str:
    ward = reader.directory.get(context.stay.ward)
    name = "" if ward is None else ward.name
    bed = context.stay.plan.bed if context.stay.is_open else None
    return f"{name}, {reader.lang.text('seng')}{NBSP}{bed}" if bed else name


def _news(record: TaskRecord, context: StayView, reader: Reader) -> tuple[ChangeWords, ...]:
    """What changed since the reader's side last took the task, or since it was sent."""
    task = record.task
    taken = [past.proofs.accepted_at for past in task.rounds if past.proofs.accepted_at is not None]
    since = task.proofs.accepted_at or (taken[-1] if taken else task.created_at)
    return changes(version_at(context.plans, since), context.stay.plan, reader.now, reader.lang)


def _notes(record: TaskRecord, reader: Reader) -> tuple[str, ...]:
    t = reader.lang.text
    roles = role_words(reader.lang)
    return tuple(
        t("{who} hos {place} fik besked {at}").format(
            who=", ".join(roles[role] for role in Role if role in told.roles) or t("Vagthavende"),
            place=place_name(told.organization, reader.directory),
            at=_at(told.at, reader.now, reader.lang),
        )
        for told in record.told
    )


def role_words(lang: Language) -> dict[Role, str]:
    """What each role is called."""
    t = lang.text
    return {
        Role.WARD: t("Sygeplejerske"),
        Role.DOCTOR: t("Læge"),
        Role.VISITATOR: t("Visitator"),
        Role.HOME_NURSE: t("Hjemmesygeplejerske"),
        Role.GP: t("Egen læge"),
        Role.PHARMACIST: t("Farmaceut"),
        Role.LEADER: t("Leder"),
        Role.OPERATOR: t("Driftsvagt"),
        Role.AGREEMENT_EDITOR: t("Aftaleredaktør"),
        Role.SYSTEM: t("Fagsystem"),
    }


def _label(record: TaskRecord, level: Level, lang: Language) -> str:
    """What the chip counts to."""
    t = lang.text
    task = record.task
    if not task.is_open:
        return ""
    to_take = task.is_unanswered and record.take_by is not None and record.next_due == record.take_by
    if to_take:
        return t("Skulle være taget") if level is Level.OVER else t("Tages senest")
    return t("Udføres senest") if record.next_due is not None else t("Frist")
