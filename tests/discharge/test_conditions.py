import operator
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given

from discharge._typing import override
from discharge.conditions import LARGEST, Facts, FactType, condition_of, fields_in
from discharge.errors import AgreementError
from discharge.facts import FIELDS
from tests.condition_trees import TYPES, facts, truths

Tree = list[object]
_COMPARE: Final[dict[object, Callable[..., object]]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "+": operator.add, "-": operator.sub, "in": lambda one, many: one in many,
}  # fmt: skip


def _naive(tree: object, known: Facts) -> object:  # noqa: PLR0911 - one arm per kind
    """What ``tree`` is, worked out step by step, as the language says it: None is what nobody can tell."""
    match tree:
        case ["field", str(name)]:
            return known[name]
        case ["has", ["field", str(name)]]:
            return known[name] is not None
        case ["span", int(seconds)]:
            return timedelta(seconds=seconds)
        case ["texts", [*texts]]:
            return tuple(texts)
        case ["truth" | "number" | "text", value]:
            return value
        case ["not", operand]:
            return {True: False, False: True}.get(_naive(operand, known))  # type: ignore[call-overload] # None: None
        case ["and", left, right]:
            sides = (_naive(left, known), _naive(right, known))
            return False if False in sides else None if None in sides else True
        case ["or", left, right]:
            sides = (_naive(left, known), _naive(right, known))
            return True if True in sides else None if None in sides else False
        case [sign, left, right]:
            sides = (_naive(left, known), _naive(right, known))
            return None if None in sides else _COMPARE[sign](*sides)
        case _:
            raise AssertionError(tree)


@given(truths(), facts())
def test_a_condition_holds_when_it_is_true_in_three_valued_logic(tree: Tree, known: Facts) -> None:
    condition = condition_of("-", tree, fields=TYPES, path="$")

    assert condition.holds(known) is (_naive(tree, known) is True)


@given(truths())
def test_fields_are_those_that_it_asks_for(tree: Tree) -> None:
    asked = set()

    class Watched(dict[str, None]):
        @override
        def __getitem__(self, name: str) -> None:
            asked.add(name)

    condition_of("-", tree, fields=TYPES, path="$").holds(Watched())

    assert asked <= fields_in(tree) <= set(TYPES)


def test_a_text_that_reads_like_a_field_is_none() -> None:
    assert fields_in(["in", ["field", "a.text"], ["texts", ["field", "b.text"]]]) == {"a.text"}


@pytest.mark.parametrize(
    ("tree", "problem"),
    [
        (["field", "stay.years"], "unknown field stay.years; known are citizen.has_gp,"),
        (["has", ["field", "stay.years"]], "unknown field stay.years"),
        (["field", "stay.hours"], "must be true or false, and is number"),
        (["text", "x"], "must be true or false, and is text"),
        (["and", ["truth", True], ["number", 1]], "&&, || and ! join what is true or false, not number"),
        (["not", ["text", "x"]], "&&, || and ! join what is true or false, not text"),
        (["in", ["number", 1], ["field", "plan.needs"]], "'in' asks whether a text is among texts, not number in"),
        (["<", ["field", "stay.hours"], ["text", "24"]], "< compares number with text"),
        (["<", ["truth", True], ["truth", True]], "< orders nothing of type truth"),
        (["<", ["field", "plan.needs"], ["texts", []]], "< orders nothing of type texts"),
        (["==", ["+", ["field", "stay.began"], ["number", 1]], ["number", 1]], "instant + number means nothing"),
        (["==", ["-", ["span", 1], ["field", "stay.began"]], ["span", 1]], "span - instant means nothing"),
        (["span", 10**12], "is no expression"),
        (["number", "1"], "is no expression"),
        (["truth", 1], "is no expression"),
        (["has", ["text", "x"]], "is no expression"),
        (["sometimes", ["truth", True], ["truth", True]], "is no expression"),
        (["sometimes", 1], "is no expression"),
        ([], "is no expression"),
        ("true", "is no expression"),
        (None, "is no expression"),
        (17, "is no expression"),
    ],
)
def test_what_means_nothing_is_refused_with_its_reason(tree: object, problem: str) -> None:
    with pytest.raises(AgreementError) as refused:
        condition_of("-", tree, fields=FIELDS, path="$.rules[0].when")

    assert refused.value.path == "$.rules[0].when"
    assert problem in refused.value.problem


def test_a_condition_that_is_too_costly_is_refused() -> None:
    def tower(height: int) -> Tree:
        tree: Tree = ["truth", True]
        for _ in range(height):
            tree = ["not", tree]
        return tree

    assert condition_of("-", tower(LARGEST - 1), fields={}, path="$").text == "-"
    for height in (LARGEST, 5_000):
        with pytest.raises(AgreementError, match="too costly"):
            condition_of("-", tower(height), fields={}, path="$")


def test_instants_and_spans_are_reckoned_with() -> None:
    known = dict.fromkeys(FIELDS) | {
        "event.at": datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        "stay.began": datetime(2026, 10, 24, 1, 30, tzinfo=UTC),
    }
    day_later: Tree = ["==", ["-", ["field", "event.at"], ["field", "stay.began"]], ["span", 86_400]]

    condition = condition_of("-", day_later, fields=FIELDS, path="$")

    assert condition.holds(known)
    assert not condition.holds(known | {"stay.began": None})


def test_two_conditions_are_equal_when_they_say_the_same() -> None:
    one = condition_of("true", ["truth", True], fields={}, path="$")
    same = condition_of("true", ["truth", True], fields={}, path="$.elsewhere")
    other = condition_of("false", ["truth", False], fields={}, path="$")

    assert (one == same, hash(one) == hash(same), one == other, one == "true") == (True, True, False, False)


def test_every_type_has_fields() -> None:
    assert set(FIELDS.values()) == set(FactType) - {FactType.SPAN}
