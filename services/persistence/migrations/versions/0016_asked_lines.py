"""How many lines of the medicine wait for the ward's answer: what its board tells without opening the record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what a program from before wrote stands at none until the medicine is worked on again."""
    op.add_column("medication", sa.Column("asked", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_medication_changed_at", "medication", ["changed_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_medication_changed_at", "medication")
    op.drop_column("medication", "asked")
