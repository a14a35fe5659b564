"""The folder that holds one demo: who runs in it now, and how other commands reach it."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from services.demo.engines import running_engines
from services.demo.keys import make_keys
from services.settings import Settings, SettingsError, load_settings

__all__ = ["HomeInUseError", "environment_of", "locked", "open_home", "settings_of"]

ENVIRONMENT = "environment.json"
# Made when schema and data stand as asked for; serve and worker begin with it.
PREPARED = "prepared"


class HomeInUseError(Exception):
    """Another `stafet demo` runs in this folder; the text says which."""


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Holds the folder for one supervisor; the system lets go of it however the supervisor ends.

    Raises:
        HomeInUseError: when another supervisor holds it.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "supervisor.pid").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise HomeInUseError(
                f"a demo already runs in {home} (process {file.read().strip() or 'unknown'}); end it, or give --home"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
        file.truncate(0)


def environment_of(
    home: Path, *, database: tuple[str, str], redis_url: str | None, host: str, port: int
) -> dict[str, str]:
    """The variables that the demo's processes run with; secrets are named by file.

    Args:
        home: the demo's folder.
        database: the addresses for `stafet_app` and `stafet_owner`.
        redis_url: None without Redis.
        host: the address that `serve` listens on.
        port: the port that `serve` listens on.
    """
    app_url, owner_url = database
    variables = {
        "STAFET_MODE": "demo",
        "STAFET_HOME": str(home),
        "STAFET_DATABASE_URL": app_url,
        "STAFET_DATABASE_OWNER_URL": owner_url,
        "STAFET_HTTP_HOST": host,
        "STAFET_HTTP_PORT": str(port),
        "STAFET_HTTP_PUBLIC_URL": f"http://localhost:{port}",
        "STAFET_HTTP_ALLOWED_ORIGINS": f"http://127.0.0.1:{port}",
        # All four children end within half a minute, so each gets less than in production.
        "STAFET_HTTP_DRAIN_SECONDS": "8",
        **make_keys(home),
    }
    if redis_url is not None:
        variables["STAFET_REDIS_URL"] = redis_url
    (home / ENVIRONMENT).write_text(json.dumps(variables, indent=1), encoding="utf-8")
    return variables


def settings_of(home: Path, overrides: Mapping[str, str] | None = None) -> Settings:
    """The settings that the demo in this folder runs with, or last ran with; `overrides` come first.

    Raises:
        SettingsError: when no demo was ever started here.
    """
    try:
        variables = json.loads((home / ENVIRONMENT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"no demo in {home}: start one with `stafet demo --home {home}`, or set STAFET_DATABASE_URL"
        ) from None
    return load_settings({**variables, **(overrides or {})})


@contextmanager
def open_home(home: Path) -> Iterator[Settings]:
    """Settings whose database answers: of the running demo, or of a stopped one whose engines run for the block.

    Raises:
        SettingsError: when no demo was ever started here.
    """
    home = home.absolute()
    settings = settings_of(home)
    with ExitStack() as held:
        try:
            held.enter_context(locked(home))
        except HomeInUseError:
            pass
        else:
            if (home / "postgres").exists():
                engines = held.enter_context(running_engines(home))
                addresses = {"STAFET_DATABASE_URL": engines.app_url, "STAFET_DATABASE_OWNER_URL": engines.owner_url}
                redis = {"STAFET_REDIS_URL": engines.redis_url} if engines.redis_url is not None else {}
                settings = settings_of(home, addresses | redis)
        yield settings
