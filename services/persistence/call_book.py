"""The mails to those on call, as the jobs work on them: one transaction each, given up in the open.

A kill between sending and noting costs one repeat, with the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from discharge.identifiers import FeedId, SorCode
from discharge.policy import Role
from discharge.task import Priority, TaskStatus, Title
from notifications.addressing import feeds_of
from notifications.entry import Addressed, EntryEvent
from notifications.outside import OutsideAlert, Unanswered, alert_of, pause_after, trial_alert
from services.persistence.database import Database
from services.persistence.jobs import defer_call
from services.persistence.unit_of_work import SqlUnitOfWork

__all__ = ["SqlCalls"]

_HOLD: Final = (
    "SELECT m.id, m.organization, m.tasks, m.tries, m.due_at, o.address, clock_timestamp() AS wall"
    " FROM alert_mail m JOIN on_call o ON o.id = m.on_call"
    " WHERE m.id = %(id)s AND m.state = 'waiting' AND m.tries = %(turn)s FOR NO KEY UPDATE OF m"
)
_DUTIES: Final = (
    "SELECT id, title_da, title_en, due_at FROM task WHERE id = ANY(%(tasks)s) AND status = ANY(%(unanswered)s)"
    " ORDER BY due_at, id"
)
_MOVE: Final = (
    "UPDATE alert_mail SET state = %(state)s, tries = %(tries)s, due_at = %(due_at)s, reason = %(reason)s,"
    " changed_at = %(at)s WHERE id = %(id)s"
)
_UNANSWERED: Final = [TaskStatus.REQUESTED.value, TaskStatus.RECEIVED.value]
_TOO_LATE: Final = timedelta(hours=24)
"""A mail that could not leave for so long tells nothing that people do not know by then."""
_LOST: Final = "En e-mail til vagten kom ikke frem. Se vagtlisten"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    mail_id: str
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    mail_id: str
    turn: int
    problem: str | None
    """None: the mail was taken."""
    pause: timedelta | None
    """Until the next try; None: there is none."""


class SqlCalls:
    """The mails of an installation, as the jobs work on them.

    Args:
        database: the store.
        public_url: where people open Stafet; links lead there.
        pause: how long is waited after so many tries that failed; None: no more.
    """

    def __init__(
        self, database: Database, public_url: str, pause: Callable[[int], timedelta | None] = pause_after
    ) -> None:
        self._database = database
        self._pause = pause
        self._home = public_url.rstrip("/")
        self._host = urlsplit(public_url).hostname or "stafet"

    async def begin(self, mail_id: str, turn: int) -> OutsideAlert | None:
        """The words of a mail whose turn it is; None: there is nothing to send."""
        return await self._database.run(None, self._begin, _Turn(mail_id=mail_id, turn=turn))

    async def settle(self, mail_id: str, turn: int, problem: str | None, *, is_final: bool = False) -> str | None:
        """Write what came of it, and set the next try in the same transaction; the state, None when it was moot."""
        pause = None if is_final else self._pause(turn + 1)
        outcome = _Outcome(mail_id=mail_id, turn=turn, problem=problem, pause=pause)
        return await self._database.run(None, _settle, outcome)

    async def _begin(self, command: _Turn, uow: SqlUnitOfWork) -> OutsideAlert | None:
        held = await uow.talk.ask(_HOLD, {"id": UUID(command.mail_id), "turn": command.turn})
        if not held:
            return None
        row = held[0]
        place = uow.directory.get(SorCode(row["organization"]))
        name = row["organization"] if place is None else place.name
        message_id = f"{row['id']}@{self._host}"
        if not row["tasks"]:
            return trial_alert(message_id, row["address"], name, self._home)
        if row["wall"] - row["due_at"] > _TOO_LATE:
            await _give_up(uow, row, "too-late")
            return None
        duties = await uow.talk.ask(_DUTIES, {"tasks": row["tasks"], "unanswered": _UNANSWERED})
        if not duties:
            await _move(uow, row, "answered", None)
            await uow.commit()
            return None
        listed = [
            Unanswered(
                title=Title(duty["title_da"], duty["title_en"]),
                due_at=duty["due_at"],
                link=f"{self._home}/tasks/{duty['id']}",
            )
            for duty in duties
        ]
        return alert_of(message_id, row["address"], name, listed, self._home)


async def _settle(command: _Outcome, uow: SqlUnitOfWork) -> str | None:
    held = await uow.talk.ask(_HOLD, {"id": UUID(command.mail_id), "turn": command.turn})
    if not held:
        return None
    row = held[0]
    if command.problem is None:
        await _move(uow, row, "sent", None)
    elif command.pause is None:
        await _give_up(uow, row, command.problem)
        return "failed"
    else:
        at = row["wall"] + command.pause
        await _move(uow, row, "waiting", command.problem, tries=command.turn + 1, due_at=at)
        await defer_call(uow.talk.connection, command.mail_id, command.turn + 1, at)
    await uow.commit()
    return "sent" if command.problem is None else "waiting"


async def _give_up(uow: SqlUnitOfWork, row: Mapping[str, Any], reason: str) -> None:
    """No more tries: whoever operates the place must know that its people hear nothing outside the page."""
    await _move(uow, row, "failed", reason)
    entry = Addressed(
        feed=FeedId(row["organization"]),
        at=uow.now,
        event=EntryEvent.MESSAGE,
        priority=Priority.URGENT,
        title=_LOST,
        audience=frozenset({Role.OPERATOR}),
    )
    for feed in feeds_of(SorCode(row["organization"]), uow.directory):
        uow.tell(entry, feed)
    await uow.commit()


async def _move(
    uow: SqlUnitOfWork,
    row: Mapping[str, Any],
    state: str,
    reason: str | None,
    *,
    tries: int | None = None,
    due_at: datetime | None = None,
) -> None:
    uow.writes.add(
        _MOVE,
        {
            "id": row["id"],
            "state": state,
            "tries": row["tries"] if tries is None else tries,
            "due_at": due_at or row["due_at"],
            "reason": reason,
            "at": row["wall"],
        },
    )
