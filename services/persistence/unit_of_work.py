"""The one commit: messages, rows, timers, events, audit, and last the feed entries under their locks.

Everything that a command decides becomes true here, together, or not at all. Feed numbers are given
by the transaction's last statement, in sorted feed order, so that they have no holes; COMMIT travels
with it, so nobody waits for a feed while this process is thinking.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.commands import Envelope
from discharge.directory import Directory
from discharge.events import (
    CareMessageWritten,
    DocumentFiled,
    DocumentRuled,
    Event,
    MedicationRevised,
    MessageRefused,
    MessageUndelivered,
    PlanRevised,
)
from discharge.identifiers import CprNumber, FeedId, StayId
from discharge.policy import ContentClass
from discharge.task import HandoverTask, Person
from notifications.addressing import entries_for_all
from notifications.entry import Addressed
from services.persistence import feeds
from services.persistence.audit import AuditContext, audit_row
from services.persistence.calls import call_out
from services.persistence.conversations import SqlConversations
from services.persistence.course import SqlStays, SqlTasks
from services.persistence.documents import SqlDocuments
from services.persistence.ladders import SqlTimers
from services.persistence.master import Master
from services.persistence.medications import SqlMedications
from services.persistence.messages import SqlMessages
from services.persistence.outbox import SqlOutbox
from services.persistence.people import SqlPatients
from services.persistence.pipeline import Batch, Conversation
from services.persistence.tables import AuditRow, EventRow
from services.persistence.vault import Vault

__all__ = ["Arrival", "Repositories", "SqlUnitOfWork", "kind_of"]

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
_CONTENT: Mapping[type[Event], ContentClass] = {
    PlanRevised: ContentClass.PLAN,
    CareMessageWritten: ContentClass.CONVERSATION,
    MedicationRevised: ContentClass.MEDICINE,
    DocumentFiled: ContentClass.DOCUMENT,
    DocumentRuled: ContentClass.DOCUMENT,
}
_PLAIN = frozenset({"at", "stay_id", "by", "task"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is known of a message before its transaction begins: that much is asked together with the first question."""

    envelope: Envelope
    cpr: CprNumber | None = None


class Repositories:
    """What one transaction has loaded and will write."""

    def __init__(self, connection: AsyncConnection, vault: Vault, make_id: Callable[[], str]) -> None:
        self.connection = connection
        self.talk = Conversation(connection)
        self.make_id = make_id
        self.fresh: set[str] = set()
        self.patients = SqlPatients(self.talk, vault)
        self.stays = SqlStays(self.talk, self.patients, self.fresh)
        self.tasks = SqlTasks(self.talk, self.patients, self.fresh)
        self.timers = SqlTimers(self.talk, self.tasks, self.fresh, make_id)
        self.conversations = SqlConversations(self.talk, self.patients)
        self.medications = SqlMedications(self.talk, self.patients)
        self.documents = SqlDocuments(self.talk, self.patients)
        self.messages = SqlMessages(self.talk, vault, self.patients, make_id)
        self.vault = vault

    def foresee(self, arrival: Arrival) -> None:
        """Claim the message, and lock its citizen and the citizen's stays, with the next question and in this order."""
        self.messages.foresee(arrival.envelope)
        if arrival.cpr is not None:
            self.stays.foresee(self.patients.foresee(arrival.cpr))


