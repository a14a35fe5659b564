import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from discharge.policy import Role
from services.cli import app, main
from services.demo.home import environment_of
from services.persistence.clock import wall_now
from services.settings import load_settings
from services.web.tokens import Tokens

EXAMPLES = Path(__file__).parent.parent / "fixtures" / "fhir"
DATABASE = ("postgresql://stafet_app@127.0.0.1/stafet", "postgresql://stafet_owner@127.0.0.1/stafet")
ODENSE = "265161000016000"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A demo's folder as a supervisor leaves it."""
    environment_of(tmp_path, database=DATABASE, redis_url=None, host="127.0.0.1", port=8000)
    return tmp_path


def test_help_is_quick_because_commands_import_late() -> None:
    code = "import sys; import services.cli; print(sorted({'fastapi', 'sqlalchemy', 'pydantic'} & set(sys.modules)))"

    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert printed.strip() == "[]"


def test_settings_are_printed_with_secrets_masked(home: Path) -> None:
    result = CliRunner().invoke(app, ["settings", "--home", str(home)])

    assert result.exit_code == 0
    assert "STAFET_KEYS_MASTER " in result.stdout
    assert "********" in result.stdout
    assert (home / "keys" / "master").read_text(encoding="ascii").strip() not in result.stdout


def test_a_token_is_printed_alone_and_believed(home: Path) -> None:
    result = CliRunner().invoke(
        app, ["token", "--role", "home-nurse", "--organization", ODENSE, "--home", str(home)]
    )  # fmt: skip

    settings = load_settings({"STAFET_TOKEN_JWKS_FILE": str(home / "keys" / "public.jwks")})
    believed = Tokens(settings.token, wall_now).verify(result.stdout.strip())
    assert believed.caller.role is Role.HOME_NURSE
    assert believed.caller.organization == ODENSE


def test_what_goes_wrong_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["stafet", "settings", "--home", str(tmp_path)])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("no demo in ")


@pytest.mark.parametrize("arguments", [["--role", "nurse"], ["--role", "ward", "--organization", "x"]])
def test_a_token_for_nobody_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path, arguments: list[str]
) -> None:
    command = ["stafet", "token", "--organization", ODENSE, "--home", str(home), *arguments]
    monkeypatch.setattr(sys, "argv", command)

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 1
    assert capsys.readouterr().err


def test_an_instant_without_offset_is_refused() -> None:
    result = CliRunner().invoke(app, ["demo", "--now", "2026-11-20T11:40:00"])

    assert result.exit_code == 2
    assert "no instant with offset" in result.stderr


def test_a_published_message_passes_the_check() -> None:
    message = EXAMPLES / "stin.json"

    result = CliRunner().invoke(app, ["check", str(message)])

    assert result.exit_code == 0, result.stdout


def test_a_broken_message_fails_the_check_with_rule_and_place(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"resourceType": "Bundle", "type": "message"}', encoding="utf-8")

    result = CliRunner().invoke(app, ["check", str(broken)])

    assert result.exit_code == 1
    assert "error" in result.stdout
    assert "Bundle" in result.stdout
