"""Messages that leave, the jobs that send them, what operators do with messages, and stays whose timers fail.

Jobs are procrastinate's: its tables are no record of anything, so the writer may delete from them.
"""

from __future__ import annotations

from importlib.resources import files

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_JOBS = files("procrastinate") / "sql" / "schema.sql"
"""The library's own schema; it is pinned to 3.10, and a later one brings a migration of its own."""
_NOTIFY = "procrastinate_notify_queue_job_inserted_v1"
_JOB_TABLES = ("procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs", "procrastinate_workers")
_SEQUENCES = ("procrastinate_jobs_id_seq", "procrastinate_events_id_seq", "procrastinate_periodic_defers_id_seq")
_STATES = "'sent', 'awaiting-ack', 'waiting-for-retry', 'acknowledged', 'in-error', 'discarded'"
_OPERATOR = "current_setting('stafet.caller_role', true) = 'operator'"
_OURS = "{0} = ANY ((SELECT stafet_organizations())::text[])"
_READS = {
    # An operator of either end; and whoever reads the stay's conversations, to see what became of a letter.
    "outbound_message": (
        f"({_OPERATOR} AND ({_OURS.format('sender')} OR {_OURS.format('receiver')}))"
        " OR (EXISTS (SELECT FROM party p WHERE p.stay_id = outbound_message.stay_id)"
        " AND 'conversation' = ANY ((SELECT stafet_classes())::text[]))"
    ),
    "outbound_receipt": (
        f"{_OPERATOR} AND ({_OURS.format('receiver')}"
        " OR EXISTS (SELECT FROM outbound_message o WHERE o.id = outbound_receipt.outbound))"
    ),
    "message_act": (
        f"{_OPERATOR} AND (EXISTS (SELECT FROM message m WHERE m.id = message_act.message)"  # noqa: S608 - our own text
        " OR EXISTS (SELECT FROM outbound_message o WHERE o.id = message_act.outbound))"
    ),
}
_GUARDED = ("stalled_stay", "outbound_message", "outbound_receipt", "message_act")


def upgrade() -> None:
    """Make the tables and raise their walls."""
    _tables()
    for table in _GUARDED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY writes ON {table} TO stafet_writer USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO stafet_writer")
    for table, condition in _READS.items():
        op.execute(f"CREATE POLICY reads ON {table} FOR SELECT TO stafet_reader USING ({condition})")
        op.execute(f"GRANT SELECT ON {table} TO stafet_reader")
    op.execute(_JOBS.read_text(encoding="utf-8"))
    # A NOTIFY in the transaction that defers a job takes a lock at which all such commits stand in line: we poll.
    op.execute("DROP TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 ON procrastinate_jobs")
    op.execute(f"DROP FUNCTION {_NOTIFY}()")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {', '.join(_JOB_TABLES)} TO stafet_writer")
    op.execute("GRANT DELETE ON procrastinate_jobs, procrastinate_workers TO stafet_writer")
    op.execute(f"GRANT USAGE ON SEQUENCE {', '.join(_SEQUENCES)} TO stafet_writer")


def _tables() -> None:
    instant = postgresql.TIMESTAMP(timezone=True)
    # The operator's desk reads both directions by time, page by page.
    op.create_index(op.f("ix_message_received_at_id"), "message", ["received_at", "id"])
    op.create_table(
        "stalled_stay",
        sa.Column("stay_id", sa.Uuid(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("since", instant, nullable=False),
        sa.Column("retry_at", instant, nullable=True),
        sa.ForeignKeyConstraint(["stay_id"], ["stay.id"], name=op.f("fk_stalled_stay_stay_id")),
        sa.PrimaryKeyConstraint("stay_id", name=op.f("pk_stalled_stay")),
    )
    op.create_table(
        "outbound_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("bundle_id", sa.Text(), nullable=True),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("event_code", sa.Text(), nullable=False),
        sa.Column("stay_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("sendings", sa.Integer(), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("changed_at", instant, nullable=False),
        sa.Column("began_at", instant, nullable=True),
        sa.Column("due_at", instant, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("wants_receipt", sa.Boolean(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_outbound_message_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbound_message")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbound_message_message_id")),
    )
    op.create_index(op.f("ix_outbound_message_sender_state"), "outbound_message", ["sender", "state"])
    op.create_index(op.f("ix_outbound_message_created_at_id"), "outbound_message", ["created_at", "id"])
    op.create_index(op.f("ix_outbound_message_stay_id"), "outbound_message", ["stay_id"])
    op.create_table(
        "outbound_receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outbound", sa.Uuid(), nullable=True),
        sa.Column("received_at", instant, nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=True),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("details", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["outbound"], ["outbound_message.id"], name=op.f("fk_outbound_receipt_outbound")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbound_receipt")),
    )
    op.create_index(op.f("ix_outbound_receipt_outbound"), "outbound_receipt", ["outbound"])
    op.create_index(op.f("ix_outbound_receipt_receiver_received_at"), "outbound_receipt", ["receiver", "received_at"])
    op.create_table(
        "message_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message", sa.Uuid(), nullable=True),
        sa.Column("outbound", sa.Uuid(), nullable=True),
        sa.Column("at", instant, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Text(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('open', 'replay', 'discard')", name=op.f("ck_message_act_kind")),
        sa.ForeignKeyConstraint(["message"], ["message.id"], name=op.f("fk_message_act_message")),
        sa.ForeignKeyConstraint(["outbound"], ["outbound_message.id"], name=op.f("fk_message_act_outbound")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_act")),
    )
    op.create_index(op.f("ix_message_act_message"), "message_act", ["message"])
    op.create_index(op.f("ix_message_act_outbound"), "message_act", ["outbound"])


def downgrade() -> None:
    """Drop all of it."""
    op.drop_index(op.f("ix_message_received_at_id"), table_name="message")
    for table in ("message_act", "outbound_receipt", "outbound_message", "stalled_stay"):
        op.drop_table(table)
    op.execute(f"DROP TABLE {', '.join(_JOB_TABLES)} CASCADE")
    op.execute(
        """
        DO $$
        DECLARE made record;
        BEGIN
          FOR made IN SELECT oid::regprocedure AS name FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'procrastinate\\_%'
          LOOP
            EXECUTE format('DROP FUNCTION %s', made.name);
          END LOOP;
        END
        $$
        """
    )
    for name in ("job_to_defer_v1", "job_event_type", "job_status"):
        op.execute(f"DROP TYPE procrastinate_{name}")
