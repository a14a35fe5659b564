"""A story on the real store: a citizen, a clock on the wall, and what whom was told when.

``given`` sets the scene, people act (``tests.scenarios.people``), ``clock`` passes the time with
everything that falls due on the way, ``then`` looks at lists and feeds as those see them who read them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

import psycopg

from discharge.identifiers import ConversationId, EpisodeOfCareId, MessageId, SorCode, StayId
from discharge.patient import Patient
from discharge.policy import Caller, Role
from discharge.responsibility import who_answers
from discharge.task import CLOSED, HandoverTask, TaskStatus
from services.persistence.fhir_reads import tasks
from services.persistence.firing import fire_batch
from services.persistence.people import put_patient
from services.persistence.task_query import TaskQuery
from tests import factories
from tests.factories import PRACTICE
from tests.scenarios.days import instant, minute, said
from tests.services.persistence.store import Store

__all__ = ["Clock", "Rung", "Story", "Then", "escalation", "overdue", "reminder", "roles_in", "worker"]

_MINUTE: Final = timedelta(minutes=1)
_RUNGS: Final = """
    SELECT e.at, e.kind, e.detail->>'organization' AS place, e.detail->'roles' AS roles
    FROM event e JOIN task t ON t.id = e.task_id JOIN feed_entry f ON f.task_id = t.id AND f.at = e.at
     AND f.feed_id = e.detail->>'organization' AND f.event = replace(e.kind, 'reminded', 'reminder')
     AND f.audience @> ARRAY(SELECT jsonb_array_elements_text(e.detail->'roles'))
    WHERE t.code = %(code)s AND e.kind IN ('task-reminded', 'task-escalated', 'task-overdue')
    GROUP BY e.number, e.at, e.kind, e.detail ORDER BY e.number
    """
"""What rang for a code, in order, as far as it stands in the feed of whom it rang at."""


def roles_in(words: str) -> frozenset[Role]:
    """``"ward doctor"`` as roles."""
    return frozenset(Role(word) for word in words.split())


def worker(role: Role, place: SorCode) -> Caller:
    """Somebody in ``role`` at ``place``."""
    house = factories.directory().root(place)
    return factories.caller(role, house, unit=None if place == house else place)


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder as it was felt: when, what, where, by whom."""

    when: str
    kind: str
    place: SorCode
    roles: str


def reminder(when: str, place: SorCode, roles: str) -> Rung:
    """The owner is reminded."""
    return Rung(when, "task-reminded", place, roles)


def overdue(when: str, place: SorCode, roles: str) -> Rung:
    """It is late."""
    return Rung(when, "task-overdue", place, roles)


def escalation(when: str, place: SorCode, roles: str) -> Rung:
    """The next one is told."""
    return Rung(when, "task-escalated", place, roles)


@dataclass
class Story:
    """What all parts of a story share."""

    store: Store
    past_all_walls: psycopg.Connection[dict[str, Any]]
    """One connection as a superuser for the whole story: what is asked past our own code."""
    now: datetime = factories.NOW
    """What the clock on the wall shows; the real one behind it runs on."""
    patient: Patient = field(default_factory=factories.patient)
    episode: EpisodeOfCareId = field(default_factory=factories.episode)
    began: datetime = factories.ADMITTED_AT
    """When the hospital says that the latest contact began."""
    notices: dict[str, MessageId] = field(default_factory=dict)
    """Kind of notice -> the latest of them."""
    thread: ConversationId | None = None

    def rows(self, query: str, **values: object) -> list[dict[str, Any]]:
        """What a superuser sees."""
        return self.past_all_walls.execute(query.encode(), values).fetchall()

    def at(self, words: str) -> datetime:
        """The instant that ``words`` name, as seen from now."""
        return instant(words, self.now)

    @property
    def stay_id(self) -> StayId:
        """The latest stay."""
        return StayId(self.rows("SELECT id::text FROM stay ORDER BY id DESC LIMIT 1")[0]["id"])

    async def citizen(
        self, *, services: str = "home-nursing", gp: SorCode | None = PRACTICE, district: str = "nord"
    ) -> None:
        """The municipality knows the citizen by these services; by none, not at all."""
        known = replace(self.patient, services=frozenset(services.split()), gp=gp, district=district)
        async with self.store.database.writing() as connection:
            self.patient = await put_patient(connection, self.store.database.vault, known)

    async def found(self, caller: Caller, code: str) -> list[HandoverTask]:
        """The tasks with ``code`` that ``caller`` may read, oldest first."""
        async with self.store.reading(caller) as session:
            found = await tasks(session, TaskQuery(codes=frozenset({code})))
        return sorted((each.task for each in found.found), key=lambda task: task.created_at)


@dataclass
class Clock:
    """The clock on the wall. It only goes forward, and what falls due on the way fires."""

    story: Story

    async def set(self, words: str) -> None:
        """Let it be then."""
        await self.reach(self.story.at(words))

    async def reach(self, at: datetime) -> None:
        """Let it be ``at``, after everything that falls due up to the end of that minute."""
        assert at >= self.story.now, f"{said(at)} is over, it is {said(self.story.now)}"
        while await fire_batch(self.story.store.database, until=at + _MINUTE - timedelta(microseconds=1)):
            continue
        await self.story.store.database.move_clock(at)
        self.story.now = at


