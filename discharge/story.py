"""The one story that all notices of a stay make, in whatever order they came.

Every notice, and every press of a ward that says the same, is filed with its stay. The story is told anew
from all of them each time: ordered by what each names as its history, then by clocks, never by arrival; a
correction changes the notice it is about, a cancellation takes it out. So late, repeated and interleaved
messages end in the same place, and nothing that was told is lost.

Source: MedCom HospitalNotification 3.0.2, use cases and state machine; Messaging 2.1.0, Provenance.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from discharge.directory import Directory
from discharge.identifiers import MessageId, SorCode
from discharge.notices import STAY_TRANSITIONS, Effect, EncounterClass, FiledNotice, NoticeKind, StayState

__all__ = ["Contact", "Story", "end_told_since", "in_order", "kinds_told", "story_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One hospital contact of the story."""

    source: MessageId
    """The notice that began it."""
    encounter_class: EncounterClass
    hospital: SorCode
    ward: SorCode
    started_at: datetime
    ended_at: datetime | None = None
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What all notices together say."""

    state: StayState
    contacts: tuple[Contact, ...]
    """In the order in which they followed each other; never empty."""
    began_at: datetime
    ended_at: datetime | None
    """When the patient left or died."""
    died_at: datetime | None
    leave_started_at: datetime | None
    """Of the leave that is going on."""
    notices: tuple[FiledNotice, ...]
    """In their order, each with its effect."""

    @property
    def contact(self) -> Contact:
        """The latest that stands; of a stay that never was, the latest there seemed to be."""
        return next((each for each in reversed(self.contacts) if not each.is_cancelled), self.contacts[-1])


def in_order(notices: Iterable[FiledNotice]) -> tuple[FiledNotice, ...]:
    """The notices as they followed each other: history first, then when they were sent, then what they tell of."""
    by_id = {notice.id: notice for notice in notices}
    if len(by_id) == 1:
        return tuple(by_id.values())
    after: dict[MessageId, list[MessageId]] = {each: [] for each in by_id}
    waits = dict.fromkeys(by_id, 0)
    for notice in by_id.values():
        for earlier in notice.follows & by_id.keys() - {notice.id}:
            after[earlier].append(notice.id)
            waits[notice.id] += 1
    ready = [_rank(by_id[each]) for each, count in waits.items() if count == 0]
    heapq.heapify(ready)
    ordered: list[FiledNotice] = []
    while ready or len(ordered) < len(by_id):
        if not ready:
            # A history that names itself in a circle: the clocks must do.
            ready = [min(_rank(by_id[each]) for each, count in waits.items() if count > 0)]
            waits[ready[0][-1]] = 0
        notice = by_id[heapq.heappop(ready)[-1]]
        ordered.append(notice)
        waits[notice.id] = -1
        for later in after[notice.id]:
            if waits[later] > 0:
                waits[later] -= 1
                if waits[later] == 0:
                    heapq.heappush(ready, _rank(by_id[later]))
    return tuple(ordered)


def _rank(notice: FiledNotice) -> tuple[datetime, datetime, MessageId]:
    return (notice.occurred_at.astimezone(UTC), notice.at.astimezone(UTC), notice.id)


@dataclass(slots=True, kw_only=True)
class _Standing:
    """A notice that holds, as its corrections have left it, and all the ids it is known by."""

    notice: FiledNotice
    kind: NoticeKind
    ids: set[MessageId]
    since: datetime
    """When the first of ``ids`` reached us."""


def story_of(notices: Sequence[FiledNotice], directory: Directory) -> Story:
    """The story that ``notices`` tell; the same for every order in which they are given."""
    ordered = in_order(notices)
    effects = dict.fromkeys((notice.id for notice in ordered), Effect.STANDS)
    standing, taken_out = _standing(ordered, effects, {})
    return _Teller(directory, effects).tell(ordered, standing, taken_out)


def end_told_since(notices: Sequence[FiledNotice]) -> datetime | None:
    """When the first that tells of the present end reached us; None: nobody has gone home."""
    standing, _ = _standing(in_order(notices), {}, {})
    return min((each.since for each in standing if each.kind is NoticeKind.SLHJ), default=None)


def kinds_told(notices: Sequence[FiledNotice]) -> dict[MessageId, NoticeKind]:
    """What each of a stay's notices tells, a death looked at first: whether one is told, corrected or withdrawn."""
    kinds: dict[MessageId, NoticeKind] = {}
    _standing(in_order(notices), {}, kinds)
    return kinds