class SqlUnitOfWork:
    """Implements ``discharge.ports.UnitOfWork`` on one open transaction in the role ``stafet_writer``."""

    def __init__(
        self,
        repositories: Repositories,
        *,
        master: Master,
        now: datetime,
        access_days: int,
        audit: AuditContext | None,
        base_url: str,
    ) -> None:
        self._connection = repositories.connection
        self._master = master
        self._audit = audit
        self._make_id = repositories.make_id
        self._fresh = repositories.fresh
        self._events: list[Event] = []
        self._told: list[Addressed] = []
        self.now = now
        self.access_days = access_days
        self.heads: Mapping[FeedId, int] = {}
        """After the commit: where the feeds that it wrote to stand."""
        self.patients = repositories.patients
        self.stays = repositories.stays
        self.tasks = repositories.tasks
        self.timers = repositories.timers
        self.conversations = repositories.conversations
        self.medications = repositories.medications
        self.documents = repositories.documents
        self.messages = repositories.messages
        self.talk = repositories.talk
        self.vault = repositories.vault
        self.writes = Batch()
        """Rows of no repository, for the commit."""
        self.outbox = SqlOutbox(repositories, directory=master.directory, now=now, base_url=base_url)
        self.agreements = master
        self.committed = False

    @property
    def directory(self) -> Directory:
        """Who there is."""
        return self._master.directory

    @property
    def reached(self) -> frozenset[StayId]:
        """The stays that were there before and have been looked at: what a refusal is about."""
        return (self.stays.touched | self.tasks.touched | self.conversations.touched).difference(self._fresh)

    def new_id(self) -> str:
        """A fresh opaque id; what bears it has no rows yet."""
        made = self._make_id()
        self._fresh.add(made)
        return made

    def record(self, event: Event) -> None:
        """Remember a fact; it is written, addressed and told with the commit."""
        self._events.append(event)

    def tell(self, entry: Addressed, feed: FeedId) -> None:
        """Write ``entry`` into ``feed`` with the commit, for what is no fact about a stay."""
        self._told.append(replace(entry, feed=feed))

    async def commit(self) -> None:
        """Make it true. Only after this does anyone get a yes."""
        self._events.extend(
            MessageRefused(at=self.now, message_id=sent.message_id, sender=sent.sender, receiver=sent.receiver)
            for sent in self.messages.alerts
        )
        batch = Batch()
        await self.stays.flush(batch, self.now, self._by())
        await self.tasks.flush(batch)
        self.timers.flush(batch)
        await self.conversations.flush(batch)
        await self.medications.flush(batch, self.now)
        await self.documents.flush(batch)
        batch.insert(EventRow, [_event_row(event) for event in self._events])
        if self._audit is not None:
            told = {sid for event in self._events if (sid := getattr(event, "stay_id", None)) is not None}
            looked_at = self.stays.touched | self.tasks.touched | self.conversations.touched | self.outbox.touched
            stays = sorted(told | looked_at)
            row = audit_row(self._audit, outcome=200, stays=stays, audit_id=self._make_id())
            batch.insert(AuditRow, [row])
        self.messages.flush(batch)
        self.outbox.flush(batch)
        batch.extend(self.writes)
        await call_out(self._events, self.talk, batch, now=self.now, new_id=self._make_id)
        entries = [*entries_for_all(self._events, self.directory), *self._told]
        if entries:
            batch.add(*feeds.appending(entries))
        last = await batch.commit(self._connection)
        self.heads = feeds.heads_from(last) if entries else {}
        self.committed = True

    def _by(self) -> Person | None:
        caller = None if self._audit is None else self._audit.caller
        return None if caller is None else Person(caller.person_id, caller.name)


def kind_of(event: Event) -> str:
    """The name an event is stored under, such as ``task-requested``."""
    return _CAPITAL.sub("-", type(event).__name__).lower()


def _event_row(event: Event) -> dict[str, Any]:
    if isinstance(event, MessageRefused | MessageUndelivered):
        stay_id = None if isinstance(event, MessageRefused) else event.stay_id
        detail: dict[str, object] = {"sender": event.sender, "message_id": event.message_id}
        if isinstance(event, MessageUndelivered):
            detail |= {"receiver": event.receiver, "place": event.place, "reason": event.reason}
        return {
            "stay_id": stay_id,
            "task_id": None,
            "at": event.at,
            "kind": kind_of(event),
            "content_class": ContentClass.NOTICE.value if stay_id is None else ContentClass.CONVERSATION.value,
            "by_id": None,
            "by_name": None,
            "detail": detail,
        }
    task: HandoverTask | None = getattr(event, "task", None)
    content = _CONTENT.get(type(event), ContentClass.NOTICE)
    detail = {f.name: _json(getattr(event, f.name)) for f in fields(event) if f.name not in _PLAIN}
    if task is not None:
        detail |= {"status": task.status.value, "owner": task.owner, "version": task.version}
        if task.wait is not None and task.wait.is_on:
            detail["waits_for"] = task.wait.code
    return {
        "stay_id": event.stay_id,
        "task_id": None if task is None else task.id,
        "at": event.at,
        "kind": kind_of(event),
        "content_class": (content if task is None else task.content_class).value,
        "by_id": None if event.by is None else event.by.id,
        "by_name": None if event.by is None else event.by.name,
        "detail": detail,
    }


def _json(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(_json(item) for item in value)  # type: ignore[type-var] # all of one enum
    if isinstance(value, tuple):
        return [_json(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
