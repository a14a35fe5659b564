"""What an agreement would have made of a stay that is past, beside what really happened.

The stay's notices, plans, messages and people's acts are gone through once more, by the very handlers that
took them in, under another agreement. Nothing is guessed: a duty that nobody had has no known outcome.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never

from discharge.agreement import Trigger
from discharge.context import MessageFacts
from discharge.directory import Directory
from discharge.errors import ReasonRequiredError, TaskTakenError, TransitionError
from discharge.handlers import course, duties, moves, ward
from discharge.identifiers import ConversationId, RuleId, SorCode, StayId
from discharge.notices import FiledNotice
from discharge.patient import Patient
from discharge.plan import DischargePlan
from discharge.ports import Agreements
from discharge.rehearsal import Rehearsal
from discharge.stay import PartyBasis, Stay
from discharge.task import HandoverTask, Move, Person, TaskStatus

__all__ = [
    "REPLAYED_MOVES",
    "Acted",
    "Duty",
    "Happening",
    "Joined",
    "Noticed",
    "PastStay",
    "PastTask",
    "Planned",
    "Verdict",
    "Written",
    "in_turn",
    "really",
    "replay",
]

_UNSAID: Final = "-"
"""In place of a person's reason, which nobody needs to read again."""
REPLAYED_MOVES: Final = frozenset(
    {
        Move.ACCEPT,
        Move.RELEASE,
        Move.REJECT,
        Move.AGREE_TIME,
        Move.COMPLETE,
        Move.ASSIGN,
        Move.WITHDRAW,
        Move.GIVE_UP,
    }
)
"""The acts that a rule can feel. That somebody looked, or began, makes and ends no duty."""

