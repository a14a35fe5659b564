"""Conditions of rules: small, typed expressions over named values, without side effects and without loops.

People write them in a part of the Common Expression Language; that text is read outside the core, which
gets the tree of it. Here a tree is typed, its cost is bounded, and it is turned into closures once.

A value that nobody has said is None. A comparison with it is None too, and so is what rests on that
alone (false && unknown is false, true || unknown is true), as errors are absorbed in CEL; a condition
holds only when it is true.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from discharge._typing import override
from discharge.errors import AgreementError

__all__ = ["LARGEST", "LONGEST_SPAN", "Condition", "FactType", "Facts", "Tree", "Value", "condition_of", "fields_in"]

Value = bool | int | str | tuple[str, ...] | datetime | timedelta | None
Facts = Mapping[str, Value]
Tree = Sequence[object]
"""``[operator, operand, ...]``: a field, a literal, or an operation on trees."""
_Closure = Callable[[Facts], Value]
LARGEST: Final = 80
"""Nodes that a condition may have: each is worked out once at most, so this bounds its cost."""
LONGEST_SPAN: Final = 3_660 * 86_400
"""Seconds: ten years, so that no sum of spans leads out of the calendar."""


class FactType(StrEnum):
    """The type of a value."""

    TRUTH = "truth"
    NUMBER = "number"
    TEXT = "text"
    TEXTS = "texts"
    INSTANT = "instant"
    SPAN = "span"


_T = FactType
_ORDERED: Final = frozenset({_T.NUMBER, _T.TEXT, _T.INSTANT, _T.SPAN})
_RELATIONS: Final[dict[str, Callable[[Value, Value], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,  # type: ignore[dict-item] # the types of both sides have been compared by then
    "<=": operator.le,  # type: ignore[dict-item] # as above
    ">": operator.gt,  # type: ignore[dict-item] # as above
    ">=": operator.ge,  # type: ignore[dict-item] # as above
}
_SUMS: Final = {
    ("+", _T.INSTANT, _T.SPAN): _T.INSTANT,
    ("-", _T.INSTANT, _T.SPAN): _T.INSTANT,
    ("-", _T.INSTANT, _T.INSTANT): _T.SPAN,
    ("+", _T.SPAN, _T.SPAN): _T.SPAN,
    ("-", _T.SPAN, _T.SPAN): _T.SPAN,
    ("+", _T.NUMBER, _T.NUMBER): _T.NUMBER,
    ("-", _T.NUMBER, _T.NUMBER): _T.NUMBER,
}


@dataclass(frozen=True, eq=False)
class Condition:
    """What must hold for a rule to act. Two are equal when their text is."""

    text: str
    tree: Tree = field(repr=False)
    _closure: _Closure = field(repr=False)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The names that stand in it."""
        return fields_in(self.tree)

    def holds(self, facts: Facts) -> bool:
        """Tell whether it is true of ``facts``; what cannot be said does not hold."""
        return self._closure(facts) is True

    @override
    def __eq__(self, other: object) -> bool:
        """Tell whether ``other`` says the same in the same words."""
        return isinstance(other, Condition) and other.text == self.text

    @override
    def __hash__(self) -> int:
        """Return the hash of the text."""
        return hash(self.text)


def condition_of(text: str, tree: object, *, fields: Mapping[str, FactType], path: str) -> Condition:
    """Return the condition that ``tree`` means, in which every name and type has been checked.

    Args:
        text: what people wrote.
        tree: what it was read as.
        fields: the names that may stand in it.
        path: where it stands in the agreement.

    Raises:
        AgreementError: an unknown name, types that do not fit, or more than ``LARGEST`` nodes.
    """
    reader = _Reader(fields, path)
    kind, closure = reader.read(tree)
    if kind is not FactType.TRUTH:
        raise AgreementError(path=path, problem=f"must be true or false, and is {kind}")
    assert isinstance(tree, Sequence), "it has been read"
    return Condition(text, tree, closure)


def fields_in(tree: object) -> frozenset[str]:
    """The names of fields that stand in ``tree``."""
    if isinstance(tree, str) or not isinstance(tree, Sequence):
        return frozenset()
    match tree:
        case ["field", str(name)]:
            return frozenset({name})
        case ["texts", _]:
            return frozenset()
        case _:
            return frozenset().union(*(fields_in(each) for each in tree))


