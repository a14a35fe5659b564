"""Whether a condition can hold at all: a small decision over the fields it names.

The condition is spread out into cases, each a row of facts that must hold together, and each case is
looked at field by field. What is said of one field is decided exactly; how two fields hang together (a
stay of ten hours cannot have begun two days ago) is not known here, so a condition may be found possible
that is not. Never the other way round.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from discharge.conditions import FactType, condition_of, fields_in

__all__ = ["can_hold", "codes_in"]

_Atom: TypeAlias = tuple[object, bool]
"""A part that joins nothing, and whether it must be true or false."""
_Point: TypeAlias = int | str
_Bound: TypeAlias = tuple[_Point, bool]
"""A bound, and whether it is left out itself."""
_MOST_CASES: Final = 1_024
_OPPOSITE: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_TRUE_OR_FALSE: Final = frozenset({"and", "or", "not", "has", "in", "truth", *_OPPOSITE})
_LITERAL: Final = frozenset({"number", "text", "span"})


class _TooManyError(Exception):
    """More cases than anybody wants to look at."""


def can_hold(
    tree: object,
    *,
    fields: Mapping[str, FactType],
    values: Mapping[str, Collection[_Point]],
    absent: frozenset[str] = frozenset(),
    empty: frozenset[str] = frozenset(),
) -> bool:
    """Tell whether the condition may be true of some facts; True also when that is too much to find out.

    Args:
        tree: the condition, whose names and types have been checked.
        fields: the types of the names.
        values: all values that some fields may have.
        absent: names that have no value where the condition is asked.
        empty: names that have no members there.
    """
    try:
        cases = _Spread(fields).cases(tree, wanted=True)
    except _TooManyError:
        return True
    return any(_Case(values, absent, empty).holds(atoms) for atoms in cases)


def codes_in(tree: object) -> Iterable[tuple[str, str]]:
    """The texts that stand beside a field in ``tree``: what somebody expects the field to be, or to hold."""
    match tree:
        case [_, ["field", str(name)], ["text", str(code)]] | [_, ["text", str(code)], ["field", str(name)]]:
            yield name, code
        case ["in", ["field", str(name)], ["texts", [*codes]]]:
            yield from ((name, str(code)) for code in codes)
        case [str(_), *operands]:
            for operand in operands:
                yield from codes_in(operand)
        case _:
            return


class _Spread:
    """Spreads a condition out into cases."""

    def __init__(self, fields: Mapping[str, FactType]) -> None:
        self._fields = fields

    def cases(self, tree: object, *, wanted: bool) -> list[tuple[_Atom, ...]]:
        """The rows of atoms, one of which must hold entirely for ``tree`` to be as ``wanted``."""
        match tree:
            case ["not", operand]:
                return self.cases(operand, wanted=not wanted)
            case [("and" | "or") as joined, left, right]:
                return self._joined(left, right, both=(joined == "and") is wanted, wanted=(wanted, wanted))
            case ["truth", value]:
                return [()] if value is wanted else []
            case [("==" | "!=") as sign, left, right] if self._is_truth(left):
                alike = (sign == "==") is wanted
                return [
                    *self._joined(left, right, both=True, wanted=(True, alike)),
                    *self._joined(left, right, both=True, wanted=(False, not alike)),
                ]
            case _:
                return [((tree, wanted),)]

    def _joined(self, left: object, right: object, *, both: bool, wanted: tuple[bool, bool]) -> list[tuple[_Atom, ...]]:
        first, second = self.cases(left, wanted=wanted[0]), self.cases(right, wanted=wanted[1])
        if not both:
            return [*first, *second]
        if len(first) * len(second) > _MOST_CASES:
            raise _TooManyError
        return [(*one, *other) for one in first for other in second]

    def _is_truth(self, tree: object) -> bool:
        match tree:
            case ["field", str(name)]:
                return self._fields[name] is FactType.TRUTH
            case _:
                assert isinstance(tree, Sequence), "it has been read"
                return tree[0] in _TRUE_OR_FALSE


@dataclass(slots=True)
class _Range:
    """What is left of the values of one term."""

    least: _Bound | None = None
    greatest: _Bound | None = None
    only: frozenset[_Point] | None = None
    never: set[_Point] = field(default_factory=set)

    def narrow(self, sign: str, value: _Point) -> None:
        match sign:
            case "==":
                self.keep({value})
            case "!=":
                self.never.add(value)
            case "<" | "<=":
                self.greatest = _tighter((value, sign == "<"), self.greatest, sign=-1)
            case _:
                self.least = _tighter((value, sign == ">"), self.least, sign=1)

    def keep(self, values: Iterable[_Point]) -> None:
        self.only = frozenset(values) if self.only is None else self.only & frozenset(values)

    def is_empty(self, *, whole: bool) -> bool:
        """Tell whether no value is left; ``whole`` says that there is none between one number and the next."""
        if self.only is not None:
            return not any(self._takes(value) for value in self.only)
        if self.least is None or self.greatest is None:
            return False
        (least, after), (greatest, before) = self.least, self.greatest
        if whole and isinstance(least, int) and isinstance(greatest, int):
            left = greatest - before - (least + after) + 1
            return left <= len(self.never) and not any(
                self._takes(value) for value in range(least + after, greatest - before + 1)
            )
        return _compare(least, greatest) > 0 or (least == greatest and (after or before or least in self.never))

    def _takes(self, value: _Point) -> bool:
        if value in self.never:
            return False
        over = self.least is None or _compare(value, self.least[0]) > (0 if self.least[1] else -1)
        under = self.greatest is None or _compare(value, self.greatest[0]) < (0 if self.greatest[1] else 1)
        return over and under


class _Case:
    """What one case says of each field, until two things cannot both be."""

    def __init__(self, values: Mapping[str, Collection[_Point]], absent: frozenset[str], empty: frozenset[str]) -> None:
        self._values = values
        self._absent = absent
        self._empty = empty
        self._known: set[str] = set()
        self._unknown: set[str] = set()
        self._decided: dict[str, bool] = {}
        self._ranges: dict[str, _Range] = {}
        self._whole: set[str] = set()

    def holds(self, atoms: Iterable[_Atom]) -> bool:
        """Tell whether all of ``atoms`` can be as they must."""
        if not all(self._note(tree, wanted=wanted) for tree, wanted in atoms):
            return False
        if self._known & self._unknown or self._known & self._absent:
            return False
        return not any(found.is_empty(whole=term in self._whole) for term, found in self._ranges.items())

    def _note(self, tree: object, *, wanted: bool) -> bool:
        """Keep what an atom says; False when it can never be so."""
        match tree:
            case ["has", ["field", str(name)]]:
                (self._known if wanted else self._unknown).add(name)
                return True
            case ["in", term, ["texts", [*texts]]]:
                return self._among(term, [str(text) for text in texts], wanted=wanted)
            case ["in", member, ["field", str(name)]] if name in self._empty:
                self._known |= fields_in(member)
                return not wanted
            case [str(sign), left, right] if sign in _OPPOSITE:
                return self._compared(sign if wanted else _OPPOSITE[sign], left, right)
            case _:
                return self._decide(tree, wanted=wanted)

    def _among(self, term: object, texts: list[str], *, wanted: bool) -> bool:
        if not fields_in(term):
            return _constant(["in", term, ["texts", texts]]) is wanted
        self._known |= fields_in(term)
        found = self._range(term)
        if wanted:
            found.keep(texts)
        else:
            found.never.update(texts)
        return True

    def _compared(self, sign: str, left: object, right: object) -> bool:
        names = fields_in(left) | fields_in(right)
        if not names:
            return _constant([sign, left, right])
        self._known |= names
        match left, right:
            case _, [str(kind), (int() | str()) as value] if kind in _LITERAL:
                return self._narrow(left, sign, value, kind)
            case [str(kind), (int() | str()) as value], _ if kind in _LITERAL:
                return self._narrow(right, _MIRRORED[sign], value, kind)
            case _:
                return self._decide([sign, left, right], wanted=True) and self._decide(
                    [_OPPOSITE[sign], left, right], wanted=False
                )

    def _narrow(self, term: object, sign: str, value: _Point, kind: str) -> bool:
        if kind == "number":
            self._whole.add(json.dumps(term))
        self._range(term).narrow(sign, value)
        return True

    def _range(self, term: object) -> _Range:
        key = json.dumps(term)
        if key not in self._ranges:
            self._ranges[key] = found = _Range()
            match term:
                case ["field", str(name)] if name in self._values:
                    found.keep(self._values[name])
                case _:
                    return found
        return self._ranges[key]

    def _decide(self, tree: object, *, wanted: bool) -> bool:
        self._known |= fields_in(tree)
        return self._decided.setdefault(json.dumps(tree), wanted) is wanted


def _constant(tree: object) -> bool:
    return condition_of("-", tree, fields={}, path="$").holds({})


def _tighter(bound: _Bound, other: _Bound | None, *, sign: int) -> _Bound:
    """The bound that leaves less."""
    order = 1 if other is None else _compare(bound[0], other[0]) * sign
    return bound if other is None or order > 0 or (order == 0 and bound[1]) else other


def _compare(one: _Point, other: _Point) -> int:
    # Both are of one type: the condition has been checked.
    return (one > other) - (one < other)  # type: ignore[operator] # as above
