"""What people say of documents in question: who reads the documents of a stay reads it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and the wall round it: what was said is never altered, only taken back by another word."""
    op.create_table(
        "document_ruling",
        sa.Column("stay_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ruling", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stay_id"], ["stay.id"], name=op.f("fk_document_ruling_stay_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("stay_id", "position", name=op.f("pk_document_ruling")),
    )
    reads = (
        "'document' = ANY ((SELECT stafet_classes())::text[])"
        " AND EXISTS (SELECT FROM party p WHERE p.stay_id = document_ruling.stay_id)"
    )
    op.execute("ALTER TABLE document_ruling ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE document_ruling FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY reads ON document_ruling FOR SELECT TO stafet_reader USING ({reads})")
    op.execute("CREATE POLICY writes ON document_ruling TO stafet_writer USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT ON document_ruling TO stafet_reader")
    op.execute("GRANT SELECT, INSERT ON document_ruling TO stafet_writer")


def downgrade() -> None:
    """Drop it."""
    op.drop_table("document_ruling")
