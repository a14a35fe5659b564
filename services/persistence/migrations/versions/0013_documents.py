"""Documents of stays: parties whose role reads documents read them, as long as they read the stay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and the wall round it: what was filed is never altered."""
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stay_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("filed", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stay_id"], ["stay.id"], name=op.f("fk_document_stay_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("stay_id", "position", name=op.f("uq_document_stay_id_position")),
    )
    reads = (
        "'document' = ANY ((SELECT stafet_classes())::text[])"
        " AND EXISTS (SELECT FROM party p WHERE p.stay_id = document.stay_id)"
    )
    op.execute("ALTER TABLE document ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE document FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY reads ON document FOR SELECT TO stafet_reader USING ({reads})")
    op.execute("CREATE POLICY writes ON document TO stafet_writer USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT ON document TO stafet_reader")
    op.execute("GRANT SELECT, INSERT ON document TO stafet_writer")


def downgrade() -> None:
    """Drop it."""
    op.drop_table("document")
