"""Past stays as rules look at them: read in batches, with no more opened than the ward's plans.

Whoever reads here sees stays of everybody: only counts of what comes of them may leave.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.context import MessageFacts
from discharge.directory import Directory
from discharge.identifiers import ConversationId, CprNumber, PatientId, PersonId, RuleId, SorCode, StayId
from discharge.letter import Category, LetterKind
from discharge.patient import Patient
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
from discharge.task import Move, Person, TaskStatus
from services.persistence.audit import AuditContext, audit_row
from services.persistence.database import new_id
from services.persistence.notice_rows import notice_from
from services.persistence.pipeline import ask_all
from services.persistence.rows import plan_from
from services.persistence.tables import AuditRow
from services.persistence.vault import Vault

__all__ = ["STATEMENTS", "Past", "note_reading", "past_stays", "read_past"]

Row = Mapping[str, Any]
_NOBODY: Final = CprNumber("0000000000")
"""Rules never look at the number, so it stays sealed."""
_WHICH: Final = (
    "SELECT id, receiver, hospital FROM stay WHERE began_at >= %(since)s AND began_at <= %(until)s ORDER BY id DESC"
)
_STAYS: Final = (
    "SELECT s.id, s.receiver, s.patient_id, p.wrapped_key, p.municipality, p.district, p.services, p.gp"
    " FROM stay s JOIN patient p ON p.id = s.patient_id WHERE s.id = ANY(%(ids)s)"
)
_NOTICES: Final = "SELECT * FROM notice WHERE stay_id = ANY(%(ids)s) ORDER BY received_at, position"
_PLANS: Final = "SELECT * FROM plan_version WHERE stay_id = ANY(%(ids)s) ORDER BY version"
_SERVED: Final = "SELECT stay_id, organization, since FROM party WHERE stay_id = ANY(%(ids)s) AND basis = 'serves'"
_TASKS: Final = (
    "SELECT id, stay_id, rule, code, conversation_id, owner, created_at, due_at, status, done_at"
    " FROM task WHERE stay_id = ANY(%(ids)s) AND rule IS NOT NULL ORDER BY id"
)
_ACTS: Final = (
    "SELECT e.stay_id, e.task_id, e.at, e.by_id, e.by_name, e.detail->>'move' AS move, e.detail->>'status' AS status,"
    " e.detail->>'owner' AS owner, v.snapshot->>'due_at' AS due_at"
    " FROM event e LEFT JOIN task_version v ON e.detail->>'move' = 'agree-time' AND v.task_id = e.task_id"
    " AND v.version = (e.detail->>'version')::int"
    " WHERE e.stay_id = ANY(%(ids)s) AND e.kind = 'task-moved' AND e.by_id IS NOT NULL"
    " AND e.detail->>'move' = ANY(%(moves)s)"
    # What an event took back is taken back by its replay; only a person's own act stands alone in its transaction.
    " AND NOT (e.detail->>'move' = 'withdraw' AND EXISTS (SELECT FROM event o WHERE o.stay_id = e.stay_id"
    " AND o.at = e.at AND NOT (o.kind = 'task-moved' AND o.detail->>'move' = 'withdraw')))"
    " ORDER BY e.number"
)
_MESSAGES: Final = (
    "SELECT e.stay_id, e.at, e.by_id, e.by_name, e.detail->>'kind' AS kind, e.detail->>'sender' AS sender,"
    " e.detail->>'place' AS place, (e.detail->>'is_urgent')::boolean AS is_urgent, c.conversation_id, c.category"
    " FROM event e JOIN care_message c ON c.conversation_id = (e.detail->>'conversation_id')::uuid"
    " AND c.received_at = e.at"
    " WHERE e.stay_id = ANY(%(ids)s) AND e.kind = 'care-message-written' ORDER BY e.number"
)

STATEMENTS: Final = (_STAYS, _NOTICES, _PLANS, _SERVED, _TASKS, _ACTS, _MESSAGES)
"""What is asked of a batch of stays, at once."""


@dataclass(frozen=True, slots=True)
class Past:
    """A batch of stays, and how many of it could not be read."""

    stays: tuple[PastStay, ...]
    unreadable: int


async def past_stays(
    connection: AsyncConnection, *, since: datetime, until: datetime, concerns: Callable[[SorCode], bool]
) -> tuple[UUID, ...]:
    """The stays that began in the span and whose agreement is asked about, the newest first.

    Args:
        connection: of the writer, after ``discharge.policy`` has said yes.
        since: the first instant.
        until: the last instant.
        concerns: tells of a stay's receiver, or of its hospital where it has none, whether it belongs there.
    """
    (rows,) = await ask_all(connection, [(_WHICH, {"since": since, "until": until})])
    return tuple(row["id"] for row in rows if concerns(SorCode(row["receiver"] or row["hospital"])))


async def note_reading(connection: AsyncConnection, audit: AuditContext, ids: Sequence[UUID]) -> None:
    """One audit row for all of them, before any of them is read."""
    row = audit_row(audit, outcome=200, stays=[str(each) for each in ids], audit_id=new_id())
    await connection.execute(insert(AuditRow), row)


async def read_past(connection: AsyncConnection, vault: Vault, directory: Directory, ids: Sequence[UUID]) -> Past:
    """What happened to the stays with these ids."""
    which = {"ids": list(ids), "moves": [move.value for move in REPLAYED_MOVES]}
    stays, *parts = await ask_all(connection, [(statement, which) for statement in STATEMENTS])
    grouped = [_by_stay(rows) for rows in parts]
    read = []
    for row in stays:
        found = [rows.get(row["id"], ()) for rows in grouped]
        try:
            past = _past_stay(row, found, vault, directory)
        except (InvalidTag, ValueError):
            # Its key was destroyed, or what it opens is damaged: said in the answer, and no reason to stop.
            continue
        if past is not None:
            read.append(past)
    return Past(tuple(read), unreadable=len(ids) - len(read))


def _by_stay(rows: Sequence[Row]) -> dict[UUID, list[Row]]:
    grouped: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["stay_id"]].append(row)
    return grouped


def _past_stay(row: Row, parts: Sequence[Sequence[Row]], vault: Vault, directory: Directory) -> PastStay | None:
    """The stay in its rows; None where nothing that was told of it is kept."""
    notices, plans, served, tasks, acts, messages = parts
    if not notices:
        return None
    key = vault.unwrap(row["wrapped_key"], str(row["patient_id"]))
    stay_id = StayId(str(row["id"]))
    happenings: list[Happening] = [
        *(Noticed(at=each["received_at"], notice=notice_from(each)) for each in notices),
        *(
            Planned(at=each["at"], plan=plan_from(each["plan"], stay_id, each["version"], key), by=_person(each))
            for each in plans
        ),
        *(Joined(at=each["since"], organization=SorCode(each["organization"])) for each in served),
        *_acts(acts, tasks),
        *(_written(each, directory) for each in messages if not LetterKind(each["kind"]).puts_right),
    ]
    return PastStay(
        id=stay_id,
        patient=Patient(
            id=PatientId(str(row["patient_id"])),
            cpr=_NOBODY,
            family=None,
            municipality=_sor(row["municipality"]),
            district=row["district"],
            services=frozenset(row["services"]),
            gp=_sor(row["gp"]),
        ),
        receiver=_sor(row["receiver"]),
        happenings=tuple(sorted(happenings, key=in_turn)),
        tasks=tuple(
            PastTask(
                key=_key(task),
                owner=SorCode(task["owner"]),
                created_at=task["created_at"],
                due_at=task["due_at"],
                status=TaskStatus(task["status"]),
                done_at=task["done_at"],
            )
            for task in tasks
        ),
    )


def _acts(acts: Sequence[Row], tasks: Sequence[Row]) -> Iterator[Acted]:
    """What people did to the stay's tasks that rules had made."""
    counted: Counter[tuple[RuleId | None, str, ConversationId | None]] = Counter()
    known = {}
    for task in tasks:
        key = _key(task)
        known[task["id"]] = key, counted[key]
        counted[key] += 1
    for act in acts:
        if act["task_id"] not in known:
            continue
        key, number = known[act["task_id"]]
        move = Move(act["move"])
        handed_over = move is Move.ASSIGN and act["status"] == TaskStatus.REQUESTED.value
        yield Acted(
            at=act["at"],
            task=key,
            number=number,
            move=move,
            by=_person(act),
            owner=SorCode(act["owner"]) if handed_over else None,
            due_at=None if act["due_at"] is None else datetime.fromisoformat(act["due_at"]),
        )


def _written(row: Row, directory: Directory) -> Written:
    sender = SorCode(row["sender"])
    return Written(
        at=row["at"],
        message=MessageFacts.told(
            directory,
            kind=LetterKind(row["kind"]),
            category=Category(row["category"]),
            is_urgent=row["is_urgent"],
            sender=sender,
            place=_sor(row["place"]),
        ),
        conversation_id=ConversationId(str(row["conversation_id"])),
        # Who wrote in a system outside is named in the letter, which stays sealed.
        by=_person(row) if row["by_id"] is not None else Person(PersonId(sender), sender),
    )


def _key(task: Row) -> tuple[RuleId | None, str, ConversationId | None]:
    conversation = task["conversation_id"]
    return RuleId(task["rule"]), task["code"], None if conversation is None else ConversationId(str(conversation))


def _person(row: Row) -> Person:
    return Person(PersonId(row["by_id"] or "stafet"), row["by_name"] or "")


def _sor(text: str | None) -> SorCode | None:
    return None if text is None else SorCode(text)
