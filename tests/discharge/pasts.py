"""Lifelike courses in the fake store, and what is recorded of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from discharge.context import MessageFacts
from discharge.errors import DischargeError
from discharge.events import CareMessageWritten, Event, TaskMoved
from discharge.handlers import move_task, receive_letter, receive_notice, revise_plan, write_message
from discharge.identifiers import ConversationId, MessageId, PersonId, RuleId
from discharge.letter import LetterKind
from discharge.notices import NoticeKind
from discharge.plan import DischargePlan, Need, PlanRevision
from discharge.policy import Caller, Role
from discharge.replay import (
    REPLAYED_MOVES,
    Acted,
    Happening,
    Joined,
    Noticed,
    PastStay,
    PastTask,
    Planned,
    Written,
    in_turn,
)
from discharge.stay import PartyBasis
from discharge.task import HandoverTask, Move, Person, TaskStatus
from tests import factories, letters
from tests.factories import HOSPITAL, MUNICIPALITY, NORTH, OTHER_WARD, PRACTICE, WARD
from tests.fakes import FakeStore

__all__ = ["Course", "past_of"]

_EPISODE: Final = factories.episode()
_WARDS: Final = (WARD, OTHER_WARD)
_NEEDS: Final = tuple(Need)
_DESTINATIONS: Final = ("home", "acute-team", "care-home", None)
_MOVES: Final = tuple(sorted(REPLAYED_MOVES - {Move.AGREE_TIME})) + (Move.ACCEPT, Move.COMPLETE) * 3 + (Move.SEE,)


class Course:
    """A stay that goes where the dice send it; what is refused has not happened."""

    def __init__(self, store: FakeStore, seed: int) -> None:
        self.store = store
        self.plans: list[tuple[DischargePlan, Planned]] = []
        self._dice = random.Random(seed)

    async def run(self, steps: int) -> None:
        """Let this many things happen, minutes or days apart."""
        await self._notice(NoticeKind.STIN)
        for _ in range(steps):
            self.store.now += timedelta(minutes=self._dice.choice((1, 20, 90, 400, 1500)), seconds=1)
            step = self._dice.choice((self._plan, self._plan, self._act, self._act, self._act, self._tell, self._write))
            try:
                await step()
            except DischargeError:
                continue

    async def _notice(self, kind: NoticeKind, **changes: object) -> None:
        ended_at = self.store.now if kind is NoticeKind.SLHJ else None
        told = factories.notice(
            kind,
            episodes=(_EPISODE,),
            ended_at=ended_at,
            occurred_at=self.store.now,
            report_requested=self._dice.random() < 0.5,
            **changes,
        )
        await self.store.run(receive_notice, factories.receive(told))

    async def _tell(self) -> None:
        kind = self._dice.choice((NoticeKind.STIN, NoticeKind.SLHJ, NoticeKind.STOR, NoticeKind.SLOR, NoticeKind.STAA))
        leave = {"leave_started_at": self.store.now} if kind is NoticeKind.STOR else {}
        back = {"leave_ended_at": self.store.now} if kind is NoticeKind.SLOR else {}
        await self._notice(kind, service_provider=self._dice.choice(_WARDS), **leave, **back)

    async def _plan(self) -> None:
        dice, now = self._dice, self.store.now
        said: dict[str, object] = {
            "expected_discharge_at": now + timedelta(hours=dice.choice((3, 20, 45, 80))),
            "needs": frozenset(dice.sample(_NEEDS, dice.randint(0, 3))),
            "first_visit_at": now + timedelta(hours=dice.choice((4, 30))),
            "destination": dice.choice(_DESTINATIONS),
            "treatment_finished_at": dice.choice((None, now)),
            "frail": dice.random() < 0.5,
            "agreed_by_phone": dice.choice((None, "Bente, kl. 10")),
            "bed": dice.choice(("1", "2")),
            "override_reason": "det haster",
        }
        revision = PlanRevision(**dict(dice.sample(sorted(said.items()), 3)))  # type: ignore[arg-type] # fields carry their own types
        leaving = dice.choice(({}, {}, {"discharged_at": now}, {"undo_discharged": True}))
        stay = self.store.stay()
        nurse = factories.ward_nurse(stay.ward)
        command = factories.revise(stay.id, caller=nurse, revision=revision, **leaving)
        await self.store.run(revise_plan, command)
        plan = self.store.stay().plan
        if plan.version > stay.plan.version:
            by = Person(nurse.person_id, nurse.name)
            self.plans.append((stay.plan, Planned(at=now, plan=plan, by=by)))

    async def _act(self) -> None:
        task = self._dice.choice(self.store.tasks())
        move = self._dice.choice(_MOVES)
        who = _somebody_at(task, self.store, asks=move is Move.WITHDRAW)
        owner = NORTH if move is Move.ASSIGN and task.owner == MUNICIPALITY else None
        await self.store.run(move_task, factories.move(who, task, move, reason="nej", owner=owner))

    async def _write(self) -> None:
        if self._dice.random() < 0.5:
            await self.store.run(receive_letter, letters.receive(letters.letter(at=self.store.now)))
            return
        stay = self.store.stay()
        nurse = factories.caller(Role.HOME_NURSE, MUNICIPALITY, unit=NORTH)
        await self.store.run(
            write_message,
            letters.write(caller=nurse, stay_id=stay.id, draft=MessageId(factories.new_id()), recipient=stay.ward),
        )


def _somebody_at(task: HandoverTask, store: FakeStore, *, asks: bool) -> Caller:
    place = task.requester if asks else task.owner
    top = {WARD: HOSPITAL, OTHER_WARD: HOSPITAL, HOSPITAL: HOSPITAL, PRACTICE: PRACTICE}.get(place, MUNICIPALITY)
    role = min(task.audience) if not asks and task.audience else Role.WARD
    assert place in store.directory
    return factories.caller(role, top, unit=None if place == top else place)


def past_of(store: FakeStore, course: Course) -> PastStay:
    """What a real store would keep of the only stay."""
    stay = store.stay()
    (patient,) = store.state.patients.values()
    tasks = [task for task in store.tasks() if task.rule is not None]
    happenings: list[Happening] = [
        *(Noticed(at=notice.received_at, notice=notice) for notice in stay.notices),
        *(planned for _, planned in course.plans),
        *(Joined(at=p.since, organization=p.organization) for p in stay.parties if p.basis is PartyBasis.SERVES),
        *_acts(store.events, tasks),
        *_messages(store),
    ]
    return PastStay(
        id=stay.id,
        patient=patient,
        receiver=stay.receiver,
        happenings=tuple(sorted(happenings, key=in_turn)),
        tasks=tuple(
            PastTask(
                key=_key(task),
                owner=task.owner,
                created_at=task.created_at,
                due_at=task.due_at,
                status=task.status,
                done_at=task.proofs.done_at,
            )
            for task in tasks
        ),
    )


def _acts(events: list[Event], tasks: list[HandoverTask]) -> Iterator[Acted]:
    counted: Counter[object] = Counter()
    numbers = {}
    for task in tasks:
        numbers[task.id] = counted[_key(task)]
        counted[_key(task)] += 1
    others = {event.at for event in events if not isinstance(event, TaskMoved) or event.move is not Move.WITHDRAW}
    for event in events:
        if not isinstance(event, TaskMoved) or event.by is None or event.move not in REPLAYED_MOVES:
            continue
        if event.task.id not in numbers or (event.move is Move.WITHDRAW and event.at in others):
            continue
        handed_over = event.move is Move.ASSIGN and event.task.status is TaskStatus.REQUESTED
        yield Acted(
            at=event.at,
            task=_key(event.task),
            number=numbers[event.task.id],
            move=event.move,
            by=event.by,
            owner=event.task.owner if handed_over else None,
        )


def _messages(store: FakeStore) -> Iterator[Written]:
    by_id = store.state.conversations
    for event in store.events:
        if isinstance(event, CareMessageWritten) and event.stay_id is not None and not event.kind.puts_right:
            letter = by_id[event.conversation_id].messages[0].letter
            facts = MessageFacts.told(
                store.directory,
                kind=LetterKind(event.kind),
                category=letter.category,
                is_urgent=event.is_urgent,
                sender=event.sender,
                place=event.place,
            )
            by = event.by or Person(PersonId(event.sender), "-")
            yield Written(at=event.at, message=facts, conversation_id=event.conversation_id, by=by)


def _key(task: HandoverTask) -> tuple[RuleId | None, str, ConversationId | None]:
    return task.rule, task.code, task.conversation_id
