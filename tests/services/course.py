"""A stay as its hospital tells it: one message after the other through the door."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from discharge.stay import NoticeKind
from services.demo.messages import Notification
from services.persistence.clock import wall_now
from tests.services.installation import Installation, code_of, notification

__all__ = ["Course"]

K = NoticeKind


class Course:
    """Messages of one stay through the door, each naming those before it."""

    def __init__(self, house: Installation) -> None:
        self.house = house
        self.sent: list[Notification] = []

    async def tell(self, kind: NoticeKind, **changes: Any) -> Notification:
        """One more message; it must be taken in."""
        first = self.sent[0] if self.sent else notification()
        at = wall_now().replace(microsecond=0) - timedelta(minutes=30 - len(self.sent))
        ends = kind.base in {K.SLHJ, K.MORS} and not kind.cancels
        message = replace(
            notification(kind, episode=first.episode),
            started_at=first.started_at,
            ended_at=at if ends else None,
            leave_started_at=at if kind.base in {K.STOR, K.SLOR} else None,
            leave_ended_at=at if kind.base is K.SLOR else None,
            occurred_at=at,
            history=tuple(each.sent for each in self.sent),
            **changes,
        )
        answer = await self.house.send(message)
        assert code_of(answer) == "ok", answer.text
        self.sent.append(message)
        return message

    async def state(self) -> Any:
        return await self.house.scalar("SELECT state FROM stay")
