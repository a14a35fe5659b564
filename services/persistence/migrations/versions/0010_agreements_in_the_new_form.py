"""Agreements that were stored in the first form are put into the one that carries conditions and anchors.

Processes of the version before keep the master data that they have read; they load no agreement meanwhile.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_FIELDS = {
    "municipality-is-party": "stay.municipality_is_party",
    "report-of-admission-requested": "stay.report_requested",
}
_END_OF_DAY = {"kind": "clock", "since": "discharge", "at": "24:00"}


def upgrade() -> None:
    """Rewrite what is in the first form."""
    connection = op.get_bind()
    for row in connection.execute(sa.text("SELECT id, version, document FROM agreement")).mappings().all():
        document = converted(row["document"])
        if document != row["document"]:
            connection.execute(
                sa.text(
                    "UPDATE agreement SET document = CAST(:document AS jsonb) WHERE id = :id AND version = :version"
                ),
                {"document": json.dumps(document), "id": row["id"], "version": row["version"]},
            )


def downgrade() -> None:
    """Nothing: the version before read the first form only from files, which people still have."""


def converted(document: dict[str, Any]) -> dict[str, Any]:
    """``document`` in the new form; one that is in it already stays as it is."""
    return (
        document | {"rules": [_rule(rule) for rule in document.get("rules", [])]} if "rules" in document else document
    )


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    changed = dict(rule)
    if isinstance(rule.get("when"), list):
        names = [_FIELDS[name] for name in rule["when"]]
        del changed["when"]
        if names:
            changed["when"] = {"text": " && ".join(names), "tree": _joined([["field", name] for name in names])}
    return changed | {"deadline": _deadline(rule["deadline"])}


def _joined(trees: list[list[Any]]) -> list[Any]:
    first, *rest = trees
    return ["and", first, _joined(rest)] if rest else first


def _deadline(deadline: dict[str, Any]) -> dict[str, Any]:
    match deadline.get("kind"):
        case "departure":
            return {"kind": "elapsed", "since": "discharge"}
        case "elapsed-since-discharge":
            return {"kind": "elapsed", "since": "discharge", "span": deadline.get("span", "PT0M")}
        case "end-of-day":
            return _END_OF_DAY | {"days": deadline.get("days", 0)}
        case "first-visit":
            return {"kind": "elapsed", "since": "first-visit", "otherwise": _END_OF_DAY}
        case _:
            return deadline
