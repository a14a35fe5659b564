"""From chaos to a state that can be judged."""

from __future__ import annotations

import asyncio
from datetime import datetime

import psycopg

from services.demo.postgres import Postgres
from tests.faults.history import Watch
from tests.running import RunningDemo

__all__ = ["admin_url_of", "settle"]

_LOOK = """
    SELECT (SELECT count(*) FROM timer WHERE fired_at IS NULL AND due_at <= %s),
           (SELECT jsonb_object_agg(id, head) FROM feed)
    """


def admin_url_of(demo: RunningDemo) -> str:
    """The address of its database for the superuser, over the socket that only the tests' user may open."""
    postgres = Postgres(demo.home)
    postgres.port = int((demo.home / "postgres" / "port").read_text(encoding="ascii"))
    return postgres.url("postgres", "stafet")


async def settle(admin_url: str, watches: list[Watch], *, due_until: datetime, within: float) -> None:
    """Wait until nothing is due, no feed grows any more and every screen stands at its head.

    Returns also when that does not come in time: what is missing then is for the checker to say.
    """
    before: dict[str, int] | None = None
    try:
        async with asyncio.timeout(within):
            while True:
                due, heads = await asyncio.to_thread(_look, admin_url, due_until)
                behind = [watch for watch in watches if watch.position[1] != heads.get(watch.feed, 0)]
                if not due and heads == before and not behind:
                    return
                before = heads
                # Longer than the pause between two batches of confirmations.
                await asyncio.sleep(1.5)
    except TimeoutError:
        return


def _look(admin_url: str, due_until: datetime) -> tuple[int, dict[str, int]]:
    with psycopg.connect(admin_url) as connection:
        row = connection.execute(_LOOK, (due_until,)).fetchone()
    assert row is not None
    return row[0], row[1] or {}
