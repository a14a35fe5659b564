"""What tests of handlers share: a store with one citizen, the course of a stay as it is told, and what people do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from discharge.agreement import StepKind
from discharge.commands import Receipt, ReceiptCode
from discharge.conversation import Conversation
from discharge.handlers import FireTimers, begin_stay, fire_timers, move_task, receive_notice, revise_plan
from discharge.identifiers import FeedId, MessageId, SorCode
from discharge.notices import NoticeKind
from discharge.plan import PlanRevision
from discharge.policy import Caller, Role
from discharge.stay import Stay
from discharge.task import HandoverTask, Move, TaskStatus
from notifications.entry import Addressed, EntryEvent
from tests.factories import (
    ADMITTED_AT,
    MUNICIPALITY,
    NOW,
    WARD,
    begin_by_hand,
    caller,
    envelope,
    episode,
    home_nurse,
    leader,
    move,
    new_id,
    notice,
    patient,
    receive,
    revise,
    ward_nurse,
)
from tests.fakes import FakeStore

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MUNICIPAL: Final = caller(Role.HOME_NURSE, MUNICIPALITY)
"""A nurse of the municipality as a whole."""
OK: Final = Receipt(code=ReceiptCode.OK)
EPISODE: Final = episode()
STIN: Final = notice(NoticeKind.STIN, episodes=(EPISODE,), report_requested=True)
STAA: Final = notice(NoticeKind.STAA, episodes=(EPISODE,), started_at=ADMITTED_AT - HOUR, report_requested=True)
SLHJ: Final = notice(NoticeKind.SLHJ, episodes=(EPISODE,))
_K = NoticeKind


def fresh_id() -> MessageId:
    """The id of a message that is still to come."""
    return MessageId(new_id())


def house(**changes: object) -> FakeStore:
    """The little Denmark with one citizen of district north."""
    return FakeStore(patients=[patient(**changes)])


async def admitted(**changes: object) -> FakeStore:
    """The citizen is at the ward, and the municipality knows."""
    store = house(**changes)
    await store.run(receive_notice, receive())
    return store


async def discharged(store: FakeStore, **plan: object) -> Stay:
    """The ward begins a stay, says what it knows, and marks the patient as gone."""
    stay = await store.run(begin_stay, begin_by_hand())
    revision = PlanRevision(**plan)  # type: ignore[arg-type] # fields carry their own types
    return await store.run(revise_plan, revise(stay.id, revision=revision, discharged_at=NOW))


async def do(store: FakeStore, who: Caller, task: HandoverTask, *moves: Move, **changes: object) -> HandoverTask:
    """Somebody does that to the duty."""
    for what in moves:
        task = await store.run(move_task, move(who, task, what, **changes))
    return task


async def end(store: FakeStore, task: HandoverTask, status: TaskStatus) -> None:
    """Let a duty of the municipality that the ward asked for end so."""
    if status is TaskStatus.FAILED:
        # Nobody answers, so the leader is told.
        store.now += 3 * HOUR
        await store.run(fire_timers, FireTimers(until=store.now))
        await do(store, leader(), task, Move.GIVE_UP, reason="Ingen vogn i dag")
    elif status is TaskStatus.COMPLETED:
        await do(store, home_nurse(), task, Move.ACCEPT, Move.COMPLETE)
    else:
        await do(store, ward_nurse(), task, Move.WITHDRAW, reason="Ikke mere brug for det")


def status_of(store: FakeStore) -> dict[str, TaskStatus]:
    """Code -> status of its latest duty."""
    return {task.code: task.status for task in store.tasks()}


def rungs(store: FakeStore, task: HandoverTask) -> list[tuple[StepKind, str, timedelta]]:
    """The rungs of a duty that have not been climbed: what, at whom, and how long from now."""
    return sorted(
        (timer.step.kind, timer.step.organization, timer.step.due_at - store.now)
        for timer in store.state.timers.values()
        if timer.step.task_id == task.id and timer.fired_at is None and timer.step.due_at is not None
    )


def thread(store: FakeStore) -> Conversation:
    """The only thread there is."""
    (found,) = store.state.conversations.values()
    return found


def told(store: FakeStore, place: SorCode) -> list[Addressed]:
    """What the place was told of letters."""
    return [entry for entry in store.feeds[FeedId(place)] if entry.event is EntryEvent.MESSAGE]


class Course:
    """Messages of one stay, each naming those before it; they happen, and come, a minute apart."""

    def __init__(self, store: FakeStore) -> None:
        self.store = store
        self.sent: list[MessageId] = []
        self.episode = episode()

    async def tell(
        self, kind: NoticeKind, *, client: Caller | None = None, message_id: MessageId | None = None, **changes: Any
    ) -> None:
        """One more message; ``message_id`` when others have named it before it came."""
        at = NOW + len(self.sent) * MINUTE
        message = envelope(sender=WARD if client is None else client.acting, message_id=message_id or fresh_id())
        said = replace(
            notice(kind),
            episodes=(self.episode,),
            occurred_at=at,
            ended_at=at if kind.base is _K.SLHJ else None,
            leave_started_at=at if kind.base is _K.STOR else None,
            leave_ended_at=at if kind.base is _K.SLOR else None,
            history=tuple(self.sent),
            about=self.sent[-1] if self.sent else None,
        )
        self.store.now = max(self.store.now, at)
        received = receive(replace(said, **changes), sent=message, client=client)
        receipt = await self.store.run(receive_notice, received)
        assert receipt.code is ReceiptCode.OK
        if message_id is None:
            self.sent.append(message.message_id)

    async def die(self, kind: NoticeKind = _K.STIN, *, deceased: bool = True) -> None:
        """A death repeats an older activity."""
        await self.tell(kind, deceased=deceased)

    def lose(self) -> MessageId:
        """A message that the later ones name was sent, and has not come."""
        self.sent.append(fresh_id())
        return self.sent[-1]


def course(**changes: Any) -> Course:
    """A stay nothing is told of yet."""
    return Course(FakeStore(patients=[patient()], **changes))
