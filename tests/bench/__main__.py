"""``make bench``: starts an installation of its own, measures, prints one table, ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.bench.alerts import measure_alerts
from tests.bench.figures import Figure, show, write
from tests.bench.intake import measure_intake
from tests.bench.mapping import measure_mapping
from tests.bench.painting import measure_painting
from tests.bench.place import citizens, populate
from tests.bench.planning import measure_planning
from tests.bench.reconciling import measure_reconciling
from tests.bench.replay import measure_replay
from tests.bench.startup import measure_startup
from tests.bench.timers import measure_timers
from tests.running import RunningDemo, running_demo

_FOR_ALERTS = 1000


async def _live(demo: RunningDemo) -> list[Figure]:
    people = citizens()
    alerts = await measure_alerts(demo, people[:_FOR_ALERTS])
    intake = await measure_intake(demo, people[_FOR_ALERTS:])
    # Last: it leaves more behind than all the others.
    return [*intake, *alerts, *await measure_replay(demo), *await measure_timers(demo)]


def main() -> None:
    """Measure everything that exists in this version."""
    with running_demo("--empty") as demo:
        figures = measure_startup(demo)
        figures += measure_painting(demo)
        populate(demo)
        figures += asyncio.run(_live(demo))
    figures += measure_mapping()
    figures += measure_planning()
    figures += measure_reconciling()
    show(figures)
    write(figures, Path(".stafet/bench.json"))


if __name__ == "__main__":
    main()
