"""A process that mails those on call, for tests that kill it: ``python -m tests.faults.calling <store> <port>``."""

from __future__ import annotations

import asyncio
import sys

from services.mail import SmtpChannel
from services.observability import Metrics
from services.persistence.call_book import SqlCalls
from services.persistence.database import Database, engine_for
from services.persistence.jobs import Attempts, run_jobs
from services.persistence.vault import Vault
from services.worker import calling
from tests.faults.sending import QUICK
from tests.services.mail_server import MailServer

__all__ = ["call"]


async def call(url: str, port: int, stopping: asyncio.Event) -> None:
    """Mail what is due in the store at ``url`` over the server on ``port`` until told to stop."""
    engine = engine_for(url)
    database = Database(engine, Vault(b"m" * 32, b"i" * 32), access_days=30, demo=True)
    try:
        calls = SqlCalls(database, "https://stafet.region.example")
        channel = SmtpChannel(MailServer(port).settings)
        await run_jobs(url, Attempts(call=calling(calls, channel, Metrics.create())), stopping, QUICK)
    finally:
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(call(sys.argv[1], int(sys.argv[2]), asyncio.Event()))
