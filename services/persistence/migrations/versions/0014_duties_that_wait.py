"""What a duty waits for: another duty of its stay, since when, and when it was released."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Add the columns; a program from before leaves them empty, and its duties wait for nothing."""
    op.add_column("task", sa.Column("waits_for", sa.Text(), nullable=True))
    op.add_column("task", sa.Column("waits_since", _INSTANT, nullable=True))
    op.add_column("task", sa.Column("released_at", _INSTANT, nullable=True))


def downgrade() -> None:
    """Drop them."""
    for column in ("released_at", "waits_since", "waits_for"):
        op.drop_column("task", column)
