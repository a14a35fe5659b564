"""A duty knows the thread whose message asks for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what stands in the table was asked for by no message."""
    op.add_column("task", sa.Column("conversation_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("task", "conversation_id")