class _Reader:
    """Types one tree and turns it into closures, node by node."""

    def __init__(self, fields: Mapping[str, FactType], path: str) -> None:
        self._fields = fields
        self._path = path
        self._nodes = 0

    def read(self, tree: object) -> tuple[FactType, _Closure]:
        self._count()
        match tree:
            case ["field", str(name)]:
                return self._field(name)
            case ["has", ["field", str(name)]]:
                _, value = self._field(name)
                return _T.TRUTH, lambda facts: value(facts) is not None
            case ["not", operand]:
                return _T.TRUTH, _negated(self._truth(operand))
            case [str(kind), literal]:
                return self._literal(kind, literal)
            case [str(sign), left, right]:
                return self._operation(sign, left, right)
            case _:
                raise self._no_expression()

    def _count(self) -> None:
        self._nodes += 1
        if self._nodes > LARGEST:
            raise self._wrong(f"too costly: more than {LARGEST} parts; make two rules of it")

    def _literal(self, kind: str, literal: object) -> tuple[FactType, _Closure]:
        value: Value
        match (kind, literal):
            case ("truth", bool(said)):
                value = said
            case ("number", int(said)):
                value = said
            case ("text", str(said)):
                value = said
            case ("texts", [*texts]):
                value = tuple(str(each) for each in texts)
            case ("span", int(seconds)) if abs(seconds) <= LONGEST_SPAN:
                value = timedelta(seconds=seconds)
            case _:
                raise self._no_expression()
        return FactType(kind), _Literal(value)

    def _operation(self, sign: str, left: object, right: object) -> tuple[FactType, _Closure]:
        if sign in {"and", "or"}:
            terms = (*self._terms(sign, left), *self._terms(sign, right))
            return _T.TRUTH, _joined(terms, decisive=sign == "or")
        if sign == "in":
            return self._membership(left, right)
        if sign in {"+", "-"}:
            return self._sum(sign, left, right)
        if sign in _RELATIONS:
            return self._relation(sign, left, right)
        raise self._no_expression()

    def _no_expression(self) -> AgreementError:
        return self._wrong("is no expression that can be followed")

    def _wrong(self, problem: str) -> AgreementError:
        return AgreementError(path=self._path, problem=problem)

    def _field(self, name: str) -> tuple[FactType, _Closure]:
        kind = self._fields.get(name)
        if kind is None:
            raise self._wrong(f"unknown field {name}; known are {', '.join(sorted(self._fields))}")
        return kind, operator.itemgetter(name)

    def _terms(self, sign: str, tree: object) -> Iterator[_Closure]:
        """What a row of && joins, or one of ||, in its order: it is gone through in one loop."""
        match tree:
            case [str(same), left, right] if same == sign:
                self._count()
                yield from self._terms(sign, left)
                yield from self._terms(sign, right)
            case _:
                yield self._truth(tree)

    def _truth(self, tree: object) -> _Closure:
        kind, closure = self.read(tree)
        if kind is not _T.TRUTH:
            raise self._wrong(f"&&, || and ! join what is true or false, not {kind}")
        return closure

    def _membership(self, left: object, right: object) -> tuple[FactType, _Closure]:
        (one, member), (many, group) = self.read(left), self.read(right)
        if one is not _T.TEXT or many is not _T.TEXTS:
            raise self._wrong(f"'in' asks whether a text is among texts, not {one} in {many}")
        return _T.TRUTH, _compared(operator.contains, group, member)  # type: ignore[arg-type] # typed above

    def _relation(self, relation: str, left: object, right: object) -> tuple[FactType, _Closure]:
        (one, first), (other, second) = self.read(left), self.read(right)
        if one is not other:
            raise self._wrong(f"{relation} compares {one} with {other}")
        if relation not in {"==", "!="} and one not in _ORDERED:
            raise self._wrong(f"{relation} orders nothing of type {one}")
        return _T.TRUTH, _compared(_RELATIONS[relation], first, second)

    def _sum(self, sign: str, left: object, right: object) -> tuple[FactType, _Closure]:
        (one, first), (other, second) = self.read(left), self.read(right)
        kind = _SUMS.get((sign, one, other))
        if kind is None:
            raise self._wrong(f"{one} {sign} {other} means nothing")
        return kind, _compared(operator.add if sign == "+" else operator.sub, first, second)


@dataclass(frozen=True, slots=True)
class _Literal:
    """The closure of a value that stands in the text."""

    value: Value

    def __call__(self, _: Facts) -> Value:
        return self.value


def _compared(compare: Callable[[Value, Value], Value], left: _Closure, right: _Closure) -> _Closure:
    if isinstance(right, _Literal):
        # As most comparisons are: a field with a literal, which need not be worked out.
        return _compared_with(compare, left, right.value)

    def closure(facts: Facts) -> Value:
        first, second = left(facts), right(facts)
        return None if first is None or second is None else compare(first, second)

    return closure


def _compared_with(compare: Callable[[Value, Value], Value], left: _Closure, second: Value) -> _Closure:
    def closure(facts: Facts) -> Value:
        first = left(facts)
        return None if first is None else compare(first, second)

    return closure


def _negated(operand: _Closure) -> _Closure:
    def closure(facts: Facts) -> Value:
        value = operand(facts)
        return None if value is None else not value

    return closure


def _joined(terms: Sequence[_Closure], *, decisive: bool) -> _Closure:
    """And, for which false decides; or, for which true does."""

    def closure(facts: Facts) -> Value:
        unknown = False
        for term in terms:
            value = term(facts)
            if value is decisive:
                return decisive
            unknown = unknown or value is None
        return None if unknown else not decisive

    return closure
