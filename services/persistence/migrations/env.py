"""Alembic's entry: runs on the connection that ``services.persistence.migrate`` hands over."""

from __future__ import annotations

from alembic import context

from services.persistence.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, compare_type=True, transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
