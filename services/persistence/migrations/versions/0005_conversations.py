"""Threads of care messages: who takes part reads them, and who is party to the stay that they belong to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLES = ("conversation", "conversation_party", "care_message", "attachment")
_CLASS = "'conversation' = ANY ((SELECT stafet_classes())::text[])"
_READS = {
    "conversation_party": f"organization = ANY ((SELECT stafet_organizations())::text[]) AND {_CLASS}",
    # Bound to a stay: the stay's parties, as long as they read it. Else: the two who write to one another.
    "conversation": (
        _CLASS  # noqa: S608 - our own text
        + " AND CASE WHEN stay_id IS NULL"
        + " THEN EXISTS (SELECT FROM conversation_party c WHERE c.conversation_id = conversation.id)"
        + " ELSE EXISTS (SELECT FROM party p WHERE p.stay_id = conversation.stay_id) END"
    ),
    "care_message": "EXISTS (SELECT FROM conversation c WHERE c.id = care_message.conversation_id)",
    "attachment": "EXISTS (SELECT FROM conversation c WHERE c.id = attachment.conversation_id)",
}
_BY_STAY = "EXISTS (SELECT FROM stay s WHERE s.patient_id = patient.id)"
_BY_LETTER = "EXISTS (SELECT FROM conversation c WHERE c.patient_id = patient.id AND c.stay_id IS NULL)"


def upgrade() -> None:
    """Make the tables, and the wall round them."""
    op.create_table(
        "conversation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("stay_id", sa.Uuid(), nullable=True),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("latest_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_conversation_patient_id")),
        sa.ForeignKeyConstraint(
            ["stay_id"], ["stay.id"], name=op.f("fk_conversation_stay_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
        sa.UniqueConstraint("patient_id", "thread", name=op.f("uq_conversation_patient_id_thread")),
    )
    op.create_index(op.f("ix_conversation_stay_id"), "conversation", ["stay_id"], unique=False)
    op.create_index(op.f("ix_conversation_thread"), "conversation", ["thread"], unique=False)
    op.create_index(
        "ix_conversation_unbound",
        "conversation",
        ["patient_id"],
        unique=False,
        postgresql_where=sa.text("stay_id IS NULL"),
    )
    op.create_table(
        "conversation_party",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        _of("conversation_party", "conversation"),
        sa.PrimaryKeyConstraint("conversation_id", "organization", name=op.f("pk_conversation_party")),
    )
    op.create_index(op.f("ix_conversation_party_organization"), "conversation_party", ["organization"], unique=False)
    op.create_table(
        "care_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("named", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("desk", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("by_id", sa.Text(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=True),
        sa.Column("letter", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('new-message', 'reply-message', 'forward-message', 'modified-message', 'retract-message')",
            name=op.f("ck_care_message_kind"),
        ),
        sa.CheckConstraint(
            "category IN ('discharge', 'medicine', 'nursing', 'assistive-devices', 'home-care-assessment', 'training',"
            " 'carecoordination', 'extended-care-responsibility', 'acute-ambulant', 'examination-results',"
            " 'outpatient', 'healthcare', 'telemedicine', 'psychiatry-social-disability',"
            " 'alcohol-and-drug-treatment', 'regarding-referral', 'decease', 'other')",
            name=op.f("ck_care_message_category"),
        ),
        _of("care_message", "conversation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_message")),
        sa.UniqueConstraint("conversation_id", "position", name=op.f("uq_care_message_conversation_id_position")),
        sa.UniqueConstraint(
            "conversation_id", "sender", "message_id", name=op.f("uq_care_message_conversation_id_sender_message_id")
        ),
    )
    op.create_table(
        "attachment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("care_message_id", sa.Uuid(), nullable=False),
        sa.Column("segment_id", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "media_type IN ('application/pdf', 'image/png', 'image/jpeg', 'image/gif', 'image/tiff', 'image/bmp')",
            name=op.f("ck_attachment_media_type"),
        ),
        _of("attachment", "conversation"),
        _of("attachment", "care_message"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("conversation_id", "segment_id", name=op.f("uq_attachment_conversation_id_segment_id")),
    )
    op.create_index(op.f("ix_attachment_care_message_id"), "attachment", ["care_message_id"], unique=False)
    # Ciphertext does not shrink: trying costs time, and a part could not be fetched by itself.
    op.execute("ALTER TABLE attachment ALTER COLUMN content SET STORAGE EXTERNAL")
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY reads ON {table} FOR SELECT TO stafet_reader USING ({_READS[table]})")
        op.execute(f"CREATE POLICY writes ON {table} TO stafet_writer USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT ON {table} TO stafet_reader")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO stafet_writer")
    op.execute(f"ALTER POLICY reads ON patient USING ({_BY_STAY} OR {_BY_LETTER})")


def _of(table: str, parent: str) -> sa.ForeignKeyConstraint:
    column = f"{parent}_id"
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=op.f(f"fk_{table}_{column}"), initially="DEFERRED", deferrable=True
    )


def downgrade() -> None:
    """Drop them."""
    op.execute(f"ALTER POLICY reads ON patient USING ({_BY_STAY})")
    for table in _TABLES:
        op.execute(f"DROP POLICY reads ON {table}")
    for table in reversed(_TABLES):
        op.drop_table(table)