TaskKey = tuple[RuleId | None, str, ConversationId | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The municipality, or one of its places, became party by a service of the citizen."""

    at: datetime
    organization: SorCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The ward's plan had a new version."""

    at: datetime
    plan: DischargePlan
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """A notice was filed, or a press that says the same."""

    at: datetime
    notice: FiledNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A care message about the stay."""

    at: datetime
    message: MessageFacts
    conversation_id: ConversationId
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """A person moved a task that the stay had."""

    at: datetime
    task: TaskKey
    number: int
    """Which of the stay's tasks of that key, from 0, in the order they were made."""
    move: Move
    by: Person
    owner: SorCode | None = None
    """Who owes it afterwards, where it was handed over."""
    due_at: datetime | None = None
    """The time that was agreed."""


Happening = Joined | Planned | Noticed | Written | Acted
_TURN: Final = (Joined, Planned, Noticed, Written, Acted)
"""The order within one transaction: a plan is spread before the departure that is marked with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTask:
    """A task that was really made, as it stands."""

    key: TaskKey
    owner: SorCode
    created_at: datetime
    due_at: datetime | None
    status: TaskStatus
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastStay:
    """A stay as far as rules look at it: no name, no number."""

    id: StayId
    patient: Patient
    receiver: SorCode | None
    happenings: tuple[Happening, ...]
    """In their order."""
    tasks: tuple[PastTask, ...]
    """In the order they were made."""


class Verdict(StrEnum):
    """How a duty ended."""

    KEPT = "kept"
    """Done by its deadline."""
    MISSED = "missed"
    """Done too late, given up, or not done while its deadline has passed."""
    WITHDRAWN = "withdrawn"
    PASSED_ON = "passed-on"
    """Rejected: another one has it, which is counted by itself."""
    WAITING = "waiting"
    """Not due yet."""
    UNKNOWN = "unknown"
    """Nobody had it, so nobody can say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One duty that was made, really or in the replay."""

    rule: RuleId | None
    code: str
    owner: SorCode
    made_at: datetime
    due_at: datetime | None
    verdict: Verdict


def in_turn(happening: Happening) -> tuple[datetime, int]:
    """What happenings are sorted by."""
    return happening.at, _TURN.index(type(happening))


def really(past: PastStay, until: datetime) -> tuple[Duty, ...]:
    """What was really made, and how it ended by ``until``."""
    return tuple(
        Duty(
            rule=task.key[0],
            code=task.key[1],
            owner=task.owner,
            made_at=task.created_at,
            due_at=task.due_at,
            verdict=_verdict(task.status, task.due_at, task.done_at, until),
        )
        for task in past.tasks
    )


async def replay(past: PastStay, agreements: Agreements, *, directory: Directory, until: datetime) -> tuple[Duty, ...]:
    """What ``agreements`` would have made of ``past``.

    A duty is done when the same duty was really done; where the stay had none, nobody knows.
    """
    replaying = _Replay(past, agreements, directory)
    for happening in past.happenings:
        await replaying.next(happening)
    return replaying.outcome(until)


def _verdict(status: TaskStatus, due_at: datetime | None, done_at: datetime | None, until: datetime) -> Verdict:
    match status:
        case TaskStatus.COMPLETED:
            return _kept(done_at, due_at)
        case TaskStatus.CANCELLED:
            return Verdict.WITHDRAWN
        case TaskStatus.REJECTED:
            return Verdict.PASSED_ON
        case TaskStatus.FAILED:
            return Verdict.MISSED
        case _:
            return Verdict.MISSED if due_at is not None and due_at <= until else Verdict.WAITING


def _kept(done_at: datetime | None, due_at: datetime | None) -> Verdict:
    return Verdict.MISSED if done_at is not None and due_at is not None and done_at > due_at else Verdict.KEPT


class _Replay:
    """One stay on its way through what happened."""

    def __init__(self, past: PastStay, agreements: Agreements, directory: Directory) -> None:
        self._past = past
        self._agreements = agreements
        self._directory = directory
        self._uow: Rehearsal | None = None
        self._stay: Stay | None = None
        self._plan = DischargePlan()
        """What the ward knew before its stay began here: its bed."""
        self._joined: list[Joined] = []
        self._spare: dict[TaskKey, list[datetime]] = defaultdict(list)
        """When something was done that nobody owed at that moment of the replay."""

    async def next(self, happening: Happening) -> None:
        """Let follow what follows from ``happening``."""
        if self._uow is None:
            self._uow = Rehearsal(
                now=happening.at, directory=self._directory, agreements=self._agreements, patient=self._past.patient
            )
        self._uow.now = happening.at
        stay = self._stay
        match happening:
            case Noticed():
                self._stay = await self._noticed(self._uow, stay, happening)
            case Joined() if stay is None:
                self._joined.append(happening)
            case Planned() if stay is None:
                self._plan = happening.plan
            case Joined():
                assert stay is not None, "the arm above has the other case"
                self._stay = stay.with_party(happening.organization, PartyBasis.SERVES, happening.at)
            case Planned():
                assert stay is not None, "as above"
                before, stay = stay.plan, replace(stay, plan=happening.plan)
                self._stay = await ward.spread(self._uow, stay, self._past.patient, before, happening.by)
            case Written() if stay is not None:
                news = duties.News(
                    by=happening.by, message=happening.message, conversation_id=happening.conversation_id
                )
                self._stay = await duties.plan_tasks(
                    self._uow, stay, self._past.patient, Trigger.MESSAGE_WRITTEN, news=news
                )
            case Acted() if stay is not None:
                self._stay = await self._acted(self._uow, stay, happening)
            case Written() | Acted():
                """Nothing is owed before a stay has begun."""
            case _:
                assert_never(happening)

    async def _noticed(self, uow: Rehearsal, before: Stay | None, noticed: Noticed) -> Stay:
        if before is None:
            stay = course.begin(uow, noticed.notice, self._past.patient, receiver=self._past.receiver)
            stay = replace(stay, id=self._past.id, plan=self._plan)
            for joined in self._joined:
                stay = stay.with_party(joined.organization, PartyBasis.SERVES, joined.at)
        else:
            stay = course.file(uow, before, noticed.notice)
        return await course.follow(uow, before, stay, self._past.patient, noticed.notice)

    async def _acted(self, uow: Rehearsal, stay: Stay, act: Acted) -> Stay:
        alike = [task for task in uow.tasks.made.values() if _key(task) == act.task]
        same = alike[act.number] if act.number < len(alike) else None
        if same is not None and same.status is TaskStatus.COMPLETED:
            # A rule carried it out by the same act.
            return stay
        task = same if same is not None and same.is_open else self._instead(act, alike)
        if task is None:
            if act.move is Move.COMPLETE:
                self._spare[act.task].append(act.at)
            return stay
        # Who has it in the replay may be another one than who had it: the act counts, not the name.
        by = task.assignee or act.by
        if act.move is Move.COMPLETE and task.is_unanswered:
            taken = task.moved(Move.ACCEPT, by=by, at=act.at)
            _, stay = await moves.let_follow(uow, stay, task, taken, Move.ACCEPT, by)
            task = taken
        try:
            moved = _moved(task, act, by)
        except (TransitionError, TaskTakenError, ReasonRequiredError):
            # Under this agreement the duty stands elsewhere: there is nothing to do this to.
            return stay
        if moved is not task:
            _, stay = await moves.let_follow(uow, stay, task, moved, act.move, by)
        return stay

    def _instead(self, act: Acted, alike: list[HandoverTask]) -> HandoverTask | None:
        """The duty of the replay to which the act is done where the one it was done to is over, or was never made."""
        if act.number < len(alike) and len(alike) == sum(task.key == act.task for task in self._past.tasks):
            # The same duties as then: what was done to one is not done to another.
            return None
        return next((task for task in reversed(alike) if task.is_open), None)

    def outcome(self, until: datetime) -> tuple[Duty, ...]:
        """Every duty that was made, with how it ended."""
        if self._uow is None:
            return ()
        seen: dict[TaskKey, int] = defaultdict(int)
        ended = []
        for task in self._uow.tasks.made.values():
            key = _key(task)
            ended.append(
                Duty(
                    rule=task.rule,
                    code=task.code,
                    owner=task.owner,
                    made_at=task.created_at,
                    due_at=task.due_at,
                    verdict=self._judged(task, seen[key], until),
                )
            )
            seen[key] += 1
        return tuple(ended)

    def _judged(self, task: HandoverTask, number: int, until: datetime) -> Verdict:
        judged = _verdict(task.status, task.due_at, task.proofs.done_at, until)
        if not task.is_open:
            return judged
        key = _key(task)
        if self._spare[key]:
            return _kept(self._spare[key].pop(0), task.due_at)
        if judged is Verdict.WAITING:
            return judged
        alike = [each for each in self._past.tasks if each.key == key]
        had = alike[min(number, len(alike) - 1)] if alike else None
        was_left = had is not None and _verdict(had.status, had.due_at, had.done_at, until) in _LEFT
        return Verdict.MISSED if was_left and had is not None and had.done_at is None else Verdict.UNKNOWN


_LEFT: Final = frozenset({Verdict.MISSED, Verdict.WAITING})
"""How a duty stands that nobody has done yet."""


def _key(task: HandoverTask) -> TaskKey:
    return task.rule, task.code, task.conversation_id


def _moved(task: HandoverTask, act: Acted, by: Person) -> HandoverTask:
    if act.move is Move.AGREE_TIME:
        return task if act.due_at is None else task.redated(act.at, act.due_at)
    return task.moved(act.move, by=by, at=act.at, reason=_UNSAID, owner=act.owner)
