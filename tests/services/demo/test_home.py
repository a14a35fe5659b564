import base64
import json
import stat
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from services.demo.engines import running_engines
from services.demo.home import HomeInUseError, environment_of, locked, open_home, settings_of
from services.demo.keys import make_keys
from services.demo.logins import Login, read_logins, write_logins
from services.demo.welcome import show_welcome
from services.settings import SettingsError

ADDRESSES = ("postgresql://stafet_app@127.0.0.1/stafet", "postgresql://stafet_owner@127.0.0.1/stafet")


def test_keys_are_made_once_and_closed_to_others(home: Path) -> None:
    first = make_keys(home)
    contents = {path: Path(path).read_bytes() for path in first.values()}

    second = make_keys(home)

    assert second == first
    assert {path: Path(path).read_bytes() for path in second.values()} == contents
    assert all(stat.S_IMODE(Path(path).stat().st_mode) == 0o600 for path in first.values())
    assert len(base64.b64decode(contents[first["STAFET_KEYS_MASTER_FILE"]])) == 32


def test_the_public_keys_hold_no_private_part(home: Path) -> None:
    files = make_keys(home)

    (public,) = json.loads(Path(files["STAFET_TOKEN_JWKS_FILE"]).read_text(encoding="utf-8"))["keys"]

    assert "d" not in public
    assert json.loads(Path(files["STAFET_TOKEN_SIGNING_KEY_FILE"]).read_text(encoding="utf-8"))["x"] == public["x"]


def test_a_demo_holds_its_folder_alone_and_lets_go(home: Path) -> None:
    with locked(home), pytest.raises(HomeInUseError, match="a demo already runs"), locked(home):
        pass
    with locked(home):
        pass


def test_the_settings_of_a_demo_are_kept_in_its_folder(home: Path) -> None:
    environment_of(home, database=ADDRESSES, redis_url="redis://127.0.0.1:1/0", host="127.0.0.1", port=8123)

    settings = settings_of(home)

    assert settings.is_demo
    assert settings.database.app_url() == ADDRESSES[0]
    assert settings.database.migration_url() == ADDRESSES[1]
    assert settings.redis.address() == "redis://127.0.0.1:1/0"
    assert settings.http.origins == {"http://localhost:8123", "http://127.0.0.1:8123"}
    assert len(settings.keys.master_bytes()) == 32
    assert len(settings.keys.index_bytes()) == 32
    assert json.loads(settings.token.public_keys())["keys"]


def test_a_folder_without_a_demo_is_told_in_words(home: Path) -> None:
    with pytest.raises(SettingsError, match="stafet demo --home"):
        settings_of(home)


def test_a_stopped_demo_is_opened_with_engines_that_run_for_the_block(stopped: Path) -> None:
    with running_engines(stopped, durable=False) as engines:
        database = (engines.app_url, engines.owner_url)
        environment_of(stopped, database=database, redis_url=engines.redis_url, host="127.0.0.1", port=8123)

    with open_home(stopped) as settings, psycopg.connect(settings.database.app_url()) as connection:
        answer = connection.execute("SELECT 1").fetchone()

    assert answer == (1,)
    assert not (stopped / "postgres.pid").exists()


def test_a_running_demo_is_opened_as_it_stands(home: Path) -> None:
    environment_of(home, database=ADDRESSES, redis_url=None, host="127.0.0.1", port=8123)

    with locked(home), open_home(home) as settings:
        assert settings.database.app_url() == ADDRESSES[0]


def test_logins_are_kept_and_shown(home: Path) -> None:
    write_logins(home, [Login(name="Mette Krog", role="ward", organisation="OUH, ward M1", page="/ward")])
    console = Console(width=120, record=True, file=(home / "shown").open("w", encoding="utf-8"))

    show_welcome(console, home, 8123)

    shown = console.export_text()
    console.file.close()
    assert read_logins(home)[0].name == "Mette Krog"
    assert "http://localhost:8123/ward" in shown
    assert "OUH, ward M1" in shown
