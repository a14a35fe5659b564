"""A worker that only sends, as a process of its own: to be killed."""

import asyncio
import sys

from notifications.outbound import ResendRules
from services.gateway import HttpGateway
from services.observability import Metrics
from services.persistence.database import Database, engine_for
from services.persistence.deliveries import SqlBook
from services.persistence.jobs import Attempts, JobLimits, run_jobs
from services.persistence.vault import Vault
from services.settings import GatewaySettings
from services.worker import posting

QUICK = JobLimits(poll_seconds=0.1, beat_seconds=0.3, silent_seconds=1.5)


async def send(url: str, to: str, stopping: asyncio.Event) -> None:
    """Send what is due in the store at ``url`` to ``to`` until told to stop."""
    engine = engine_for(url)
    database = Database(engine, Vault(b"m" * 32, b"i" * 32), access_days=30, demo=True)
    try:
        async with HttpGateway(GatewaySettings(url=to)) as gateway:
            attempt = posting(SqlBook(database, ResendRules()), gateway, Metrics.create())
            await run_jobs(url, Attempts(deliver=attempt), stopping, QUICK)
    finally:
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1], sys.argv[2], asyncio.Event()))
