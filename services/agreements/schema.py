"""The JSON Schema of agreement files, made from the tables and words that the reader itself goes by.

A schema knows the form alone: an editor completes and underlines by it. What conditions mean, what leads
back to itself and what can never fire is found by ``stafet agreement check``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import orjson

from discharge.agreement import Act, DeadlineKind, PartyName, Quiet, Since, StepKind, Trigger
from discharge.agreement_format import (
    CALENDAR_KEYS,
    CONSEQUENCE_KEYS,
    DEVIATING,
    GATE_KEYS,
    KEYS_OF_DEADLINE,
    PARTY_KEYS,
    RULE_KEYS,
    STEP_KEYS,
    TOP_KEYS,
)
from discharge.layer_format import CHANGES, LAYER_KEYS, LayerKind
from discharge.layers import EXTENDING_KEYS
from discharge.policy import ContentClass, Role
from discharge.task import Priority
from services.agreements.cel import LONGEST

__all__ = ["schema", "schema_text"]

_Schema = dict[str, object]
_SPAN: Final[_Schema] = {
    "type": "string",
    "pattern": r"^-?P(?=[0-9T])([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$",
    "description": "ISO 8601: PT30M, PT24H, P1D. A day is 24 hours.",
}
_TIME: Final[_Schema] = {
    "type": "string",
    "pattern": "^([01][0-9]|2[0-4]):[0-5][0-9]$",
    "description": "A local time of day; 24:00 is the end of it.",
}
_DAY: Final[_Schema] = {"type": "string", "format": "date", "description": "A day; valid-to and to are counted."}
_YEARLY: Final[_Schema] = {
    "type": "string",
    "pattern": "^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$",
    "description": "A day, or the same day of every year.",
}
_HOURS: Final[_Schema] = {
    "type": "string",
    "pattern": "^[0-9]{2}:[0-9]{2} *- *[0-9]{2}:[0-9]{2}( working-days)?$",
    "description": "08:00-15:00 of every day, or 08:00-16:00 working-days.",
}
_TEXT: Final[_Schema] = {"type": "string", "minLength": 1}
_WHOLE: Final[_Schema] = {"type": "integer"}
_YES: Final[_Schema] = {"const": True}
_SOR: Final[_Schema] = {"type": "string", "pattern": "^[0-9]+$", "description": "A SOR code."}


def schema_text() -> str:
    """The schema as it is published."""
    return orjson.dumps(schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def schema() -> _Schema:
    """JSON Schema, draft 2020-12, of an agreement, of one told by its difference, and of a layer."""
    own = {
        "id": _TEXT,
        "version": _TEXT,
        "title": _TEXT,
        "regions": _some({"type": "string", "description": "ISO 3166-2, such as DK-82."}),
        "valid-from": _DAY,
        "valid-to": _DAY,
        "calendars": _ref("calendars"),
        "parties": {"type": "object", "additionalProperties": _list(_ref("party-span"))},
    }
    changes = _some(_ref("change"))
    rows = {"rules": _list(_ref("rule")), "gates": _list(_ref("gate"))}
    agreement = _object(TOP_KEYS, own | rows, {"id", "version", "title", "regions", "valid-from", "rules"})
    extending = _object(
        EXTENDING_KEYS,
        own | {"extends": _TEXT, "changes": changes},
        {"id", "version", "title", "extends", "valid-from", "changes"},
    )
    layer = _object(
        LAYER_KEYS,
        {key: own[key] for key in ("id", "version", "title", "valid-from", "valid-to")}
        | {
            "kind": _one_of(LayerKind),
            "source": _TEXT,
            "base": _TEXT,
            "regions": _list(_TEXT),
            "parties": _list(_SOR),
            "changes": changes,
        },
        {"kind", "id", "version", "title", "base", "valid-from", "changes"},
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:stafet:schema:agreement",
        "title": "A health agreement, as docs/agreement.md describes it",
        "oneOf": [agreement, extending, layer],
        "$defs": {
            "calendars": _object(
                CALENDAR_KEYS,
                {
                    "country": {"type": "string", "pattern": "^[A-Z]{2}$", "description": "ISO 3166-1."},
                    "closed-days": _list(_YEARLY),
                    "hours": {"type": "object", "additionalProperties": _HOURS},
                    "on-call": {"type": "object", "additionalProperties": _TEXT},
                },
            ),
            "change": _change(),
            "condition": {
                "type": "string",
                "minLength": 1,
                "maxLength": LONGEST,
                "description": "A condition in a part of the Common Expression Language.",
            },
            "consequence": _object(
                CONSEQUENCE_KEYS, {"on": _one_or_more(Trigger), "when": _ref("condition"), "rule": _TEXT}, {"on"}
            ),
            "deadline": {"oneOf": [_deadline(kind) for kind in DeadlineKind]},
            "gate": _gate(),
            "party-span": _object(
                PARTY_KEYS,
                {"from": _DAY, "to": _DAY, "operator": _one_of(PartyName), "authority": _one_of(PartyName)},
                {"operator"},
            ),
            "rule": _rule(),
            "step": _step(),
            "words": _object(frozenset({"da", "en"}), {"da": _TEXT, "en": _TEXT}, {"da", "en"}),
        },
    }


def _rule() -> _Schema:
    return _object(
        RULE_KEYS,
        _rule_fields(),
        {"id", "source", "trigger", "addressee", "roles", "code", "title", "content", "deadline"},
    )


def _rule_fields() -> _Schema:
    party: _Schema = {"type": "string", "description": f"{', '.join(PartyName)}, or a party of the agreement's own."}
    return {
        "id": _TEXT,
        "source": _TEXT,
        "verify": _list(_one_of(RULE_KEYS)),
        "trigger": _one_or_more(Trigger),
        "when": _ref("condition"),
        "addressee": party,
        "roles": _one_or_more(Role),
        "requester": party,
        "code": _TEXT,
        "title": _ref("words"),
        "note": _ref("words"),
        "payer": party,
        "content": _one_of(ContentClass),
        "priority": _one_of(Priority),
        "deadline": _ref("deadline"),
        "ladder": _list(_ref("step")),
        "chain": _list(party),
        "completed-by": _ref("consequence"),
        "voided-by": _ref("consequence"),
        "renewed-by": _ref("consequence"),
        "waits-for": {"type": "string", "description": "The code of another task of the stay."},
        "may-deviate": _list(_one_of(DEVIATING)),
    }


def _gate() -> _Schema:
    fields = {
        "id": _TEXT,
        "source": _TEXT,
        "act": _one_of(Act),
        "when": _ref("condition"),
        "text": _ref("words"),
        "element": {"type": "string", "description": "The parameter of $plan that opens it."},
    }
    return _object(GATE_KEYS, fields, set(GATE_KEYS))


def _step() -> _Schema:
    fields = {
        "do": _one_of(StepKind),
        "after": _SPAN,
        "before-due": _SPAN,
        "after-due": _SPAN,
        "after-task": {"type": "string", "description": "The code of another task of the stay."},
        "at": _ref("deadline"),
        "working-days": {**_WHOLE, "minimum": 0},
        "within": _HOURS,
        "otherwise": _SPAN,
        "to": _TEXT,
        "roles": _one_or_more(Role),
        "until": {"enum": ["answered", "done"]},
        "quiet": _one_of(Quiet),
    }
    anchors = [{"required": [anchor]} for anchor in ("after", "before-due", "after-due", "after-task", "at")]
    return _object(STEP_KEYS, fields, {"do"}) | {
        "oneOf": anchors,
        "dependentRequired": {
            "within": ["otherwise", "after"],
            "otherwise": ["within"],
            "working-days": ["after-task"],
        },
    }


def _deadline(kind: DeadlineKind) -> _Schema:
    fields: _Schema = {
        "kind": {"const": kind.value},
        "since": _one_of(Since),
        "span": _SPAN,
        "days": _WHOLE,
        "at": _TIME,
        "sent-by": _TIME,
        "no-sooner": _SPAN,
        "otherwise": _ref("deadline"),
    }
    keys = KEYS_OF_DEADLINE[kind]
    return _object(keys, {key: value for key, value in fields.items() if key in keys}, {"kind"})


def _change() -> _Schema:
    """One change of a layer, or of an agreement that is told by its difference."""
    new = {key: {"anyOf": [value, {"type": "null"}]} for key, value in _rule_fields().items()}
    fields: _Schema = {
        "rule": _TEXT,
        "code": _TEXT,
        "set": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {key: value for key, value in new.items() if key not in {"id", "code", "may-deviate"}},
        },
        "suspend": _YES,
        "gate": _TEXT,
        "add": _ref("rule"),
        "add-gate": _ref("gate"),
        "calendars": _ref("calendars"),
        "parties": {"type": "object", "additionalProperties": _list(_ref("party-span"))},
    }
    return {
        "oneOf": [
            _object(keys, {key: value for key, value in fields.items() if key in keys}, {kind})
            for kind, keys in CHANGES.items()
        ]
    }


def _object(keys: frozenset[str], fields: Mapping[str, object], required: Iterable[str] = ()) -> _Schema:
    """A mapping with these keys and no others; each of them must be described."""
    assert keys == fields.keys(), f"not described, or not known: {sorted(keys ^ fields.keys())}"
    return {
        "type": "object",
        "additionalProperties": False,
        "required": sorted(required),
        "properties": {key: fields[key] for key in sorted(fields)},
    }


def _ref(name: str) -> _Schema:
    return {"$ref": f"#/$defs/{name}"}


def _list(item: _Schema) -> _Schema:
    return {"type": "array", "items": item}


def _some(item: _Schema) -> _Schema:
    return {"type": "array", "minItems": 1, "items": item}


def _one_of(words: type[StrEnum] | frozenset[str]) -> _Schema:
    return {"enum": sorted(str(word) for word in words)}


def _one_or_more(words: type[StrEnum]) -> _Schema:
    return {"anyOf": [_one_of(words), _some(_one_of(words))]}
