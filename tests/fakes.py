"""Stand-ins that keep the ports' promises in memory; tests/contracts holds them to the real ones.

``FakeStore`` is what outlives a transaction; ``store.unit_of_work()`` opens one. Nothing written in
it is seen by the next before ``commit``.
"""

import itertools
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import TypeVar

from discharge.agreement import HealthAgreement
from discharge.directory import Directory
from discharge.events import Event
from discharge.identifiers import FeedId
from discharge.patient import Patient
from discharge.stay import Stay
from discharge.task import HandoverTask
from notifications.addressing import entries_for_all
from notifications.entry import Addressed
from tests import factories
from tests.fakes_ports import (
    FakeAgreements,
    FakeMessages,
    FakePatients,
    FakeState,
    FakeStays,
    FakeTasks,
    FakeTimers,
)
from tests.fakes_writings import FakeConversations, FakeDocuments, FakeMedications, FakeOutbox

_Command = TypeVar("_Command")
_Result = TypeVar("_Result")
_Event = TypeVar("_Event", bound=Event)


class FakeUnitOfWork:
    """Implements ``discharge.ports.UnitOfWork``; without ``commit`` nothing of it stays."""

    def __init__(self, store: "FakeStore") -> None:
        self._store = store
        self._state = store.state.copy()
        self._events: list[Event] = []
        self.now: datetime = store.now
        self.access_days: int = store.access_days
        self.directory: Directory = store.directory
        self.patients = FakePatients(self._state)
        self.stays = FakeStays(self._state)
        self.tasks = FakeTasks(self._state, store.feeds)
        self.timers = FakeTimers(self._state, store.new_id)
        self.messages = FakeMessages(self._state)
        self.conversations = FakeConversations(self._state)
        self.medications = FakeMedications(self._state)
        self.documents = FakeDocuments(self._state)
        self.outbox = FakeOutbox(self._state)
        self.agreements = store.agreements
        self.committed = False

    def new_id(self) -> str:
        """The next id; the same in every run."""
        return self._store.new_id()

    def record(self, event: Event) -> None:
        """Remember a fact for the commit."""
        self._events.append(event)

    async def commit(self) -> None:
        """Everything of this unit of work is seen from now on."""
        self._store.state = self._state.copy()
        self._store.events.extend(self._events)
        for entry in entries_for_all(self._events, self.directory):
            self._store.feeds[entry.feed].append(entry)
        self._events.clear()
        self.committed = True


class FakeStore:
    """What outlives a unit of work: rows, events, feeds, the clock. ``now`` may be set."""

    def __init__(
        self,
        *,
        now: datetime = factories.NOW,
        directory: Directory | None = None,
        agreements: Iterable[HealthAgreement] | None = None,
        patients: Iterable[Patient] = (),
        access_days: int = 30,
    ) -> None:
        self.now = now
        self.directory = directory or factories.directory()
        self.access_days = access_days
        self.agreements = FakeAgreements([factories.small_agreement()] if agreements is None else list(agreements))
        self.state = FakeState(patients={patient.id: patient for patient in patients})
        self.events: list[Event] = []
        self.feeds: dict[FeedId, list[Addressed]] = defaultdict(list)
        self._numbers = itertools.count(1)

    def new_id(self) -> str:
        """A UUID that counts."""
        return f"00000000-0000-7000-8000-{next(self._numbers):012x}"

    def unit_of_work(self) -> FakeUnitOfWork:
        """One transaction."""
        return FakeUnitOfWork(self)

    async def run(
        self, handler: Callable[[_Command, FakeUnitOfWork], Awaitable[_Result]], command: _Command
    ) -> _Result:
        """Run ``handler`` in a unit of work of its own, as ``Database.run`` does."""
        return await handler(command, self.unit_of_work())

    def stay(self) -> Stay:
        """The only stay there is."""
        (stay,) = self.state.stays.values()
        return stay

    def tasks(self, rule: str | None = None, *, code: str | None = None) -> list[HandoverTask]:
        """The tasks in the order they were made; those of one rule or code."""
        return [
            task
            for _, task in sorted(self.state.tasks.items())
            if (rule is None or task.rule == rule) and (code is None or task.code == code)
        ]

    def task(self, rule: str | None = None, *, code: str | None = None) -> HandoverTask:
        """The only task of that rule or code."""
        (task,) = self.tasks(rule, code=code)
        return task

    def happened(self, kind: type[_Event]) -> list[_Event]:
        """The committed events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]
