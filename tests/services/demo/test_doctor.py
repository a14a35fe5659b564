import json
import os
from pathlib import Path

import psycopg
import pytest

from services.demo.doctor import diagnose
from services.demo.home import ENVIRONMENT
from services.settings import Settings, SettingsError, load_settings
from services.web.tokens import new_demo_key
from tests.engines import Database
from tests.factories import small_document
from tests.services.demo.installation import settings_over

KEY = new_demo_key()
UNREACHABLE = "postgresql://stafet_app:secret@127.0.0.1:1/stafet"


def about(settings: Settings, word: str) -> list[str]:
    return [finding for finding in diagnose(settings) if word in finding]


def test_a_whole_installation_has_nothing_wrong_but_the_tests_own_haste(
    database: Database, redis_url: str, tmp_path: Path
) -> None:
    settings = settings_over(tmp_path, database, redis_url=redis_url)

    # The tests' PostgreSQL does not wait for the disk.
    assert [finding for finding in diagnose(settings) if " = off" not in finding] == []


def test_what_is_not_set_is_named() -> None:
    found = diagnose(load_settings({}))

    for variable in ("STAFET_DATABASE_URL", "STAFET_KEYS_MASTER", "STAFET_KEYS_INDEX", "STAFET_TOKEN_JWKS"):
        assert any(finding.startswith(f"{variable} is not set") for finding in found)


def test_production_wants_https() -> None:
    assert about(load_settings({"STAFET_HTTP_PUBLIC_URL": "http://stafet.example"}), "not https")


@pytest.mark.parametrize(
    ("signing", "finding"),
    [(KEY.private, None), (new_demo_key().private, "STAFET_TOKEN_JWKS lacks"), ("{}", "is no private JSON Web Key")],
)
def test_a_signing_key_whose_tokens_nobody_believes_is_found(signing: str, finding: str | None) -> None:
    settings = load_settings({"STAFET_TOKEN_SIGNING_KEY": signing, "STAFET_TOKEN_JWKS": KEY.public})

    assert [finding or ""] * len(about(settings, "STAFET_TOKEN_")) == ([] if finding is None else [finding])
    assert finding is None or about(settings, finding)


def test_a_database_that_is_away_is_named_without_its_password(tmp_path: Path, database: Database) -> None:
    settings = settings_over(tmp_path, database, STAFET_DATABASE_URL=UNREACHABLE)

    (finding,) = about(settings, "PostgreSQL cannot be used")

    assert "secret" not in finding


def test_redis_away_is_said_to_be_bearable(tmp_path: Path, database: Database) -> None:
    settings = settings_over(tmp_path, database, redis_url="redis://127.0.0.1:1/0")

    assert about(settings, "PostgreSQL alone wakes the feeds")


def test_a_key_that_others_can_read_is_found(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_over(tmp_path, database)
    (tmp_path / "keys" / "index").chmod(0o644)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("x", encoding="ascii")
    elsewhere.chmod(0o640)
    monkeypatch.setenv("STAFET_TOKEN_JWKS_FILE", str(elsewhere))

    found = about(settings, "chmod 600")

    assert len(found) == 2
    assert str(elsewhere) in found[0]
    assert str(tmp_path / "keys" / "index") in found[1]


def test_an_audit_that_somebody_changed_is_found(database: Database, tmp_path: Path) -> None:
    settings = settings_over(tmp_path, database)
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO audit_seal (number, audit_id, digest, sealed_at) VALUES (1, gen_random_uuid(), '', now())"
        )

    (finding,) = about(settings, "the audit was changed")

    assert "seal 1 " in finding


def test_a_stranger_wall_is_told_with_the_rest(database: Database, tmp_path: Path) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE patient DISABLE ROW LEVEL SECURITY")

    assert about(settings_over(tmp_path, database), "not forced on the table patient")


def test_a_home_that_is_gone_is_looked_for_above(tmp_path: Path, database: Database) -> None:
    settings = settings_over(tmp_path, database)
    moved = load_settings(
        {
            **json.loads((tmp_path / ENVIRONMENT).read_text(encoding="utf-8")),
            "STAFET_HOME": str(tmp_path / "gone" / "away"),
        }
    )

    assert os.fspath(settings.home) == str(tmp_path)
    assert about(moved, "GiB") == about(settings, "GiB")


def test_an_agreement_that_this_program_cannot_follow_is_told(database: Database, tmp_path: Path) -> None:
    newer = {**small_document(), "id": "newer", "version": "9", "of-tomorrow": True}
    astray = {
        "kind": "deviation", "id": "astray", "version": "1", "title": "-", "base": "dk-first", "parties": ["1"],
        "valid-from": "2026-01-01", "changes": [{"rule": "R99", "suspend": True}],
    }  # fmt: skip
    settings = settings_over(tmp_path, database)
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        for each in (small_document(), newer, astray):
            row = (each["id"], each["version"], json.dumps(each, default=str))
            connection.execute(
                "INSERT INTO agreement (id, version, document, loaded_at) VALUES (%s, %s, %s, now())", row
            )

    assert len(about(settings, "the agreement newer 9 cannot be read by this program")) == 1
    assert len(about(settings, "astray 1 cannot be laid upon dk-first 1.0.0")) == 1


def test_people_on_call_without_a_mail_server_and_mails_that_were_given_up_are_told(
    database: Database, tmp_path: Path
) -> None:
    settings = settings_over(tmp_path, database)
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO on_call (id, organization, roles, address)"
            " VALUES (gen_random_uuid(), '1', '{}', 'a@b.example')"
        )
        connection.execute(
            "INSERT INTO alert_mail (id, on_call, organization, tasks, state, tries, created_at, changed_at, due_at)"
            " SELECT gen_random_uuid(), id, '1', '{}', 'failed', 8, now(), now(), now() FROM on_call"
        )

    assert len(about(settings, "1 on-call entries exist and STAFET_SMTP_HOST is not set")) == 1
    assert len(about(settings, "1 mails to those on call were given up")) == 1


def test_production_wants_its_mail_servers_password_hidden() -> None:
    mails = {"STAFET_SMTP_HOST": "mail.example", "STAFET_SMTP_SENDER": "stafet@region.example"}

    assert about(load_settings(mails), "STAFET_SMTP") == []
    assert about(load_settings({**mails, "STAFET_SMTP_STARTTLS": "false"}), "STAFET_SMTP_STARTTLS is off")


def test_mails_need_a_sender() -> None:
    with pytest.raises(SettingsError, match="STAFET_SMTP_SENDER is missing"):
        load_settings({"STAFET_SMTP_HOST": "mail.example"})


@pytest.mark.parametrize("hours", ["", "7,7", "15,7", "7,24", "-1", "seven"])
def test_shifts_begin_at_rising_hours(hours: str) -> None:
    with pytest.raises(SettingsError):
        load_settings({"STAFET_ALERTS_SHIFT_STARTS": hours})
