"""A health agreement as a FHIR ``PlanDefinition``, and back, with nothing lost.

What FHIR has a place for stands there: the event that sets a rule off, its condition, title, roles,
priority and source. What it has no place for (deadlines in working days, rungs of a ladder, calendars,
who plays a part from when) stands in extensions ``urn:stafet:agreement:<key>`` whose parts are called as
in the agreement file. Conditions are expressions of language ``text/cel``: the binding of
``Expression.language`` is extensible and names no code for the Common Expression Language.

What comes back is the document as people write it, conditions as text: reading and checking it is for
whoever stores it.

Source: FHIR 4.0.1, PlanDefinition, ActivityDefinition; core extension ``translation``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from fhir_mappings.elements import Element, Json, JsonObject, codeable
from fhir_mappings.errors import ResourceShapeError, finding
from fhir_mappings.r4 import require_shape

__all__ = ["REGION_SYSTEM", "activity_definitions_of", "document_from", "plan_definition_of"]

REGION_SYSTEM: Final = "urn:iso:std:iso:3166:-2"
"""Codes of the regions where an agreement holds."""

_AGREEMENT: Final = "urn:stafet:agreement:"
_ITEM: Final = "item"
"""What the parts of a list are called; no key of an agreement is."""
_TASK_CODE: Final = "urn:stafet:task-code"
_ROLE: Final = "urn:stafet:role"
_GATE: Final = "gate"
_ACTION: Final = "urn:stafet:action"
_PLAN_TYPE: Final = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
_TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"
_CEL: Final = "text/cel"
_IN_PLACE: Final = frozenset({"id", "version", "title", "regions", "valid-from", "valid-to", "rules", "gates"})
_RULE_IN_PLACE: Final = frozenset({"id", "code", "title", "note", "source", "trigger", "when", "roles", "priority"})
_GATE_IN_PLACE: Final = frozenset({"id", "source", "act", "when", "text"})


def plan_definition_of(document: Mapping[str, object]) -> JsonObject:
    """The resource that says what ``document``, a checked agreement, says."""
    name, version = str(document["id"]), str(document["version"])
    period = {"start": document["valid-from"], "end": document.get("valid-to")}
    resource: JsonObject = {
        "resourceType": "PlanDefinition",
        "id": _id_of(name),
        "extension": list(_extensions(document, _IN_PLACE)),
        "url": f"{_AGREEMENT}{name}",
        "identifier": [{"system": _AGREEMENT.rstrip(":"), "value": name}],
        "version": version,
        "title": str(document["title"]),
        "type": codeable(_PLAN_TYPE, "eca-rule"),
        "status": "active",
        "jurisdiction": [codeable(REGION_SYSTEM, str(region)) for region in _listed(document["regions"])],
        "effectivePeriod": {key: str(day) for key, day in period.items() if day is not None},
        "action": [
            *(_rule(row, name, version) for row in _rows(document, "rules")),
            *(_gate(row) for row in _rows(document, "gates")),
        ],
    }
    return {key: value for key, value in resource.items() if value not in ([], {})}


def activity_definitions_of(document: Mapping[str, object]) -> tuple[JsonObject, ...]:
    """What each rule asks for: one resource per rule id, which ``Task.instantiatesCanonical`` names."""
    name, version = str(document["id"]), str(document["version"])
    rules: dict[str, list[Mapping[str, object]]] = {}
    for row in _rows(document, "rules"):
        rules.setdefault(str(row["id"]), []).append(row)
    return tuple(
        {
            "resourceType": "ActivityDefinition",
            "id": _id_of(f"{name}-{rule}"),
            "url": _canonical(name, rule),
            "version": version,
            "status": "active",
            "kind": "Task",
            "code": {"coding": [_code_of(row) for row in rows]},
        }
        for rule, rows in rules.items()
    )


def document_from(resource: JsonObject) -> dict[str, object]:
    """The agreement that ``resource`` describes, as people write it.

    Raises:
        ResourceShapeError: no PlanDefinition of FHIR R4, or a condition in another language.
    """
    if resource.get("resourceType") != "PlanDefinition":
        text = "A PlanDefinition is needed here."
        raise ResourceShapeError(finding("agreement", "structure", text, expression="resourceType"))
    require_shape(resource)
    plan = Element("PlanDefinition", resource)
    period = plan["effectivePeriod"]
    document: dict[str, object] = {
        "id": _text(plan, "url").removeprefix(_AGREEMENT),
        "version": plan.text("version"),
        "title": plan.text("title"),
        "regions": [_coded(region) for region in plan.all("jurisdiction")],
        "valid-from": period.text("start"),
        "valid-to": period.text("end"),
        **_extended(plan),
        "rules": [_row_from(action) for action in plan.all("action") if _coded(action["code"]) != _GATE],
        "gates": [_gate_from(action) for action in plan.all("action") if _coded(action["code"]) == _GATE],
    }
    return {key: value for key, value in document.items() if value is not None and (key != "gates" or value)}


def _rule(row: Mapping[str, object], agreement: str, version: str) -> JsonObject:
    roles = _listed(row["roles"])
    action: JsonObject = {
        "extension": list(_extensions(row, _RULE_IN_PLACE)),
        "prefix": str(row["id"]),
        **_translated("title", row["title"]),
        **(_translated("description", row["note"]) if "note" in row else {}),
        "priority": str(row["priority"]) if "priority" in row else None,
        "code": [{"coding": [_code_of(row)]}],
        "documentation": [{"type": "citation", "citation": str(row["source"])}],
        "trigger": _triggers(row["trigger"]),
        "condition": _conditions(row),
        "participant": [
            {"type": "device" if role == "system" else "practitioner", "role": codeable(_ROLE, role)} for role in roles
        ],
        "definitionCanonical": f"{_canonical(agreement, str(row['id']))}|{version}",
    }
    return {key: value for key, value in action.items() if value not in (None, [])}


def _gate(row: Mapping[str, object]) -> JsonObject:
    return {
        "extension": list(_extensions(row, _GATE_IN_PLACE)),
        "prefix": str(row["id"]),
        **_translated("title", row["text"]),
        "code": [codeable(_ACTION, _GATE)],
        "documentation": [{"type": "citation", "citation": str(row["source"])}],
        "trigger": _triggers(row["act"]),
        "condition": _conditions(row),
    }


def _row_from(action: Element) -> dict[str, object]:
    row: dict[str, object] = {
        "id": action.text("prefix"),
        "source": _source(action),
        "trigger": [event.text("name") for event in action.all("trigger")],
        "when": _condition(action),
        "code": _coded(action["code"]),
        "title": _both(action, "title"),
        "note": _both(action, "description"),
        "priority": action.text("priority"),
        "roles": [_coded(participant["role"]) for participant in action.all("participant")],
        **_extended(action),
    }
    return {key: value for key, value in row.items() if value is not None}


def _gate_from(action: Element) -> dict[str, object]:
    return {
        "id": action.text("prefix"),
        "source": _source(action),
        "act": next((event.text("name") for event in action.all("trigger")), None),
        "when": _condition(action),
        "text": _both(action, "title"),
        **_extended(action),
    }


def _conditions(row: Mapping[str, object]) -> list[Json]:
    match row.get("when"):
        case {"text": str(text)} | str(text):
            return [{"kind": "applicability", "expression": {"language": _CEL, "expression": text}}]
        case _:
            return []


def _condition(action: Element) -> str | None:
    for condition in action.all("condition"):
        expression = condition["expression"]
        if expression.text("language") != _CEL:
            text = f"Conditions are written in {_CEL}."
            raise ResourceShapeError(finding("agreement", "not-supported", text, expression=expression.path))
        return expression.text("expression")
    return None


def _triggers(events: object) -> list[Json]:
    return [{"type": "named-event", "name": event} for event in _listed(events)]


def _code_of(row: Mapping[str, object]) -> JsonObject:
    title = row["title"]
    coding: JsonObject = {"system": _TASK_CODE, "code": str(row["code"])}
    return coding | {"display": str(title["en"])} if isinstance(title, Mapping) else coding


def _translated(name: str, words: object) -> JsonObject:
    """Danish in the element, English as its translation."""
    assert isinstance(words, Mapping), "the agreement has been checked"
    english: JsonObject = {
        "url": _TRANSLATION,
        "extension": [
            {"url": "lang", "valueCode": "en"},
            {"url": "content", "valueString": str(words["en"])},
        ],
    }
    return {name: str(words["da"]), f"_{name}": {"extension": [english]}}


def _both(action: Element, name: str) -> dict[str, object] | None:
    danish = action.text(name)
    if danish is None:
        return None
    english = action[f"_{name}"].extension(_TRANSLATION).extension("content").text("valueString")
    return {"da": danish, "en": english}


def _source(action: Element) -> str | None:
    return next((document.text("citation") for document in action.all("documentation")), None)


def _coded(concept: Element) -> str | None:
    """The first code of a concept, or of the first of several concepts."""
    listed = concept.value if isinstance(concept.value, list) else [concept.value]
    codings = [coding for each in listed for coding in Element("code", each).all("coding")]
    return codings[0].text("code") if codings else None


def _extensions(row: Mapping[str, object], in_place: frozenset[str]) -> Iterator[JsonObject]:
    for key, value in row.items():
        if key not in in_place and value not in (None, [], (), {}):
            yield _extension(f"{_AGREEMENT}{key}", value)


def _extension(url: str, value: object) -> JsonObject:
    match value:
        case bool():
            return {"url": url, "valueBoolean": value}
        case int():
            return {"url": url, "valueInteger": value}
        case {"text": str(text), "tree": _}:
            return {"url": url, "valueExpression": {"language": _CEL, "expression": text}}
        case {**parts}:
            return {
                "url": url,
                "extension": [_extension(str(key), part) for key, part in parts.items() if part is not None],
            }
        case [*items]:
            return {"url": url, "extension": [_extension(_ITEM, item) for item in items]}
        case _:
            return {"url": url, "valueString": str(value)}


def _extended(place: Element) -> dict[str, object]:
    """What the extensions of a place say, by key; those of others are not looked at."""
    found: dict[str, object] = {}
    for extension in place.all("extension"):
        url = extension.text("url") or ""
        if url.startswith(_AGREEMENT):
            found[url.removeprefix(_AGREEMENT)] = _value(extension)
    return found


def _value(extension: Element) -> object:
    inner = extension.all("extension")
    if inner and all(part.text("url") == _ITEM for part in inner):
        return [_value(part) for part in inner]
    if inner:
        return {_text(part, "url"): _value(part) for part in inner}
    expression = extension["valueExpression"]
    if expression.exists:
        return expression.text("expression")
    return next((value for key, value in extension.fields.items() if key.startswith("value")), [])


def _rows(document: Mapping[str, object], kind: str) -> Iterator[Mapping[str, object]]:
    rows = document.get(kind, ())
    assert isinstance(rows, Sequence), "the agreement has been checked"
    return (row for row in rows if isinstance(row, Mapping))


def _listed(words: object) -> list[str]:
    """Words, of which a single one may stand alone."""
    return [words] if isinstance(words, str) else [str(word) for word in words] if isinstance(words, Sequence) else []


def _text(place: Element, name: str) -> str:
    return place.text(name) or ""


def _canonical(agreement: str, rule: str) -> str:
    return f"{_AGREEMENT}{agreement}:rule:{rule}"


def _id_of(name: str) -> str:
    """An id as FHIR takes it: letters, digits, hyphens and dots, at most 64."""
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-.") else "-" for sign in name)[:64]
