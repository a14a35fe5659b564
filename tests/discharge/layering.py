"""A small agreement and layers upon it, for tests of both halves of layering."""

from collections.abc import Mapping

from discharge.layer_format import Layer, parse_layer

__all__ = ["BASE", "OURS", "THEIRS", "base", "layer", "layer_document", "rule"]

BASE = "dk-test"
OURS, THEIRS = "100000000000001", "100000000000002"
REMIND = {"do": "remind", "after": "PT1H"}


def rule(number: str = "R17", code: str = "resume-services", **fields: object) -> dict[str, object]:
    """A row that leaves its deadline, its ladder and itself to municipalities."""
    row: dict[str, object] = {
        "id": number,
        "source": "a test",
        "trigger": "discharged",
        "addressee": "municipality",
        "roles": ["home-nurse"],
        "code": code,
        "title": {"da": "Begynd", "en": "Begin"},
        "content": "plan",
        "deadline": {"kind": "elapsed", "span": "PT4H"},
        "ladder": [REMIND],
        "may-deviate": ["deadline", "ladder", "suspend"],
    }
    return row | {name.replace("_", "-"): value for name, value in fields.items()}


def base(*rules: dict[str, object], **fields: object) -> dict[str, object]:
    """An agreement of three rows, one rule of which makes two kinds of task."""
    document: dict[str, object] = {
        "id": BASE,
        "version": "1.0.0",
        "title": "En aftale",
        "regions": ["DK-82"],
        "valid-from": "2026-01-01",
        "calendars": {"closed-days": ["06-05"], "hours": {"ward": "08:00-15:00"}},
        "rules": list(
            rules
            or (
                rule(),
                rule("R24", "book-follow-up-visit", addressee="gp", roles=["gp"], may_deviate=[]),
                rule("R24", "follow-up-visit"),
            )
        ),
        "gates": [
            {
                "id": "R11",
                "source": "a test",
                "act": "discharged",
                "when": {"text": "true", "tree": ["truth", True]},
                "text": {"da": "Ring", "en": "Call"},
                "element": "agreed-by-phone",
            }
        ],
    }
    return document | {name.replace("_", "-"): value for name, value in fields.items()}


def layer_document(*changes: Mapping[str, object], **fields: object) -> dict[str, object]:
    """A deviation of one municipality; without changes it makes one deadline longer."""
    document: dict[str, object] = {
        "kind": "deviation",
        "id": "ours",
        "version": "1.0.0",
        "title": "Vores afvigelse",
        "base": BASE,
        "parties": [OURS],
        "valid-from": "2026-03-01",
        "changes": list(changes or ({"rule": "R17", "set": {"deadline": {"kind": "elapsed", "span": "PT6H"}}},)),
    }
    document |= {name.replace("_", "-"): value for name, value in fields.items()}
    return {key: value for key, value in document.items() if value is not None}


def layer(*changes: Mapping[str, object], **fields: object) -> Layer:
    """As ``layer_document``, read."""
    return parse_layer(layer_document(*changes, **fields))