def _standing(
    ordered: Sequence[FiledNotice], effects: dict[MessageId, Effect], kinds: dict[MessageId, NoticeKind]
) -> tuple[list[_Standing], list[FiledNotice]]:
    """What stands, and the beginnings that were taken back."""
    standing: list[_Standing] = []
    taken_out: list[FiledNotice] = []
    for notice in ordered:
        kind = kinds[notice.id] = _kind(notice, standing)
        about = _about(notice, kind, standing) if kind.corrects or kind.cancels else None
        if kind.cancels:
            if about is None:
                effects[notice.id] = Effect.UNEXPECTED
                continue
            for taken in [each for each in standing if each is about or _says_the_same(each, about)]:
                standing.remove(taken)
                if taken.kind.begins:
                    # By what it told: a death repeats the activity of a beginning.
                    taken_out.append(taken.notice)
                effects.update(dict.fromkeys(taken.ids, Effect.CANCELLED))
        elif about is not None:
            effects[about.notice.id] = Effect.CORRECTED
            about.notice = replace(_corrected(about.notice, notice), id=about.notice.id)
            about.ids.add(notice.id)
            about.since = min(about.since, notice.received_at)
        else:
            # A correction of what never came says itself what is so.
            standing.append(_Standing(notice=notice, kind=kind.base, ids={notice.id}, since=notice.received_at))
    return standing, taken_out


def _says_the_same(one: _Standing, other: _Standing) -> bool:
    """There is one end; and a press that a notice has confirmed goes with the notice."""
    if one.kind is not other.kind:
        return False
    return one.kind is NoticeKind.SLHJ or (one.notice.by is not None and one.notice.id in other.notice.follows)


def _kind(notice: FiledNotice, standing: Sequence[_Standing]) -> NoticeKind:
    """Deceased is looked at first: a death repeats the activity of an older message, its withdrawal too."""
    is_dead = any(each.kind is NoticeKind.MORS for each in standing)
    if notice.deceased:
        return NoticeKind.RE_MORS if is_dead else NoticeKind.MORS
    if notice.deceased is False and is_dead:
        return NoticeKind.AN_MORS
    return notice.kind


def _about(notice: FiledNotice, kind: NoticeKind, standing: Sequence[_Standing]) -> _Standing | None:
    """What it corrects or cancels: the one it names, else the latest of that kind, if it can mean that.

    One that names what has not come says nothing about another, and waits for what it names.
    """
    alike = [each for each in standing if each.kind is kind.base]
    named = next((each for each in alike if notice.about in each.ids), None)
    if named is not None or not alike:
        return named
    # Whichever message is named: a person dies once.
    takes_latest = notice.about is None or kind.base is NoticeKind.MORS or _may_mean(alike[-1], notice, kind)
    return alike[-1] if takes_latest else None


def _may_mean(latest: _Standing, notice: FiledNotice, kind: NoticeKind) -> bool:
    """What is named may be a correction of ``latest`` that has not come, if the sender knew that one.

    A cancelled admission that began at another time was another contact.
    """
    is_known = not latest.ids.isdisjoint(notice.follows)
    is_another = kind.cancels and kind.base.begins and latest.notice.started_at != notice.started_at
    return is_known and not is_another


