"""What rang at whom: the alert budget of people and shifts, measured. Nothing of a citizen.

Leaders and operators of a place read what rang at its people; a month of it is kept.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_READ = (
    "organization = ANY ((SELECT stafet_organizations())::text[])"
    " AND current_setting('stafet.caller_role', true) IN ('leader', 'operator')"
)


def upgrade() -> None:
    """Make the table and raise its wall."""
    op.create_table(
        "interruption",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("rang", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "role", "feed_id", "number", name=op.f("pk_interruption")),
    )
    op.create_index(op.f("ix_interruption_person_id_at"), "interruption", ["person_id", "at"])
    op.create_index(op.f("ix_interruption_organization_at"), "interruption", ["organization", "at"])
    op.execute("ALTER TABLE interruption ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE interruption FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY reads ON interruption FOR SELECT TO stafet_reader USING ({_READ})")
    op.execute("CREATE POLICY writes ON interruption TO stafet_writer USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT ON interruption TO stafet_reader")
    op.execute("GRANT SELECT, INSERT, DELETE ON interruption TO stafet_writer")


def downgrade() -> None:
    """Drop it."""
    op.drop_table("interruption")
