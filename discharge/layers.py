"""Layers on an agreement: what a municipality deviates in, and what holds for a time only.

A deviation is a municipality's: it changes what the region's rule leaves open (``may-deviate``). An overlay
is issued by the region for a span of days (an epidemic, a summer closing) and may change anything. Both
work on documents, as ``discharge.agreement_format`` reads them, so that what comes out is an agreement
like any other, and every part of it can say where it comes from. ``docs/agreement.md`` describes the form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from discharge.agreement import HealthAgreement, PartyName
from discharge.agreement_format import GATE_KEYS, RULE_KEYS, parse_agreement
from discharge.agreement_values import Document, as_mapping, as_sequence, as_text, as_texts
from discharge.errors import AgreementError
from discharge.layer_format import CHANGES, Layer, LayerKind, changes_of, names_in

__all__ = [
    "EXTENDING_KEYS",
    "Resolved",
    "RowKey",
    "check_layer",
    "expanded",
    "parts_of",
    "resolve",
    "resolved_agreement",
]

RowKey = tuple[str, str]
"""Rule id and task code: what makes a row one."""
EXTENDING_KEYS: Final = frozenset(
    {"id", "version", "title", "extends", "regions", "valid-from", "valid-to", "calendars", "parties", "changes"}
)
_OWN_PARTIES: Final = frozenset({PartyName.MUNICIPALITY, PartyName.MUNICIPALITY_ON_DUTY})
"""Whose opening hours a municipality sets itself."""
_LAID: Final = re.compile(r"\+([a-z0-9-]+)@([A-Za-z0-9.-]+)", re.ASCII)
_OWN_PATHS: Final = ("$.id", "$.version", "$.title", "$.regions", "$.valid-")
"""What stands in an agreement that extends another one as it stands in any."""
_ROW_PATH: Final = re.compile(r"\$\.(rules|gates)\[(\d+)\](.*)", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """An agreement with its layers laid upon it."""

    document: Document
    layers: tuple[Layer, ...]
    origins: Mapping[RowKey, Mapping[str, str]]
    """Row -> field -> the layer it comes from, where that is not the agreement itself."""
    calendar_origins: Mapping[str, str]
    """``hours.ward`` and the like -> the layer it comes from."""
    suspended: Mapping[RowKey, str]
    """Row that does not hold -> the layer that suspends it."""
    gate_origins: Mapping[str, str]
    suspended_gates: Mapping[str, str]


def parts_of(version: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The version of an agreement, and id and version of what is laid upon it, as a task remembers them together."""
    return _LAID.sub("", version), tuple((each[1], each[2]) for each in _LAID.finditer(version))


def resolve(base: Document, layers: Iterable[Layer]) -> Resolved:
    """``base`` with ``layers`` laid upon it: deviations, then overlays, whatever order they come in.

    Raises:
        AgreementError: a layer names what the agreement does not have.
    """
    laying = _Laying(base)
    ordered = tuple(sorted(layers, key=lambda layer: layer.order))
    for layer in ordered:
        for number, change in enumerate(layer.changes):
            laying.lay(change, layer.name, f"$.changes[{number}]")
    return laying.resolved(ordered)


def resolved_agreement(resolved: Resolved) -> HealthAgreement:
    """The agreement that ``resolved`` describes, each rule with its origins.

    Raises:
        AgreementError: together they make something that cannot be followed.
    """
    agreement = parse_agreement(resolved.document)
    if not resolved.layers:
        return agreement
    rules = tuple(
        replace(rule, origins=MappingProxyType(dict(resolved.origins.get((rule.id, rule.code), {}))))
        for rule in agreement.rules
    )
    return replace(agreement, rules=rules, layers=tuple(layer.name for layer in resolved.layers))


def check_layer(base: Document, layer: Layer, *, idle: bool = False) -> None:
    """Let ``layer`` pass if it may be laid upon ``base`` and changes something there.

    Args:
        base: the agreement.
        layer: what is laid upon it.
        idle: let it also pass where the agreement says all of it already.

    Raises:
        AgreementError: with the path in the layer of the first thing that may not be, or cannot be followed.
    """
    if base.get("id") != layer.base:
        raise AgreementError(path="$.base", problem=f"is laid upon {layer.base}, and not upon {base.get('id')}")
    before = _Laying(base)
    for number, change in enumerate(layer.changes):
        path = f"$.changes[{number}]"
        if layer.kind is LayerKind.DEVIATION:
            _require_allowed(before.rows, change, path)
        if not before.lay(change, layer.name, path) and not idle:
            raise AgreementError(path=path, problem="changes nothing: the agreement says so already")
    try:
        parse_agreement(before.resolved((layer,)).document)
    except AgreementError as error:
        raise AgreementError(path=before.place_of(error.path), problem=error.problem) from None


