"""Who may be signed in as in a demo, written by the seed and shown when the demo is ready."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["Login", "read_logins", "write_logins"]

FILE = "logins.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One demo person; `page` is where that person begins."""

    name: str
    role: str
    organisation: str
    page: str


def write_logins(home: Path, logins: Iterable[Login]) -> None:
    """Keeps the demo's people beside its data."""
    (home / FILE).write_text(json.dumps([asdict(login) for login in logins], ensure_ascii=False), encoding="utf-8")


def read_logins(home: Path) -> list[Login]:
    """The demo's people; none before the first seed."""
    path = home / FILE
    return [Login(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []
