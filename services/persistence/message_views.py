"""What the operator's desk reads: messages that came in and that leave, without their content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from discharge.commands import Issue, ReceiptCode
from discharge.identifiers import MessageId, SorCode
from notifications.outbound import DeliveryState
from services.persistence.views import FeedHead

__all__ = [
    "MessageAct",
    "MessageCopy",
    "MessageDetail",
    "MessageList",
    "MessageReceipt",
    "MessageRow",
    "MessageSearch",
    "MessageShow",
]


class MessageShow(StrEnum):
    """What the operator's desk shows. The values stand in page addresses."""

    ALL = "all"
    IN = "in"
    OUT = "out"
    REFUSED = "refused"
    STUCK = "stuck"
    """What waits for an operator: ours in error, and others' that we could not handle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSearch:
    """Which messages the operator's desk is asked for."""

    show: MessageShow = MessageShow.ALL
    id: str = ""
    """A MessageHeader.id or Bundle.id, whole or its beginning."""
    senders: tuple[SorCode, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, str] | None = None
    """The last row of the page before: its time and our id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One message that came in or leaves, without its content."""

    id: str = ""
    """Our own id."""
    message_id: MessageId
    received_at: datetime
    """When it came in, or was written here."""
    sender: SorCode
    receiver: SorCode | None = None
    event_code: str | None = None
    receipt: ReceiptCode | None = None
    """What one that came in was answered."""
    delivery: DeliveryState | None = None
    """Where one that leaves stands."""
    reason: str | None = None
    sendings: int = 0
    issues: tuple[Issue, ...] = ()
    repeats: int = 0
    """How often the same message came again; the first answer was given each time."""
    differing_repeats: int = 0
    """Repeats whose content was not the same: put aside for the operator."""

    @property
    def leaves(self) -> bool:
        """True for a message of ours."""
        return self.delivery is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageList:
    """The operator's desk: newest first, at most ``PAGE_SIZE``."""

    now: datetime
    feed_head: FeedHead
    messages: tuple[MessageRow, ...]
    accepted: int = 0
    refused: int = 0
    repeated: int = 0
    """Counts over the last 24 hours."""
    leaving: int = 0
    """Messages of ours in the last 24 hours."""
    stuck: int = 0
    """What waits for an operator, however old."""
    late: int = 0
    """Messages of ours whose receipt has been waited for longer than half an hour."""
    search: MessageSearch = MessageSearch()
    next: tuple[datetime, str] | None = None
    """Where the next page begins; None: this is the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCopy:
    """A repeat with other content, put aside."""

    id: str
    received_at: datetime
    has_body: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceipt:
    """A receipt that a message of ours got."""

    receipt_id: str
    received_at: datetime
    sender: SorCode
    code: str | None
    effect: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAct:
    """What an operator did with a message, and why."""

    kind: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDetail:
    """One message, without its content."""

    now: datetime
    feed_head: FeedHead
    row: MessageRow
    bundle_id: str | None
    has_body: bool
    due_at: datetime | None = None
    copies: tuple[MessageCopy, ...] = ()
    receipts: tuple[MessageReceipt, ...] = ()
    acts: tuple[MessageAct, ...] = ()
