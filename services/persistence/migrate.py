"""The schema's versions: expand first, contract in a later release, short locks only."""

from __future__ import annotations

from importlib.resources import as_file, files

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

__all__ = ["MigrationError", "upgrade"]

_OWNER = "stafet_owner"


class MigrationError(Exception):
    """The database cannot be migrated as this role; the text says what to do."""


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at ``url`` to ``revision``, owned by ``stafet_owner``.

    Args:
        url: ``postgresql://…`` of the owner, or of a role that may become it; a superuser's also
            makes the roles when they are missing.
        revision: an Alembic revision, or ``head``.

    Raises:
        MigrationError: the roles are missing and this role may not make them.
    """
    _ensure_roles(url)
    engine = create_engine("postgresql+psycopg://" + url.split("://", 1)[1])
    try:
        with engine.connect() as connection:
            connection.execute(text(f"SET ROLE {_OWNER}"))
            connection.execute(text("SET lock_timeout = '4s'"))
            connection.execute(text("SET statement_timeout = '5s'"))
            connection.commit()
            with _config(connection) as config:
                command.upgrade(config, revision)
            connection.commit()
    finally:
        engine.dispose()


class _config:  # noqa: N801 - read as a verb
    """Alembic's configuration over the migrations inside the wheel."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._folder = as_file(files("services.persistence") / "migrations")

    def __enter__(self) -> Config:
        config = Config()
        config.set_main_option("script_location", str(self._folder.__enter__()))
        config.attributes["connection"] = self._connection
        return config

    def __exit__(self, *problem: object) -> None:
        self._folder.__exit__(None, None, None)


def _ensure_roles(url: str) -> None:
    """Make the cluster's roles when this role may; otherwise they must be there."""
    with psycopg.connect(url, autocommit=True) as connection:
        there = connection.execute("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'stafet\\_%'").fetchone()
        superuser = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        script = (files("services.persistence") / "roles.sql").read_text(encoding="utf-8")
        roles = script.split("-- The database.", 1)[0]
        if superuser is not None and superuser[0]:
            connection.execute(roles.encode())
            name = connection.info.dbname
            connection.execute(
                psycopg.sql.SQL("ALTER DATABASE {} OWNER TO stafet_owner").format(psycopg.sql.Identifier(name))
            )
            connection.execute("ALTER SCHEMA public OWNER TO stafet_owner")
        elif there is None or there[0] < 5:  # noqa: PLR2004 - owner, reader, writer, auditor, app
            msg = "the roles of services/persistence/roles.sql are missing; run that file once as a superuser"
            raise MigrationError(msg)
