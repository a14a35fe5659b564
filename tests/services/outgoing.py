"""A message of ours on its way out, as a commit leaves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from discharge.identifiers import MessageId, PatientId, StayId
from services.persistence.database import Database
from services.persistence.outbox import Outgoing
from tests.factories import MUNICIPALITY, WARD
from tests.services.installation import notification

__all__ = ["STAYS", "put_out"]

STAYS = "SELECT id::text, patient_id::text FROM stay ORDER BY id"
"""The stays that a message may be about."""


async def put_out(database: Database, stay: Mapping[str, str], **changes: Any) -> str:
    """The ward sends something to the municipality about the citizen of ``stay``; our id of it."""
    message = notification()
    outgoing = {
        "message_id": MessageId(message.message_id),
        "sender": WARD,
        "receiver": MUNICIPALITY,
        "event_code": "care-communication-message",
        "body": message.body(),
        "patient_id": PatientId(stay["patient_id"]),
        "stay_id": StayId(stay["id"]),
    }
    async with database.unit_of_work(None) as uow:
        made = await uow.outbox.put(Outgoing(**{**outgoing, **changes}))
        await uow.commit()
    return made