@dataclass
class Then:
    """What people see."""

    story: Story
    clock: Clock

    async def owes(
        self, place: SorCode, code: str, *, by: str, roles: str, rule: str, asked_by: SorCode | None = None
    ) -> HandoverTask:
        """``place`` has one open duty with ``code``: in its list, in its feed, and by then."""
        audience = roles_in(roles)
        reader = min(audience - {Role.SYSTEM})
        found = [task for task in await self.story.found(worker(reader, place), code) if task.is_open]
        assert len(found) == 1, f"{len(found)} open {code}"
        (task,) = found
        assert task.due_at is not None
        told = self.story.rows(
            "SELECT event, audience FROM feed_entry WHERE task_id = %(id)s AND feed_id = %(feed)s AND due_at = %(due)s"
            " AND event IN ('task-requested', 'task-changed') ORDER BY number",
            id=task.id,
            feed=place,
            due=task.due_at,
        )
        assert (task.owner, task.rule, roles_in(roles)) == (place, rule, task.audience)
        assert said(minute(task.due_at)) == said(self.story.at(by))
        assert asked_by in {None, task.requester}
        assert task.agreement is not None
        assert task.agreement.id == "dk-midtjylland"
        assert told, f"the feed of {place} does not have it"
        assert set(roles.split()) <= set(told[-1]["audience"])
        return task

    def nobody_owes(self, *codes: str) -> None:
        """There is no open duty with these codes."""
        assert not {code for code, status in self._states() if code in codes and TaskStatus(status) not in CLOSED}

    def never_asked(self, *codes: str) -> None:
        """There never was such a duty."""
        assert not {code for code, _ in self._states() if code in codes}

    def is_done(self, code: str, *, times: int = 1) -> None:
        """It was carried out."""
        assert self._states().count((code, "completed")) == times, self._states()

    async def is_taken_back(self, code: str, *, why: str) -> None:
        """The latest one was withdrawn; its owner reads so, and why."""
        row = self.story.rows("SELECT owner, audience FROM task WHERE code = %(c)s ORDER BY created_at", c=code)[-1]
        reader = worker(min(roles_in(" ".join(row["audience"])) - {Role.SYSTEM}), row["owner"])
        task = (await self.story.found(reader, code))[-1]
        told = self.story.rows(
            "SELECT 1 FROM feed_entry WHERE task_id = %(id)s AND feed_id = %(feed)s AND event = 'task-withdrawn'",
            id=task.id,
            feed=row["owner"],
        )
        assert (task.status, task.status_reason) == (TaskStatus.CANCELLED, why)
        assert told

    async def rings(self, code: str, *rungs: Rung) -> None:
        """From now on exactly these ring for ``code``, each in its minute and none before; the clock goes along."""
        before = len(self.rung(code))
        dated = sorted(((self.story.at(rung.when), rung) for rung in rungs), key=lambda pair: pair[0])
        heard: list[tuple[str, ...]] = []
        for at, group in groupby(dated, key=lambda pair: pair[0]):
            if at - _MINUTE > self.story.now:
                await self.clock.reach(at - _MINUTE)
                assert self.rung(code)[before:] == heard, "too early"
            await self.clock.reach(at)
            heard += sorted((said(at), rung.kind, rung.place, *sorted(rung.roles.split())) for _, rung in group)
            assert self.rung(code)[before:] == heard

    async def is_silent(self, code: str, *, until: str) -> None:
        """Nothing more rings for it until then."""
        before = self.rung(code)
        await self.clock.set(until)
        assert self.rung(code) == before

    def rung(self, code: str) -> list[tuple[str, ...]]:
        """What has rung for ``code``: when, what, at whom; within a minute in the order of the alphabet."""
        rows = self.story.rows(_RUNGS, code=code)
        rung = [(minute(row["at"]), row["kind"], row["place"], *sorted(row["roles"])) for row in rows]
        assert [at for at, *_ in rung] == sorted(at for at, *_ in rung), "out of order"
        return [(said(at), *map(str, rest)) for at, *rest in sorted(rung)]

    async def answers_for_the_treatment(
        self, place: SorCode, *, until: str | None = None, phone: str | None = None
    ) -> None:
        """Who answers now, until when, and on which telephone."""
        async with self.story.store.database.unit_of_work(None) as uow:
            stay = await uow.stays.get(self.story.stay_id)
            found = who_answers(stay, await uow.tasks.of_stay(stay.id), self.story.patient.gp, self.story.now)
        last = None if found.until is None else said(minute(found.until))
        assert (found.organization, found.phone) == (place, phone)
        assert last == (None if until is None else said(self.story.at(until)))

    def news_of(self, place: SorCode) -> list[str]:
        """The titles of what the feed of ``place`` was told, oldest first."""
        rows = self.story.rows("SELECT title FROM feed_entry WHERE feed_id = %(p)s ORDER BY number", p=place)
        return [row["title"] for row in rows]

    def counts(self, query: str, **values: object) -> Any:
        """The one value that a question to the store gives."""
        (row,) = self.story.rows(query, **values)
        return next(iter(row.values()))

    def _states(self) -> list[tuple[str, str]]:
        rows = self.story.rows("SELECT code, status FROM task ORDER BY created_at")
        return [(row["code"], row["status"]) for row in rows]
