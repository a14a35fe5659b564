"""What a demo does between its engines and its processes: migrate, seed, set the clock.

Runs as a process of its own, so that the supervisor stays small and quick.
"""

import argparse
import asyncio
from datetime import datetime

from services.bootstrap import migrate
from services.demo.home import PREPARED
from services.demo.logins import write_logins
from services.demo.seed import seed_demo
from services.settings import load_settings


def main() -> None:
    """Brings the schema up to date and sees that the demo's organisations, citizens and clock are there."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--empty", action="store_true")
    parser.add_argument("--now", type=datetime.fromisoformat)
    options = parser.parse_args()
    settings = load_settings()
    migrate(settings)
    write_logins(settings.home, asyncio.run(seed_demo(settings, empty=options.empty, now=options.now)))
    (settings.home / PREPARED).touch()


if __name__ == "__main__":
    main()
