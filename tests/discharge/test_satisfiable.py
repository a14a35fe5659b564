import pytest
from hypothesis import given

from discharge.conditions import Facts, FactType, condition_of
from discharge.satisfiable import can_hold, codes_in
from services.agreements.cel import read_condition
from tests.condition_trees import TYPES, facts, truths

FIELDS = {
    "a.yes": FactType.TRUTH,
    "b.yes": FactType.TRUTH,
    "a.hours": FactType.NUMBER,
    "b.hours": FactType.NUMBER,
    "s.day": FactType.NUMBER,
    "a.kind": FactType.TEXT,
    "a.codes": FactType.TEXTS,
    "b.codes": FactType.TEXTS,
    "s.at": FactType.INSTANT,
    "s.since": FactType.INSTANT,
}
VALUES = {"s.day": frozenset(range(1, 8))}
NEVER = [
    "false",
    "a.yes && !a.yes",
    "!(a.yes || !a.yes)",
    "a.yes && (!a.yes || a.yes == false)",
    "a.yes == b.yes && a.yes && !b.yes",
    "a.yes != b.yes && a.yes && b.yes",
    "(a.hours < 3) == (a.hours >= 3)",
    "a.hours < 24 && a.hours > 48",
    "a.hours > 3 && a.hours < 4",
    "a.hours >= 3 && a.hours < 5 && a.hours != 3 && a.hours != 4",
    "3 < a.hours && 3 > a.hours",
    "a.hours < 3 && a.hours < 5 && a.hours > 2 && a.hours > 1",
    "a.hours <= 3 && a.hours < 3 && a.hours >= 3",
    "a.hours != b.hours && a.hours == b.hours",
    "a.hours == 3 && a.hours == 4",
    "a.hours == 3 && a.hours > 3",
    "a.hours == 3 && a.hours < 3",
    "a.hours == 3 && a.hours != 3",
    "!(a.hours < 24) && a.hours <= 23",
    "a.hours + 1 > 3 && a.hours + 1 <= 3",
    "a.hours > b.hours && a.hours <= b.hours",
    "s.at - s.since > duration('2h') && s.at - s.since < duration('2h')",
    "s.at - s.since >= duration('2h') && s.at - s.since <= duration('2h') && s.at - s.since != duration('2h')",
    "s.at < s.since && !(s.at < s.since)",
    "!has(s.at) && s.at > s.since",
    "!has(a.yes) && !a.yes",
    "has(s.at) && !has(s.at)",
    "s.day == 8",
    "s.day > 5 && s.day != 6 && s.day != 7",
    "'x' in a.codes && !('x' in a.codes)",
    "a.kind in ['x', 'y'] && a.kind in ['z']",
    "a.kind in ['x', 'y'] && !(a.kind in ['x', 'y'])",
    "a.kind in []",
    "a.kind == 'x' && a.kind in ['y']",
    "a.kind < 'b' && a.kind > 'c'",
    "a.kind > 'b' && a.kind <= 'b'",
    "1 > 2",
    "'x' in ['y']",
    "!('x' in ['x'])",
    "'x' in s.empty && a.yes",
    "s.absent > 3",
    "!(s.absent > 3)",
    "a.yes && has(s.absent)",
]
SOMETIMES = [
    "true",
    "a.yes",
    "a.yes || !a.yes",
    "a.hours < 24 || a.hours > 48",
    "a.hours > 3 && a.hours < 5",
    "a.hours >= 3 && a.hours <= 3",
    "a.hours != 3",
    "a.kind > 'a' && a.kind < 'b'",
    "a.kind >= 'b' && a.kind <= 'b'",
    "a.kind in ['x', 'y'] && a.kind != 'x'",
    "!(a.kind in ['x'])",
    "s.at - s.since > duration('2h') && s.at - s.since < duration('3h')",
    "'x' in a.codes && !('y' in a.codes)",
    "'x' in a.codes && !('x' in b.codes)",
    "s.day == 7",
    "!('x' in s.empty)",
    "has(s.empty)",
    "!has(s.absent)",
    "s.absent > 3 || a.yes",
    "a.hours > 48 && b.hours < 24",
    "1 < 2 && a.yes",
    "a.kind in a.codes",
    "s.at - s.since > duration('2h') == (a.hours > 3)",
]


def _possible(text: str) -> bool:
    return can_hold(
        read_condition(text),
        fields=FIELDS | {"s.absent": FactType.NUMBER, "s.empty": FactType.TEXTS},
        values=VALUES,
        absent=frozenset({"s.absent"}),
        empty=frozenset({"s.empty"}),
    )


@pytest.mark.parametrize("text", NEVER)
def test_what_contradicts_itself_can_never_hold(text: str) -> None:
    assert not _possible(text)


@pytest.mark.parametrize("text", SOMETIMES)
def test_what_does_not_can_hold(text: str) -> None:
    assert _possible(text)


def test_what_would_take_too_long_to_find_out_is_taken_for_possible() -> None:
    def impossible(pairs: int) -> str:
        return " && ".join(["a.yes && !a.yes", *["(a.yes || b.yes)"] * pairs])

    assert not _possible(impossible(pairs=9))
    assert _possible(impossible(pairs=11))


@given(truths(), facts())
def test_what_holds_of_anything_is_never_called_impossible(tree: list[object], known: Facts) -> None:
    condition = condition_of("-", tree, fields=TYPES, path="$")

    possible = can_hold(tree, fields=TYPES, values={})

    assert possible or not condition.holds(known)


def test_codes_are_found_beside_their_fields() -> None:
    tree = read_condition("a.kind == 'x' || 'y' != a.kind && !('z' in a.codes) || a.kind in ['u', 'v'] || a.hours > 3")

    assert list(codes_in(tree)) == [
        ("a.kind", "x"), ("a.kind", "y"), ("a.codes", "z"), ("a.kind", "u"), ("a.kind", "v"),
    ]  # fmt: skip
