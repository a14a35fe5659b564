import base64
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.settings import (
    Mode,
    SettingsError,
    describe,
    environment_of_child,
    environment_of_engine,
    load_settings,
    misspelt,
)

KEY = base64.b64encode(bytes(range(32))).decode()


def test_a_variable_reaches_its_nested_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFET_DATABASE_POOL_SIZE", "3")
    monkeypatch.setenv("STAFET_MODE", "demo")
    monkeypatch.setenv("STAFET_HTTP_ALLOWED_ORIGINS", "https://a.example, https://b.example")
    monkeypatch.setenv("STAFET_HTTP_PUBLIC_URL", "https://stafet.example/start")

    settings = load_settings()

    assert settings.database.pool_size == 3
    assert settings.mode is Mode.DEMO
    assert settings.is_demo
    assert settings.http.secure
    assert settings.http.origins == {"https://stafet.example", "https://a.example", "https://b.example"}


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", encoding="ascii")
    monkeypatch.setenv("STAFET_KEYS_MASTER_FILE", str(file))

    assert load_settings().keys.master_bytes() == bytes(range(32))
    assert load_settings({"STAFET_KEYS_INDEX_FILE": str(file)}).keys.index_bytes() == bytes(range(32))


def test_a_secret_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STAFET_DATABASE_URL_FILE", str(tmp_path / "absent"))

    with pytest.raises(SettingsError, match="STAFET_DATABASE_URL_FILE: cannot read"):
        load_settings()


def test_overrides_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFET_HTTP_PORT", "1")

    assert load_settings({"STAFET_HTTP_PORT": "2"}).http.port == 2


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("STAFET_KEYS_MASTER", "c2hvcnQ="),
        ("STAFET_KEYS_INDEX", "not base64 at all!"),
        ("STAFET_DATABASE_URL", "mysql://user:hidden@host/db"),
        ("STAFET_LIVE_HEARTBEAT_SECONDS", "-1"),
        ("STAFET_HTTP_DRAIN_SECONDS", "31"),
        ("STAFET_MODE", "test"),
    ],
)
def test_a_value_without_meaning_is_refused_by_name_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as refused:
        load_settings()

    assert variable in str(refused.value)
    assert value not in str(refused.value)


def test_no_secret_has_a_default() -> None:
    settings = load_settings()

    for read in (
        settings.database.app_url,
        settings.database.migration_url,
        settings.keys.master_bytes,
        settings.keys.index_bytes,
        settings.token.public_keys,
        settings.token.private_key,
    ):
        with pytest.raises(SettingsError, match="is not set"):
            read()
    assert settings.redis.address() is None


def test_migrations_use_the_owner_when_there_is_one() -> None:
    app = {"STAFET_DATABASE_URL": "postgresql://app@h/d"}
    both = app | {"STAFET_DATABASE_OWNER_URL": "postgresql://owner@h/d"}

    assert load_settings(app).database.migration_url() == "postgresql://app@h/d"
    assert load_settings(both).database.migration_url() == "postgresql://owner@h/d"
    assert load_settings(both).database.app_url() == "postgresql://app@h/d"


def test_settings_are_frozen() -> None:
    settings = load_settings()

    with pytest.raises(ValidationError):
        settings.http.port = 1  # type: ignore[misc]  # what must not be possible


def test_the_description_masks_secrets_and_leaves_nothing_unexplained() -> None:
    settings = load_settings({"STAFET_KEYS_MASTER": KEY, "STAFET_REDIS_URL": "redis://:hidden@h:1/0"})

    described = {each.variable: each for each in describe(settings)}

    assert described["STAFET_KEYS_MASTER"].value == "********"
    assert described["STAFET_KEYS_INDEX"].value == "not set"
    assert described["STAFET_HTTP_ALLOWED_ORIGINS"].value == ""
    assert all(each.meaning for each in described.values())
    assert not any("hidden" in each.value or KEY in each.value for each in described.values())


def test_misspelt_variables_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFET_DATABSE_URL", "x")
    monkeypatch.setenv("STAFET_KEYS_MASTER_FILE", "x")
    monkeypatch.setenv("STAFET_TEST_ADMIN_URL", "x")

    assert misspelt() == ["STAFET_DATABSE_URL"]


def test_a_child_inherits_the_environment_under_its_own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFET_HTTP_PORT", "1")
    monkeypatch.setenv("KEPT", "yes")

    environment = environment_of_child({"STAFET_HTTP_PORT": "2"})

    assert (environment["STAFET_HTTP_PORT"], environment["KEPT"]) == ("2", "yes")


def test_an_engine_is_told_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFET_KEYS_MASTER", "secret")
    monkeypatch.setenv("KEPT", "yes")

    environment = environment_of_engine({"TZ": "UTC"})

    assert (environment["TZ"], environment["KEPT"]) == ("UTC", "yes")
    assert not [name for name in environment if name.startswith("STAFET_")]
