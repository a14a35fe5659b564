"""The composition root refuses what it must not stand on."""

import base64
import secrets

import psycopg
import pytest

from services.bootstrap import create_app
from services.persistence.checks import UnsafeDatabaseError
from services.settings import Settings, load_settings
from services.web.tokens import new_demo_key
from tests.engines import Database


def _settings(database: Database, mode: str) -> Settings:
    return load_settings(
        {
            "STAFET_MODE": mode,
            "STAFET_DATABASE_URL": database.app_url,
            "STAFET_KEYS_MASTER": base64.b64encode(secrets.token_bytes(32)).decode(),
            "STAFET_KEYS_INDEX": base64.b64encode(secrets.token_bytes(32)).decode(),
            "STAFET_TOKEN_JWKS": new_demo_key().public,
        }
    )


@pytest.fixture
def forgetful(database: Database) -> Database:
    """A database whose commits do not wait for the disk."""
    with psycopg.connect(database.admin_url, dbname=database.name, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{database.name}" SET synchronous_commit = off'.encode())
    return database


def test_production_does_not_start_on_a_store_that_may_forget_a_commit(forgetful: Database) -> None:
    with pytest.raises(UnsafeDatabaseError, match="synchronous_commit"):
        create_app(_settings(forgetful, "production"))


def test_a_demo_starts_on_it_all_the_same(forgetful: Database) -> None:
    app = create_app(_settings(forgetful, "demo"))

    assert app.state.runtime.settings.is_demo
