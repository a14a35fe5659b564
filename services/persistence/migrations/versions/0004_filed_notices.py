"""What was told of a stay, notice by notice: the stay's course follows from all of them.

Stays of before have none; their contacts and their end say what must have been told. The table
``superseded`` is no longer written: a notice names its history itself. A later release drops it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATES = "'acute-ambulant', 'admitted', 'on-leave', 'ended', 'dead', 'cancelled'"
_KINDS = ", ".join(
    f"'{prefix}{base}'" for base in ("STAA", "STIN", "STOR", "SLOR", "SLHJ", "MORS") for prefix in ("", "RE_", "AN_")
)


def upgrade() -> None:
    """Make room for them."""
    op.create_table(
        "notice",
        sa.Column("stay_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("encounter_class", sa.Text(), nullable=False),
        sa.Column("hospital", sa.Text(), nullable=False),
        sa.Column("ward", sa.Text(), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("leave_started_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("leave_ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deceased", sa.Boolean(), nullable=True),
        sa.Column("report_requested", sa.Boolean(), nullable=False),
        sa.Column("report_recipient", sa.Text(), nullable=True),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("follows", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("by_id", sa.Text(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=True),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_notice_kind")),
        sa.CheckConstraint("encounter_class IN ('IMP', 'EMER')", name=op.f("ck_notice_encounter_class")),
        sa.CheckConstraint(
            "effect IN ('stands', 'corrected', 'cancelled', 'unexpected')", name=op.f("ck_notice_effect")
        ),
        sa.ForeignKeyConstraint(["stay_id"], ["stay.id"], name=op.f("fk_notice_stay_id")),
        sa.PrimaryKeyConstraint("stay_id", "message_id", name=op.f("pk_notice")),
    )
    op.add_column("stay", sa.Column("died_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("stay", sa.Column("leave_started_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("encounter", sa.Column("source", sa.Text(), nullable=True))
    op.add_column("encounter", sa.Column("is_cancelled", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.drop_constraint(op.f("ck_stay_state"), "stay")
    op.create_check_constraint(op.f("ck_stay_state"), "stay", f"state IN ({_STATES})")
    op.execute("ALTER TABLE notice ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE notice FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY reads ON notice FOR SELECT TO stafet_reader"
        " USING (EXISTS (SELECT FROM stay s WHERE s.id = notice.stay_id))"
    )
    op.execute("CREATE POLICY writes ON notice TO stafet_writer USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT ON notice TO stafet_reader")
    op.execute("GRANT SELECT, INSERT, UPDATE ON notice TO stafet_writer")


def downgrade() -> None:
    """Take it back; stays in a new state must be gone first."""
    op.drop_table("notice")
    op.drop_constraint(op.f("ck_stay_state"), "stay")
    op.create_check_constraint(op.f("ck_stay_state"), "stay", "state IN ('acute-ambulant', 'admitted', 'ended')")
    op.drop_column("encounter", "is_cancelled")
    op.drop_column("encounter", "source")
    op.drop_column("stay", "leave_started_at")
    op.drop_column("stay", "died_at")