def _require_allowed(rows: Mapping[RowKey, Document], change: Document, path: str) -> None:
    """Let a deviation's change pass where the region's rule leaves it open."""
    match change:
        case {"rule": str(rule)}:
            names: tuple[str, ...] = ("suspend",)
            if "set" in change:
                names = tuple(as_mapping(change["set"], f"{path}.set"))
            for key in _keys_of(rows, change, path):
                allowed = as_texts(rows[key].get("may-deviate", ()), path)
                for name in names:
                    if name not in allowed:
                        words = f"may change {', '.join(sorted(allowed))}" if allowed else "may change nothing"
                        raise AgreementError(
                            path=f"{path}.{'suspend' if 'suspend' in change else f'set.{name}'}",
                            problem=f"{rule} {key[1]} does not leave {name} to a municipality, which {words} of it",
                        )
        case {"calendars": {**parts}}:
            own = {"hours", "on-call"}
            for part, values in parts.items():
                for name in names_in(values):
                    if part not in own or not (name in _OWN_PARTIES or name.isdigit()):
                        raise AgreementError(
                            path=f"{path}.calendars.{part}",
                            problem=f"a municipality sets the hours and the duty of its own places, not {name}",
                        )
        case _:
            raise AgreementError(path=path, problem="a deviation changes rules; only the region adds or removes")


def _keys_of(rows: Mapping[RowKey, Document], change: Document, path: str) -> list[RowKey]:
    """The rows that a change names: one, or for a suspension all of the rule."""
    rule, code = str(change["rule"]), change.get("code")
    of_rule = [key for key in rows if key[0] == rule]
    if not of_rule:
        raise AgreementError(path=f"{path}.rule", problem=f"the agreement has no rule {rule}")
    found = [key for key in of_rule if code in {None, key[1]}]
    codes = ", ".join(key[1] for key in of_rule)
    if not found:
        raise AgreementError(path=f"{path}.code", problem=f"{rule} makes no {code}; it makes {codes}")
    if len(found) > 1 and "set" in change:
        raise AgreementError(path=f"{path}.code", problem=f"which row of {rule}: {codes}")
    return found


