"""Whom a place has on call outside the page, and the mails that left for them.

Addresses are those of workplaces. Leaders and operators of a place read its entries.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_STATES = "'waiting', 'sent', 'answered', 'failed'"
_READ = (
    "organization = ANY ((SELECT stafet_organizations())::text[])"
    " AND current_setting('stafet.caller_role', true) IN ('leader', 'operator')"
)


def upgrade() -> None:
    """Make both tables and raise their walls."""
    instant = postgresql.TIMESTAMP(timezone=True)
    op.create_table(
        "on_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_to", sa.Time(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_on_call")),
        sa.UniqueConstraint("organization", "address", name=op.f("uq_on_call_organization_address")),
    )
    op.create_table(
        "alert_mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("on_call", sa.Uuid(), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("tasks", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("changed_at", instant, nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_alert_mail_state")),
        sa.ForeignKeyConstraint(["on_call"], ["on_call.id"], name=op.f("fk_alert_mail_on_call")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_mail")),
    )
    op.create_index(op.f("ix_alert_mail_on_call"), "alert_mail", ["on_call"])
    op.create_index(op.f("ix_alert_mail_organization_created_at"), "alert_mail", ["organization", "created_at"])
    for table in ("on_call", "alert_mail"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY reads ON {table} FOR SELECT TO stafet_reader USING ({_READ})")
        op.execute(f"CREATE POLICY writes ON {table} TO stafet_writer USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT ON {table} TO stafet_reader")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO stafet_writer")


def downgrade() -> None:
    """Drop both."""
    op.drop_table("alert_mail")
    op.drop_table("on_call")
