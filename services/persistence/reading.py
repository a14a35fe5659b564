"""One read: a single snapshot in the role ``stafet_reader``, under row-level security, audited."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.directory import Directory
from discharge.identifiers import FeedId, StayId
from discharge.policy import Caller
from services.persistence import feeds
from services.persistence.master import Master
from services.persistence.people import SqlPatients
from services.persistence.pipeline import Conversation
from services.persistence.vault import Vault
from services.persistence.views import FeedHead

__all__ = ["ReadSession"]


class ReadSession:
    """What a query may use: one repeatable-read transaction that sees only what its caller may."""

    def __init__(
        self, connection: AsyncConnection, *, vault: Vault, master: Master, now: datetime, caller: Caller
    ) -> None:
        self.connection = connection
        self.directory: Directory = master.directory
        self.master = master
        self.agreements = master.documents
        self.now = now
        self.caller = caller
        self.talk = Conversation(connection)
        self.patients = SqlPatients(self.talk, vault)
        self.vault = vault
        self._stays: set[str] = set()

    def saw(self, *stay_ids: StayId) -> None:
        """Note stays whose data this read hands out: the audit row lists them."""
        self._stays.update(stay_ids)

    @property
    def seen(self) -> list[str]:
        """The stays noted so far."""
        return sorted(self._stays)

    async def feed_head(self, feed: FeedId | None = None) -> FeedHead:
        """Where a feed stands in this snapshot; the caller's own when none is named."""
        named = feed or FeedId(self.caller.acting)
        heads = await feeds.heads(self.connection, [named])
        return FeedHead(feed=named, epoch=heads[named].epoch, offset=heads[named].offset)
