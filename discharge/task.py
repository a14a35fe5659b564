"""HandoverTask: one duty, one addressee, one deadline, one owner at a time.

The transition table is the state machine; ``docs/architecture.md`` draws it and a test compares.
Proofs are kept apart and never conflated: delivered (a device has it), seen (a person opened it),
accepted (a person took it on), done (it is carried out).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, TypedDict, assert_never

from discharge.errors import ReasonRequiredError, TaskTakenError, TransitionError
from discharge.identifiers import ConversationId, PatientId, RuleId, SorCode, StayId, TaskId
from discharge.policy import ContentClass, Role
from discharge.proofs import Person, Proof, Proofs
from discharge.waits import Wait
from discharge.words import Title

__all__ = [
    "CLOSED",
    "TASK_TRANSITIONS",
    "AgreementRef",
    "HandoverTask",
    "Move",
    "PastRound",
    "Person",
    "Priority",
    "Proof",
    "Proofs",
    "TaskStatus",
    "Title",
    "Wait",
]


class TaskStatus(StrEnum):
    """FHIR R4 Task.status, as far as a duty uses it."""

    REQUESTED = "requested"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    REJECTED = "rejected"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Move(StrEnum):
    """What somebody does to a task."""

    SEE = "see"
    ACCEPT = "accept"
    RELEASE = "release"
    REJECT = "reject"
    PROPOSE_TIME = "propose-time"
    AGREE_TIME = "agree-time"
    DECLINE_TIME = "decline-time"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    COMPLETE = "complete"
    ASSIGN = "assign"
    WITHDRAW = "withdraw"
    GIVE_UP = "give-up"


_S, _M = TaskStatus, Move
TASK_TRANSITIONS: Final[dict[tuple[TaskStatus, Move], TaskStatus]] = {
    (_S.REQUESTED, _M.SEE): _S.RECEIVED,
    (_S.REQUESTED, _M.ACCEPT): _S.ACCEPTED,
    (_S.REQUESTED, _M.REJECT): _S.REJECTED,
    (_S.REQUESTED, _M.PROPOSE_TIME): _S.RECEIVED,
    (_S.REQUESTED, _M.ASSIGN): _S.ACCEPTED,
    (_S.REQUESTED, _M.WITHDRAW): _S.CANCELLED,
    (_S.REQUESTED, _M.GIVE_UP): _S.FAILED,
    (_S.RECEIVED, _M.SEE): _S.RECEIVED,
    (_S.RECEIVED, _M.ACCEPT): _S.ACCEPTED,
    (_S.RECEIVED, _M.REJECT): _S.REJECTED,
    (_S.RECEIVED, _M.PROPOSE_TIME): _S.RECEIVED,
    (_S.RECEIVED, _M.AGREE_TIME): _S.RECEIVED,
    (_S.RECEIVED, _M.DECLINE_TIME): _S.RECEIVED,
    (_S.RECEIVED, _M.ASSIGN): _S.ACCEPTED,
    (_S.RECEIVED, _M.WITHDRAW): _S.CANCELLED,
    (_S.RECEIVED, _M.GIVE_UP): _S.FAILED,
    (_S.ACCEPTED, _M.RELEASE): _S.RECEIVED,
    (_S.ACCEPTED, _M.REJECT): _S.REJECTED,
    (_S.ACCEPTED, _M.START): _S.IN_PROGRESS,
    (_S.ACCEPTED, _M.COMPLETE): _S.COMPLETED,
    (_S.ACCEPTED, _M.ASSIGN): _S.ACCEPTED,
    (_S.ACCEPTED, _M.WITHDRAW): _S.CANCELLED,
    (_S.ACCEPTED, _M.GIVE_UP): _S.FAILED,
    (_S.IN_PROGRESS, _M.PAUSE): _S.ON_HOLD,
    (_S.IN_PROGRESS, _M.COMPLETE): _S.COMPLETED,
    (_S.IN_PROGRESS, _M.ASSIGN): _S.IN_PROGRESS,
    (_S.IN_PROGRESS, _M.WITHDRAW): _S.CANCELLED,
    (_S.IN_PROGRESS, _M.GIVE_UP): _S.FAILED,
    (_S.ON_HOLD, _M.RESUME): _S.IN_PROGRESS,
    (_S.ON_HOLD, _M.COMPLETE): _S.COMPLETED,
    (_S.ON_HOLD, _M.ASSIGN): _S.ON_HOLD,
    (_S.ON_HOLD, _M.WITHDRAW): _S.CANCELLED,
    (_S.ON_HOLD, _M.GIVE_UP): _S.FAILED,
}
"""Handing on to another unit (``ASSIGN`` with an owner) is a new round: requested, from every open state."""
CLOSED: Final = frozenset({_S.REJECTED, _S.COMPLETED, _S.CANCELLED, _S.FAILED})
_UNANSWERED: Final = frozenset({_S.REQUESTED, _S.RECEIVED})
_HELD: Final = frozenset({_S.ACCEPTED, _S.IN_PROGRESS, _S.ON_HOLD})
_OF_THE_HOLDER: Final = frozenset(
    {_M.ACCEPT, _M.RELEASE, _M.REJECT, _M.PROPOSE_TIME, _M.START, _M.PAUSE, _M.RESUME, _M.COMPLETE}
)
_EXPLAINED: Final = frozenset({_M.REJECT, _M.WITHDRAW, _M.GIVE_UP})
_REACHED: Final = {
    _M.ACCEPT: _S.ACCEPTED,
    _M.START: _S.IN_PROGRESS,
    _M.PAUSE: _S.ON_HOLD,
    _M.RESUME: _S.IN_PROGRESS,
    _M.COMPLETE: _S.COMPLETED,
    _M.REJECT: _S.REJECTED,
    _M.WITHDRAW: _S.CANCELLED,
    _M.GIVE_UP: _S.FAILED,
}


class Priority(StrEnum):
    """FHIR R4 request-priority."""

    ROUTINE = "routine"
    URGENT = "urgent"
    ASAP = "asap"
    STAT = "stat"


@dataclass(frozen=True, slots=True)
class AgreementRef:
    """The agreement and version that a task was made under; it keeps that version for life."""

    id: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRound:
    """A round of proofs that a changed plan, a release or a hand-over closed. Within one, proofs only grow."""

    proofs: Proofs
    status: TaskStatus
    owner: SorCode
    closed_at: datetime


class _Changes(TypedDict, total=False):
    """What a move changes beside the state."""

    assignee: Person | None
    due_at: datetime | None
    proposed_time: datetime | None
    proofs: Proofs
    rounds: tuple[PastRound, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverTask:
    """One duty. ``version`` rises when status, owner, assignee or deadline change, and only then."""

    id: TaskId
    version: int = 1
    stay_id: StayId
    patient_id: PatientId
    rule: RuleId | None = None
    agreement: AgreementRef | None = None
    cause: str | None = None
    """The trigger that made it: what undoing that fact withdraws. None once the fact was taken back."""
    code: str
    title: Title
    content_class: ContentClass
    priority: Priority = Priority.ROUTINE
    requester: SorCode
    owner: SorCode
    audience: frozenset[Role]
    """The roles at the owner whose feed and list show it."""
    chain: tuple[SorCode, ...] = ()
    """Who is asked next when the owner rejects, in order; after them the requester."""
    status: TaskStatus = TaskStatus.REQUESTED
    status_reason: str | None = None
    assignee: Person | None = None
    created_at: datetime
    changed_at: datetime
    due_at: datetime | None = None
    proposed_time: datetime | None = None
    note: str | None = None
    """What whoever does it must know: in words of the agreement (Danish) or of a person."""
    note_en: str | None = None
    """The same in English, where the words are the agreement's."""
    proofs: Proofs
    rounds: tuple[PastRound, ...] = field(default=())
    escalated_to: frozenset[str] = frozenset()
    """``SOR|role`` keys of those who were told because nobody answered."""
    replaces: TaskId | None = None
    conversation_id: ConversationId | None = None
    """The thread whose message asks for it."""
    wait: Wait | None = None
    """What its rule has it wait for."""

    @property
    def is_open(self) -> bool:
        """True while somebody still owes it."""
        return self.status not in CLOSED

    @property
    def is_unanswered(self) -> bool:
        """True while no person has taken it on: only then does it escalate."""
        return self.status in _UNANSWERED

    @property
    def is_waiting(self) -> bool:
        """True while another duty of the stay must be over before this one is done."""
        return self.is_open and self.wait is not None and self.wait.is_on

    def settled(self, open_codes: Collection[str], at: datetime) -> HandoverTask:
        """Made to wait or released by the duties that are open now; this very object where that is no news."""
        if self.wait is None or not self.is_open:
            return self
        wait = self.wait.settled(is_open=self.wait.code in open_codes, at=at)
        return self if wait is self.wait else replace(self, wait=wait)

    def moved(
        self,
        move: Move,
        *,
        by: Person,
        at: datetime,
        reason: str | None = None,
        proposed_time: datetime | None = None,
        assignee: Person | None = None,
        owner: SorCode | None = None,
        note: str | None = None,
    ) -> HandoverTask:
        """Return the task after ``move`` by ``by``, or this very object when it is already so.

        Raises:
            TaskTakenError: somebody else has it.
            TransitionError: the table has no such move from here.
            ReasonRequiredError: the move must be explained, or a proposal lacks its time.
        """
        if self.assignee is not None and move in _OF_THE_HOLDER and self.assignee.id != by.id:
            raise TaskTakenError(holder=self.assignee.name, since=self.proofs.accepted_at or self.changed_at)
        if self._is_already(move, by, reason=reason, proposed_time=proposed_time, assignee=assignee, owner=owner):
            return self
        status = TASK_TRANSITIONS.get((self.status, move))
        if status is None or (move in {_M.AGREE_TIME, _M.DECLINE_TIME} and self.proposed_time is None):
            raise TransitionError(kind="Task", state=self.status, move=move)
        if (move in _EXPLAINED and not (reason and reason.strip())) or (
            move is _M.PROPOSE_TIME and proposed_time is None
        ):
            raise ReasonRequiredError(action=move)
        if move is _M.ASSIGN and owner is not None and owner != self.owner:
            return replace(
                self.renewed(at, owner=owner), note=note or self.note, note_en=None if note else self.note_en
            )
        changes = self._made(move, by, at, proposed_time=proposed_time, assignee=assignee)
        holder, due_at = changes.get("assignee", self.assignee), changes.get("due_at", self.due_at)
        return replace(
            self,
            **changes,
            status=status,
            status_reason=reason if move in _EXPLAINED else self.status_reason,
            changed_at=at,
            note=note or self.note,
            note_en=None if note else self.note_en,
            version=self._version_of(status, self.owner, holder, due_at),
        )

    def _made(  # noqa: PLR0911 - one arm per move
        self, move: Move, by: Person, at: datetime, *, proposed_time: datetime | None, assignee: Person | None
    ) -> _Changes:
        """What ``move`` does beside the state."""
        match move:
            case Move.SEE:
                return {"proofs": self.proofs.seen(at, by)}
            case Move.ACCEPT | Move.ASSIGN:
                return self._taken(by, at, assignee or by)
            case Move.RELEASE:
                return self._let_go(at)
            case Move.REJECT:
                released = self.proofs.seen(at, by).released()
                return {**self._let_go(at), "proofs": released} if self.status in _HELD else {"proofs": released}
            case Move.PROPOSE_TIME:
                return {"proposed_time": proposed_time, "proofs": self.proofs.seen(at, by)}
            case Move.AGREE_TIME:
                return {"due_at": self.proposed_time, "proposed_time": None}
            case Move.DECLINE_TIME:
                return {"proposed_time": None}
            case Move.COMPLETE:
                return {"proofs": self.proofs.done(at, by)}
            case Move.START | Move.PAUSE | Move.RESUME | Move.WITHDRAW | Move.GIVE_UP:
                return {}
            case _:
                assert_never(move)

    def _taken(self, by: Person, at: datetime, person: Person) -> _Changes:
        """``person`` has it now; from another's hands it comes in a new round."""
        before = self._let_go(at) if self.status in _HELD else _Changes(proofs=self.proofs)
        proofs = before["proofs"].seen(at, by).accepted(at, person)
        return {**before, "assignee": person, "proposed_time": None, "proofs": proofs}

    def _let_go(self, at: datetime) -> _Changes:
        """Nobody has it; the round in which somebody did is kept."""
        return {"assignee": None, "proofs": self.proofs.released(), "rounds": (*self.rounds, self._round(at))}

    def _round(self, at: datetime) -> PastRound:
        return PastRound(proofs=self.proofs, status=self.status, owner=self.owner, closed_at=at)

    def _version_of(self, status: TaskStatus, owner: SorCode, assignee: Person | None, due_at: datetime | None) -> int:
        """The version of what comes after: one up where it differs in what a version stands for."""
        same = (status, owner, assignee, due_at) == (self.status, self.owner, self.assignee, self.due_at)
        return self.version if same else self.version + 1

    def _is_already(  # noqa: PLR0911 - one arm per kind of move
        self,
        move: Move,
        by: Person,
        *,
        reason: str | None,
        proposed_time: datetime | None,
        assignee: Person | None,
        owner: SorCode | None,
    ) -> bool:
        """Tell whether a repeated press finds what it asks for."""
        mine = self.assignee is not None and self.assignee.id == by.id
        match move:
            case Move.SEE:
                return self.proofs.seen_at is not None or self.status not in _UNANSWERED
            case Move.ACCEPT | Move.START | Move.PAUSE | Move.RESUME | Move.COMPLETE:
                return mine and self.status is _REACHED[move]
            case Move.REJECT | Move.WITHDRAW | Move.GIVE_UP:
                return self.status is _REACHED[move] and self.status_reason == reason
            case Move.RELEASE:
                past = self.rounds[-1].proofs.accepted_by if self.rounds and self.status is _S.RECEIVED else None
                return past is not None and past.id == by.id
            case Move.PROPOSE_TIME:
                return proposed_time is not None and self.proposed_time == proposed_time
            case Move.ASSIGN:
                stays = owner is None or owner == self.owner
                return stays and self.status in _HELD and self.assignee == (assignee or by)
            case Move.AGREE_TIME | Move.DECLINE_TIME:
                return False
            case _:
                assert_never(move)

    def renewed(self, at: datetime, *, owner: SorCode | None = None, due_at: datetime | None = None) -> HandoverTask:
        """A new round: nobody has it, nothing is proven but that it was sent; the old round is kept."""
        owner, due_at = owner or self.owner, due_at or self.due_at
        return replace(
            self,
            version=self._version_of(_S.REQUESTED, owner, None, due_at),
            owner=owner,
            due_at=due_at,
            status=_S.REQUESTED,
            assignee=None,
            proposed_time=None,
            proofs=Proofs(sent_at=at),
            rounds=(*self.rounds, self._round(at)),
            changed_at=at,
        )

    def redated(self, at: datetime, due_at: datetime) -> HandoverTask:
        """The same duty, owed by another instant; who has it keeps it."""
        if due_at == self.due_at:
            return self
        return replace(self, due_at=due_at, version=self.version + 1, changed_at=at)

    def groundless(self) -> HandoverTask:
        """The fact that made it was taken back: it is no answer to the next one. The version stays."""
        return replace(self, cause=None)

    def delivered(self, at: datetime) -> HandoverTask:
        """A device of the owner has it; the first time counts and the version stays."""
        if self.proofs.delivered_at is not None:
            return self
        return replace(self, proofs=replace(self.proofs, delivered_at=at))

    def escalated(self, key: str) -> HandoverTask:
        """One more party was told; the version stays."""
        return replace(self, escalated_to=self.escalated_to | {key})
