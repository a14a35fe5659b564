"""Whoever reads a letter reads how far it came, also when its thread belongs to no stay.

A thread with a place outside the stay is bound to none, so the stay alone told nobody of a letter that failed.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_OPERATOR = (
    "(current_setting('stafet.caller_role', true) = 'operator'"
    " AND (sender = ANY ((SELECT stafet_organizations())::text[])"
    " OR receiver = ANY ((SELECT stafet_organizations())::text[])))"
)
_BY_STAY = (
    "(EXISTS (SELECT FROM party p WHERE p.stay_id = outbound_message.stay_id)"
    " AND 'conversation' = ANY ((SELECT stafet_classes())::text[]))"
)
_BY_LETTER = (
    "EXISTS (SELECT FROM care_message m"
    " WHERE m.message_id = outbound_message.message_id AND m.sender = outbound_message.sender)"
)


def upgrade() -> None:
    """Widen the wall by what the reader's own threads hold; the letters are found by their ids."""
    _build_index()
    op.execute(f"ALTER POLICY reads ON outbound_message USING ({_OPERATOR} OR {_BY_STAY} OR {_BY_LETTER})")


def _build_index() -> None:
    """While letters go on being written, however long that takes; what a broken attempt left behind is no index."""
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")
        op.execute("SET lock_timeout = 0")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_care_message_message_id")
        op.execute("CREATE INDEX CONCURRENTLY ix_care_message_message_id ON care_message (message_id)")
        op.execute("SET statement_timeout = '5s'")
        op.execute("SET lock_timeout = '4s'")


def downgrade() -> None:
    """Back to the stay alone."""
    op.execute(f"ALTER POLICY reads ON outbound_message USING ({_OPERATOR} OR {_BY_STAY})")
    op.drop_index(op.f("ix_care_message_message_id"), table_name="care_message")