def _corrected(notice: FiledNotice, by: FiledNotice) -> FiledNotice:
    return replace(
        notice,
        encounter_class=by.encounter_class,
        hospital=by.hospital,
        ward=by.ward,
        started_at=by.started_at,
        leave_started_at=by.leave_started_at or notice.leave_started_at,
        leave_ended_at=by.leave_ended_at or notice.leave_ended_at,
        ended_at=by.ended_at or notice.ended_at,
        occurred_at=by.occurred_at,
    )


class _Teller:
    """Goes through what stands, one step of the state machine at a time."""

    def __init__(self, directory: Directory, effects: dict[MessageId, Effect]) -> None:
        self._directory = directory
        self._effects = effects
        self._state: StayState | None = None
        self._contacts: list[Contact] = []
        self._ended_at: datetime | None = None
        self._died_at: datetime | None = None
        self._leave_started_at: datetime | None = None

    def tell(
        self, ordered: Sequence[FiledNotice], standing: Sequence[_Standing], taken_out: Sequence[FiledNotice]
    ) -> Story:
        for each in standing:
            state = STAY_TRANSITIONS.get((self._state, each.kind))
            if state is None:
                self._effects[each.notice.id] = Effect.UNEXPECTED
                continue
            self._step(each.notice, each.kind, state)
            self._state = state
        cancelled = tuple(replace(_contact_of(notice), is_cancelled=True) for notice in taken_out)
        contacts = (*cancelled, *self._contacts) or tuple(
            replace(_contact_of(notice), is_cancelled=True) for notice in ordered[:1]
        )
        held = [each for each in contacts if not each.is_cancelled] or contacts
        return Story(
            state=self._state or StayState.CANCELLED,
            contacts=contacts,
            began_at=min(each.started_at for each in held),
            ended_at=self._ended_at,
            died_at=self._died_at,
            leave_started_at=self._leave_started_at,
            notices=tuple(_with_effect(notice, self._effects[notice.id]) for notice in ordered),
        )

    def _step(self, notice: FiledNotice, kind: NoticeKind, state: StayState) -> None:
        if not self._contacts or kind.begins:
            self._meet(notice)
        if kind in {NoticeKind.SLHJ, NoticeKind.MORS}:
            self._end(notice, kind)
        # Only the start of a leave leads to one.
        self._leave_started_at = notice.at if state is StayState.ON_LEAVE else None

    def _meet(self, notice: FiledNotice) -> None:
        """Another contact, unless it is the one that goes on. A place above the ward says less than is known."""
        contact = _contact_of(notice)
        if not self._contacts:
            self._contacts.append(contact)
            return
        last = self._contacts[-1]
        if contact.ward in self._directory.lineage(last.ward):
            contact = replace(contact, ward=last.ward, hospital=last.hospital)
        elif last.ward in self._directory.lineage(contact.ward) and last.encounter_class is contact.encounter_class:
            # Now it is known which ward it was all the time.
            self._contacts[-1] = replace(last, ward=contact.ward, hospital=contact.hospital)
            return
        if (contact.ward, contact.encounter_class) == (last.ward, last.encounter_class):
            return
        started_at = max(contact.started_at, last.started_at)
        self._contacts[-1] = replace(last, ended_at=started_at)
        self._contacts.append(replace(contact, started_at=started_at))

    def _end(self, notice: FiledNotice, kind: NoticeKind) -> None:
        if kind is NoticeKind.MORS:
            self._died_at = notice.at
        if kind is NoticeKind.SLHJ or self._state is not StayState.ENDED:
            self._ended_at = notice.at
        self._contacts[-1] = replace(self._contacts[-1], ended_at=self._ended_at)


def _with_effect(notice: FiledNotice, effect: Effect) -> FiledNotice:
    return notice if notice.effect is effect else replace(notice, effect=effect)


def _contact_of(notice: FiledNotice) -> Contact:
    return Contact(
        source=notice.id,
        encounter_class=notice.encounter_class,
        hospital=notice.hospital,
        ward=notice.ward,
        started_at=notice.started_at,
    )
