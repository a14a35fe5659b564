"""The alert budget of a person: how much of a shift rings at them, and what arrives grouped instead.

Counted where it happens: when an entry is put on a page that this person has open. Who has none open was not
interrupted. Several pages of one person are one person, and get the same answer about the same entry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol
from weakref import WeakValueDictionary

from discharge.identifiers import FeedId
from discharge.policy import Caller, Role
from discharge.task import Priority
from notifications.budget import Shift, ShiftPlan, interrupts
from notifications.entry import Alert, FeedEntry, Frame, encode, entry_frame

__all__ = ["AlertBudget", "AlertBudgets", "Interruption", "Interruptions", "frame_of"]

_SHIFTS_KEPT: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """An entry that asked a person to act now, as it was put on their page."""

    feed: FeedId
    offset: int
    at: datetime
    rang: bool
    """False: the budget of the shift was spent, and it came grouped."""


class Interruptions(Protocol):
    """Where they are kept; one entry is kept once for each person and role."""

    async def since(self, caller: Caller, begins: datetime) -> Sequence[Interruption]:
        """Those of ``caller`` from ``begins`` on."""
        ...

    async def keep(self, caller: Caller, told: Sequence[Interruption]) -> None:
        """Add those that are not there yet."""
        ...


def frame_of(entry: FeedEntry) -> Frame:
    """The entry with its encoded form, and the silent one when it is one that rings."""
    if not entry.audience or not interrupts(entry.event, entry.priority):
        return entry_frame(entry)
    urgent = entry.priority is not Priority.ROUTINE
    quiet = b"" if urgent else encode(entry, rings=False)
    return entry_frame(entry, Alert(at=entry.at, audience=entry.audience, is_urgent=urgent, quiet=quiet))


@dataclass(slots=True)
class _Spent:
    count: int = 0
    decided: dict[tuple[FeedId, int], bool] = field(default_factory=dict)


class AlertBudget:
    """What one person in one role may still be interrupted by.

    Args:
        caller: whose it is.
        limit: how many entries of a shift ring; what is urgent rings all the same, and counts.
        plan: when shifts begin.
        store: where interruptions are kept.
        now: domain time.
    """

    def __init__(
        self, caller: Caller, *, limit: int, plan: ShiftPlan, store: Interruptions, now: Callable[[], datetime]
    ) -> None:
        self._caller = caller
        self._limit = limit
        self._plan = plan
        self._store = store
        self._now = now
        self._shift: Shift | None = None
        self._spent: dict[Shift, _Spent] = {}
        self._told: list[Interruption] = []
        self._loading = asyncio.Lock()
        self._is_loaded = False

    async def load(self) -> None:
        """Go on where this person's other pages of the shift stopped; asked once."""
        async with self._loading:
            if self._is_loaded:
                return
            for each in await self._store.since(self._caller, self._plan.at(self._now()).begins):
                self._decide(each.feed, each.offset, each.at, rang=each.rang)
            self._is_loaded = True

    def payload(self, feed: FeedId, frame: Frame) -> bytes:
        """What of ``frame`` goes to this person: as it is, or marked as one that must not ring."""
        alert = frame.alert
        if alert is None or self._caller.role not in alert.audience:
            return frame.payload
        spent = self._of(alert.at)
        rang = spent.decided.get((feed, frame.offset))
        if rang is None:
            rang = alert.is_urgent or spent.count < self._limit
            self._decide(feed, frame.offset, alert.at, rang=rang)
            self._told.append(Interruption(feed=feed, offset=frame.offset, at=alert.at, rang=rang))
        return frame.payload if rang else alert.quiet

    async def write(self) -> int:
        """Keep what has been told since the last call; return how much that was."""
        told, self._told = self._told, []
        if told:
            try:
                await self._store.keep(self._caller, told)
            except BaseException:
                # A cancelled task too: what was told and not kept is kept at the next try, whatever stopped this one.
                self._told = told + self._told
                raise
        return len(told)

    @property
    def is_written(self) -> bool:
        """True when nothing waits to be kept."""
        return not self._told

    def _of(self, at: datetime) -> _Spent:
        shift = self._shift
        if shift is None or not shift.begins <= at < shift.ends:
            shift = self._shift = self._plan.at(at)
            if shift not in self._spent and len(self._spent) == _SHIFTS_KEPT:
                del self._spent[min(self._spent, key=lambda each: each.begins)]
        return self._spent.setdefault(shift, _Spent())

    def _decide(self, feed: FeedId, offset: int, at: datetime, *, rang: bool) -> None:
        spent = self._of(at)
        if (feed, offset) not in spent.decided:
            spent.decided[feed, offset] = rang
            spent.count += rang


class AlertBudgets:
    """The budgets of those who have a page open in this process: one per person, role and place."""

    def __init__(self, *, limit: int, plan: ShiftPlan, store: Interruptions, now: Callable[[], datetime]) -> None:
        self._limit = limit
        self._plan = plan
        self._store = store
        self._now = now
        self._open: WeakValueDictionary[tuple[str, Role, str], AlertBudget] = WeakValueDictionary()

    def of(self, caller: Caller) -> AlertBudget | None:
        """The budget of ``caller``; None for a record system, which nothing interrupts."""
        if caller.role is Role.SYSTEM:
            return None
        key = (caller.person_id, caller.role, caller.acting)
        found = self._open.get(key)
        if found is None:
            found = AlertBudget(caller, limit=self._limit, plan=self._plan, store=self._store, now=self._now)
            self._open[key] = found
        return found
