"""Trees of conditions, made up; and their text, so that both ways can be compared."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import strategies as st

from discharge.conditions import Facts, FactType

__all__ = ["FIELDS_OF", "TYPES", "facts", "of_type", "truths", "written"]

FIELDS_OF: Final = {
    FactType.TRUTH: ("a.truth", "b.truth"),
    FactType.NUMBER: ("a.number", "b.number"),
    FactType.TEXT: ("a.text", "b.text"),
    FactType.TEXTS: ("a.texts", "b.texts"),
    FactType.INSTANT: ("a.instant", "b.instant"),
    FactType.SPAN: ("a.span", "b.span"),
}
TYPES: Final = {name: kind for kind, names in FIELDS_OF.items() for name in names}
_LEVEL: Final = {"or": 0, "and": 1, "==": 2, "!=": 2, "<": 2, "<=": 2, ">": 2, ">=": 2, "in": 2, "+": 3, "-": 3}
_SIGN: Final = {"or": "||", "and": "&&"}
_WORDS: Final = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_categories=("Cc", "Cs")), max_size=8
)
_LITERALS: Final = {
    FactType.TRUTH: st.booleans(),
    FactType.NUMBER: st.integers(-(10**15) + 1, 10**15 - 1),
    FactType.TEXT: _WORDS,
    FactType.TEXTS: st.lists(_WORDS, max_size=3),
    FactType.SPAN: st.integers(-3660 * 86400, 3660 * 86400),
}
_SUMS: Final = {
    FactType.INSTANT: (("+", FactType.INSTANT, FactType.SPAN), ("-", FactType.INSTANT, FactType.SPAN)),
    FactType.SPAN: (
        ("-", FactType.INSTANT, FactType.INSTANT),
        ("+", FactType.SPAN, FactType.SPAN),
        ("-", FactType.SPAN, FactType.SPAN),
    ),
    FactType.NUMBER: (("+", FactType.NUMBER, FactType.NUMBER), ("-", FactType.NUMBER, FactType.NUMBER)),
}
_ORDERED: Final = (FactType.NUMBER, FactType.TEXT, FactType.INSTANT, FactType.SPAN)


def of_type(kind: FactType, depth: int) -> st.SearchStrategy[list[object]]:
    """Trees of a type, at most ``depth`` operations deep."""
    leaves: st.SearchStrategy[list[object]] = st.sampled_from(FIELDS_OF[kind]).map(lambda name: ["field", name])
    if kind in _LITERALS:
        leaves |= _LITERALS[kind].map(lambda value: [str(kind), value])
    if depth == 0:
        return leaves
    if kind is FactType.TRUTH:
        return leaves | _operations(depth - 1)
    if kind in _SUMS:
        sums = (
            st.tuples(st.just(sign), of_type(left, depth - 1), of_type(right, depth - 1))
            for sign, left, right in _SUMS[kind]
        )
        return leaves | st.one_of(*sums).map(list)
    return leaves


def facts() -> st.SearchStrategy[Facts]:
    """Values of all fields; some of them nobody has said."""
    values: dict[FactType, st.SearchStrategy[object]] = {
        FactType.TRUTH: st.booleans(),
        FactType.NUMBER: st.integers(-3, 3),
        FactType.TEXT: st.sampled_from(("", "a", "b")),
        FactType.TEXTS: st.lists(st.sampled_from(("", "a", "b")), max_size=3).map(tuple),
        FactType.INSTANT: st.datetimes(
            min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
            max_value=datetime(2026, 1, 3),  # noqa: DTZ001 - as above
            timezones=st.just(UTC),
        ),
        FactType.SPAN: st.integers(-3, 3).map(lambda hours: timedelta(hours=hours)),
    }
    return st.fixed_dictionaries({name: st.one_of(st.none(), values[kind]) for name, kind in TYPES.items()})


def truths() -> st.SearchStrategy[list[object]]:
    """Trees that are true or false."""
    return of_type(FactType.TRUTH, 3)


def _operations(depth: int) -> st.SearchStrategy[list[object]]:
    truth = of_type(FactType.TRUTH, depth)
    joined = st.tuples(st.sampled_from(("and", "or", "==", "!=")), truth, truth)
    member = st.tuples(st.just("in"), of_type(FactType.TEXT, depth), of_type(FactType.TEXTS, depth))
    known = st.sampled_from([name for names in FIELDS_OF.values() for name in names])
    signs = st.sampled_from(("==", "!=", "<", "<=", ">", ">="))
    compared = st.sampled_from(_ORDERED).flatmap(
        lambda kind: st.tuples(signs, of_type(kind, depth), of_type(kind, depth))
    )
    return st.one_of(
        joined.map(list),
        member.map(list),
        compared.map(list),
        truth.map(lambda tree: ["not", tree]),
        known.map(lambda name: ["has", ["field", name]]),
    )


def written(tree: list[object], level: int = 0) -> str:  # noqa: PLR0911 - one arm per kind
    """The text of ``tree``, which stands where operators of ``level`` and above need no parentheses."""
    match tree:
        case ["field", name]:
            return str(name)
        case ["has", [_, name]]:
            return f"has({name})"
        case ["truth", value]:
            return "true" if value else "false"
        case ["number", value]:
            return str(value)
        case ["text", value]:
            return json.dumps(value, ensure_ascii=False)
        case ["texts", [*values]]:
            return f"[{', '.join(json.dumps(value, ensure_ascii=False) for value in values)}]"
        case ["span", int(seconds)]:
            return f'duration("{seconds}s")'
        case ["not", [*operand]]:
            return f"!{written(operand, 4)}"
        case [str(sign), [*left], [*right]]:
            own = _LEVEL[sign]
            text = f"{written(left, own)} {_SIGN.get(sign, sign)} {written(right, own + 1)}"
            return f"({text})" if own < level else text
        case _:
            raise AssertionError(tree)
