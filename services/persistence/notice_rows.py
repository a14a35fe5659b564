"""Filed notices to rows and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from discharge.identifiers import MessageId, PersonId, SorCode, StayId
from discharge.notices import Effect, EncounterClass, FiledNotice, NoticeKind
from discharge.task import Person

__all__ = ["notice_from", "notice_row"]


def notice_row(notice: FiledNotice, stay_id: StayId, position: int) -> dict[str, Any]:
    """The columns of a filed notice."""
    return {
        "stay_id": UUID(stay_id),
        "message_id": notice.id,
        "position": position,
        "sender": notice.sender,
        "kind": notice.kind.value,
        "encounter_class": notice.encounter_class.value,
        "hospital": notice.hospital,
        "ward": notice.ward,
        "started_at": notice.started_at,
        "leave_started_at": notice.leave_started_at,
        "leave_ended_at": notice.leave_ended_at,
        "ended_at": notice.ended_at,
        "occurred_at": notice.occurred_at,
        "deceased": notice.deceased,
        "report_requested": notice.report_requested,
        "report_recipient": notice.report_recipient,
        "about": notice.about,
        "follows": sorted(notice.follows),
        "received_at": notice.received_at,
        "by_id": None if notice.by is None else notice.by.id,
        "by_name": None if notice.by is None else notice.by.name,
        "effect": notice.effect.value,
    }


def notice_from(row: Mapping[str, Any] | RowMapping) -> FiledNotice:
    """The notice in its row."""
    return FiledNotice(
        id=MessageId(row["message_id"]),
        sender=SorCode(row["sender"]),
        kind=NoticeKind(row["kind"]),
        encounter_class=EncounterClass(row["encounter_class"]),
        hospital=SorCode(row["hospital"]),
        ward=SorCode(row["ward"]),
        started_at=row["started_at"],
        leave_started_at=row["leave_started_at"],
        leave_ended_at=row["leave_ended_at"],
        ended_at=row["ended_at"],
        occurred_at=row["occurred_at"],
        deceased=row["deceased"],
        report_requested=row["report_requested"],
        report_recipient=None if row["report_recipient"] is None else SorCode(row["report_recipient"]),
        about=None if row["about"] is None else MessageId(row["about"]),
        follows=frozenset(MessageId(each) for each in row["follows"]),
        received_at=row["received_at"],
        by=None if row["by_id"] is None else Person(PersonId(row["by_id"]), row["by_name"]),
        effect=Effect(row["effect"]),
    )
