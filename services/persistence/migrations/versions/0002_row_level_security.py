"""The second wall: what each role may touch, and which rows a reader sees.

Readers see the rows of stays to which one of their organisations is party now, and of those only the
classes of content their role reads. Writers are let through here because ``discharge.policy`` has
said yes before a unit of work is opened; the owner of the tables sees nothing (FORCE).
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_GUARDED = (
    "patient",
    "stay",
    "encounter",
    "episode",
    "superseded",
    "party",
    "plan_version",
    "task",
    "task_version",
    "event",
    "timer",
    "message",
    "message_aside",
    "feed",
    "feed_entry",
)
_OPEN = ("organization", "agreement", "meta", "demo_clock")
_WRITTEN = (*_GUARDED, *_OPEN, "web_session", "live_ticket")

_FUNCTIONS = """
CREATE FUNCTION stafet_organizations() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(string_to_array(nullif(current_setting('stafet.organizations', true), ''), ','), '{}') $$;
CREATE FUNCTION stafet_classes() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(string_to_array(nullif(current_setting('stafet.classes', true), ''), ','), '{}') $$;
CREATE FUNCTION stafet_leads() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(string_to_array(nullif(current_setting('stafet.leads', true), ''), ','), '{}') $$;
CREATE FUNCTION stafet_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('stafet.now', true), '')::timestamptz $$;
"""

_PARTY_TO = "EXISTS (SELECT FROM party p WHERE p.stay_id = {table}.stay_id)"
_READS = {
    # A party row itself: one of the caller's organisations, while its access lasts; nothing for who reads no stays.
    "party": (
        "organization = ANY ((SELECT stafet_organizations())::text[])"
        " AND cardinality((SELECT stafet_classes() || stafet_leads())::text[]) > 0"
        " AND (until IS NULL OR until > (SELECT stafet_now()))"
    ),
    # A task: party to its stay and a class the role reads, or escalated to this very leader.
    "task": (
        _PARTY_TO.format(table="task")
        + " AND (content_class = ANY ((SELECT stafet_classes())::text[])"
        + " OR escalated_to && (SELECT stafet_leads())::text[])"
    ),
    "stay": (
        "EXISTS (SELECT FROM party p WHERE p.stay_id = stay.id)"
        " AND ('notice' = ANY ((SELECT stafet_classes())::text[])"
        " OR EXISTS (SELECT FROM task t WHERE t.stay_id = stay.id))"
    ),
    "patient": "EXISTS (SELECT FROM stay s WHERE s.patient_id = patient.id)",
    "encounter": "EXISTS (SELECT FROM stay s WHERE s.id = encounter.stay_id)",
    "episode": "EXISTS (SELECT FROM stay s WHERE s.id = episode.stay_id)",
    "superseded": "EXISTS (SELECT FROM stay s WHERE s.id = superseded.stay_id)",
    "plan_version": (_PARTY_TO.format(table="plan_version") + " AND 'plan' = ANY ((SELECT stafet_classes())::text[])"),
    "task_version": "EXISTS (SELECT FROM task t WHERE t.id = task_version.task_id)",
    "timer": "EXISTS (SELECT FROM task t WHERE t.id = timer.task_id)",
    "event": (
        _PARTY_TO.format(table="event")  # noqa: S608 - our own text
        + " AND (content_class = ANY ((SELECT stafet_classes())::text[])"
        + " OR EXISTS (SELECT FROM task t WHERE t.id = event.task_id))"
    ),
    # An operator sees that messages came, never what they said: bodies are ciphertext.
    "message": (
        "current_setting('stafet.caller_role', true) = 'operator'"
        " AND (sender = ANY ((SELECT stafet_organizations())::text[])"
        " OR receiver = ANY ((SELECT stafet_organizations())::text[]))"
    ),
    "message_aside": "EXISTS (SELECT FROM message m WHERE m.id = message_aside.message)",
    "feed": "id = ANY ((SELECT stafet_organizations())::text[])",
    "feed_entry": "feed_id = ANY ((SELECT stafet_organizations())::text[])",
}


def upgrade() -> None:
    """Raise the wall."""
    op.execute(_FUNCTIONS)
    for table in _GUARDED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY reads ON {table} FOR SELECT TO stafet_reader USING ({_READS[table]})")
        op.execute(f"CREATE POLICY writes ON {table} TO stafet_writer USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT ON {table} TO stafet_reader")
    for table in _OPEN:
        op.execute(f"GRANT SELECT ON {table} TO stafet_reader")
    op.execute("GRANT SELECT ON meta, demo_clock, alembic_version TO stafet_app")
    for table in _WRITTEN:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO stafet_writer")
    op.execute("GRANT DELETE ON timer, live_ticket, web_session TO stafet_writer")
    for table in ("audit", "audit_seal"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY checks ON {table} FOR SELECT TO stafet_auditor USING (true)")
    everybody = "stafet_reader, stafet_writer, stafet_auditor"
    op.execute(f"CREATE POLICY notes ON audit FOR INSERT TO {everybody} WITH CHECK (true)")
    op.execute("CREATE POLICY seals ON audit_seal FOR INSERT TO stafet_auditor WITH CHECK (true)")
    op.execute(f"GRANT INSERT ON audit TO {everybody}")
    op.execute("GRANT SELECT ON audit TO stafet_auditor")
    op.execute("GRANT SELECT, INSERT ON audit_seal TO stafet_auditor")


def downgrade() -> None:
    """Take it down."""
    op.execute("DROP POLICY notes ON audit")
    op.execute("DROP POLICY seals ON audit_seal")
    for table in ("audit", "audit_seal"):
        op.execute(f"DROP POLICY checks ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("REVOKE ALL ON audit, audit_seal FROM stafet_reader, stafet_writer, stafet_auditor")
    op.execute("REVOKE ALL ON alembic_version FROM stafet_app")
    for table in _WRITTEN:
        op.execute(f"REVOKE ALL ON {table} FROM stafet_reader, stafet_writer, stafet_app")
    for table in _GUARDED:
        op.execute(f"DROP POLICY reads ON {table}")
        op.execute(f"DROP POLICY writes ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for function in ("organizations", "classes", "leads", "now"):
        op.execute(f"DROP FUNCTION stafet_{function}()")