class _Laying:
    """A document into which changes are written one after another."""

    def __init__(self, base: Document) -> None:
        self._base = base
        rules = as_sequence(base.get("rules"), "$.rules")
        gates = as_sequence(base.get("gates", ()), "$.gates")
        self.rows: dict[RowKey, Document] = {_key_of(row): row for row in map(_row, rules)}
        self._gates: dict[str, Document] = {str(row.get("id")): row for row in map(_row, gates)}
        self._calendars: dict[str, object] = dict(_row(base.get("calendars", {})))
        self._parties: dict[str, object] = dict(_row(base.get("parties", {})))
        self._origins: dict[RowKey, dict[str, str]] = {}
        self._calendar_origins: dict[str, str] = {}
        self._suspended: dict[RowKey, str] = {}
        self._suspended_gates: dict[str, str] = {}
        self._gate_origins: dict[str, str] = {}
        self._paths: dict[RowKey | str, str] = {}

    def lay(self, change: Document, name: str, path: str) -> bool:
        """Write one change; tell whether anything is different for it.

        Raises:
            AgreementError: it names what is not there, or adds what is.
        """
        kind = next(kind for kind in CHANGES if kind in change)
        write = {
            "rule": self._change_rows,
            "gate": self._suspend_gate,
            "add": self._add,
            "add-gate": self._add_gate,
            "calendars": self._merge_calendars,
            "parties": self._set_parties,
        }[kind]
        return write(change, name, path)

    def _change_rows(self, change: Document, name: str, path: str) -> bool:
        rows = {key: self.rows.get(key, {}) for key in (*self.rows, *self._suspended)}
        changed = [self._change_row(key, change, name, path) for key in _keys_of(rows, change, path)]
        return any(changed)

    def _suspend_gate(self, change: Document, name: str, path: str) -> bool:
        gate = str(change["gate"])
        if gate not in self._gates and gate not in self._suspended_gates:
            raise AgreementError(path=f"{path}.gate", problem=f"the agreement has no gate {gate}")
        self._suspended_gates.setdefault(gate, name)
        return self._gates.pop(gate, None) is not None

    def _add(self, change: Document, name: str, path: str) -> bool:
        row = as_mapping(change["add"], f"{path}.add", RULE_KEYS)
        key = _key_of(row)
        if key in self.rows or key in self._suspended:
            raise AgreementError(path=f"{path}.add", problem=f"{key[0]} has a row with the task {key[1]} already")
        self.rows[key] = row
        self._origins[key] = dict.fromkeys(row, name)
        self._paths[key] = f"{path}.add"
        return True

    def _add_gate(self, change: Document, name: str, path: str) -> bool:
        row = as_mapping(change["add-gate"], f"{path}.add-gate", GATE_KEYS)
        gate = str(row.get("id"))
        if gate in self._gates:
            raise AgreementError(path=f"{path}.add-gate.id", problem=f"there is a gate {gate} already")
        self._gates[gate] = row
        self._gate_origins[gate] = name
        self._paths[gate] = f"{path}.add-gate"
        return True

    def _set_parties(self, change: Document, name: str, path: str) -> bool:
        parties = as_mapping(change["parties"], f"{path}.parties")
        changed = {party: spans for party, spans in parties.items() if self._parties.get(party) != spans}
        self._parties |= changed
        self._calendar_origins |= {f"parties.{party}": name for party in changed}
        return bool(changed)

    def _merge_calendars(self, change: Document, name: str, path: str) -> bool:
        parts = as_mapping(change["calendars"], f"{path}.calendars")
        changed = [self._merge(part, value, name) for part, value in parts.items()]
        return any(changed)

    def _change_row(self, key: RowKey, change: Document, name: str, path: str) -> bool:
        row = self.rows.get(key)
        if row is None:
            # An earlier layer has suspended it, and it stays so.
            return False
        if "suspend" in change:
            del self.rows[key]
            self._suspended[key] = name
            return True
        new = {field: value for field, value in _row(change.get("set")).items() if row.get(field) != value}
        kept = {field: value for field, value in (dict(row) | new).items() if value is not None}
        self.rows[key] = kept
        self._origins.setdefault(key, {}).update(dict.fromkeys(new, name))
        self._paths[key] = f"{path}.set"
        return bool(new)

    def _merge(self, part: str, value: object, name: str) -> bool:
        """Hours and duties party by party; closed days come to those that are there."""
        before = self._calendars.get(part)
        if isinstance(value, Mapping):
            known = dict(_row(before))
            changed = [str(each) for each in value if known.get(each) != value[each]]
            self._calendars[part] = known | dict(value)
        elif isinstance(value, list):
            there = list(before) if isinstance(before, list) else []
            changed = [str(each) for each in value if each not in there]
            self._calendars[part] = [*there, *(each for each in value if each not in there)]
        else:
            changed = [] if before == value else [str(value)]
            self._calendars[part] = value
        self._calendar_origins |= {f"{part}.{each}": name for each in changed}
        return bool(changed)

    def resolved(self, layers: tuple[Layer, ...]) -> Resolved:
        """What has come out."""
        laid = "".join(f"+{layer.id}@{layer.version}" for layer in layers)
        return Resolved(
            document=self.document() | {"version": f"{self._base.get('version')}{laid}"} if layers else self._base,
            layers=layers,
            origins=self._origins,
            calendar_origins=self._calendar_origins,
            suspended=self._suspended,
            suspended_gates=self._suspended_gates,
            gate_origins=self._gate_origins,
        )

    def document(self) -> dict[str, object]:
        """The agreement as it stands now."""
        return dict(self._base) | {
            "rules": list(self.rows.values()),
            "gates": list(self._gates.values()),
            "calendars": self._calendars,
            "parties": self._parties,
        }

    def place_of(self, path: str) -> str:
        """Where in the layer stands what is wrong at ``path`` of the document that has come out."""
        match = _ROW_PATH.fullmatch(path)
        if match is None:
            return path if path.startswith(_OWN_PATHS) else "$.changes"
        keys: list[RowKey | str] = list(self.rows) if match[1] == "rules" else list(self._gates)
        found = self._paths.get(keys[int(match[2])])
        return "$.changes" if found is None else f"{found}{match[3]}"


def _row(item: object) -> Document:
    return item if isinstance(item, Mapping) else {}


def _key_of(row: Document) -> RowKey:
    return (str(row.get("id")), str(row.get("code")))


def expanded(document: object, base: Document) -> Document:
    """The agreement that ``document`` describes by what differs from another one, ``base``.

    Raises:
        AgreementError: with the path in ``document`` of the first thing that cannot be followed.
    """
    top = as_mapping(document, "$", EXTENDING_KEYS)
    if as_text(top, "extends", "$") != base.get("id"):
        raise AgreementError(path="$.extends", problem=f"there is {base.get('id')} only")
    laying = _Laying(base)
    for number, change in enumerate(changes_of(top.get("changes"))):
        path = f"$.changes[{number}]"
        if not laying.lay(change, str(top.get("id")), path):
            raise AgreementError(path=path, problem=f"changes nothing: {base.get('id')} says so already")
    own = {key: value for key, value in top.items() if key not in {"extends", "changes"}}
    # Its days are its own: none of them come from the agreement it is described by.
    kept = {key: value for key, value in laying.document().items() if key not in {"valid-from", "valid-to"}}
    whole = kept | own
    try:
        parse_agreement(whole)
    except AgreementError as error:
        raise AgreementError(path=laying.place_of(error.path), problem=error.problem) from None
    return whole
