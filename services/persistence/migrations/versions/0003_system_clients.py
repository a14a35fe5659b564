"""Record systems that may ask for tokens, and the assertions that they have used up.

Only the writer touches either; a reader has no business with them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "system_client",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("jwks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("grants", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_system_client")),
    )
    op.create_table(
        "client_assertion",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "jti", name=op.f("pk_client_assertion")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON system_client TO stafet_writer")
    op.execute("GRANT SELECT, INSERT, DELETE ON client_assertion TO stafet_writer")


def downgrade() -> None:
    """Drop them."""
    op.drop_table("client_assertion")
    op.drop_table("system_client")
