"""Medicine of stays: parties whose role reads medicine read it, as long as they read the stay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLES = ("medication", "medication_list", "medication_line")
_OF_STAY = ("medicine_listed_at", "medicine_signed_at")


def upgrade() -> None:
    """Make the tables, and the wall round them."""
    instant = postgresql.TIMESTAMP(timezone=True)
    op.create_table(
        "medication",
        sa.Column("stay_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unresolved", sa.Integer(), nullable=False),
        sa.Column("signed_at", instant, nullable=True),
        sa.Column("changed_at", instant, nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        _of_stay("medication"),
        sa.PrimaryKeyConstraint("stay_id", name=op.f("pk_medication")),
    )
    op.create_table(
        "medication_list",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stay_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("received_at", instant, nullable=False),
        sa.Column("stated", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "place IN ('before', 'at-discharge', 'now', 'in-hospital')", name=op.f("ck_medication_list_place")
        ),
        _of_stay("medication_list"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medication_list")),
        sa.UniqueConstraint("stay_id", "position", name=op.f("uq_medication_list_stay_id_position")),
    )
    op.create_table(
        "medication_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stay_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        _of_stay("medication_line"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medication_line")),
    )
    op.create_index(op.f("ix_medication_line_stay_id"), "medication_line", ["stay_id"], unique=False)
    for column in _OF_STAY:
        op.add_column("stay", sa.Column(column, instant, nullable=True))
    for table in _TABLES:
        reads = (
            "'medicine' = ANY ((SELECT stafet_classes())::text[])"  # noqa: S608 - our own text
            f" AND EXISTS (SELECT FROM party p WHERE p.stay_id = {table}.stay_id)"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY reads ON {table} FOR SELECT TO stafet_reader USING ({reads})")
        op.execute(f"CREATE POLICY writes ON {table} TO stafet_writer USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT ON {table} TO stafet_reader")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO stafet_writer")


def _of_stay(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["stay_id"], ["stay.id"], name=op.f(f"fk_{table}_stay_id"), initially="DEFERRED", deferrable=True
    )


def downgrade() -> None:
    """Drop them."""
    for column in _OF_STAY:
        op.drop_column("stay", column)
    for table in reversed(_TABLES):
        op.drop_table(table)
