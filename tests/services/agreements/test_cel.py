import subprocess
import sys

import pytest
from hypothesis import given

from discharge.conditions import LARGEST
from services.agreements.cel import LONGEST, ConditionError, read_condition
from tests.condition_trees import truths, written

READ = {
    "stay.hours < 24": ["<", ["field", "stay.hours"], ["number", 24]],
    "!plan.frail": ["not", ["field", "plan.frail"]],
    '"home-nursing" in plan.needs': ["in", ["text", "home-nursing"], ["field", "plan.needs"]],
    "stay.kind in ['IMP', 'EMER']": ["in", ["field", "stay.kind"], ["texts", ["IMP", "EMER"]]],
    "stay.kind in []": ["in", ["field", "stay.kind"], ["texts", []]],
    "has(stay.ended)": ["has", ["field", "stay.ended"]],
    "event.at - stay.began >= duration('1h30m')": [
        ">=", ["-", ["field", "event.at"], ["field", "stay.began"]], ["span", 5400],
    ],
    "plan.version == -1": ["==", ["field", "plan.version"], ["number", -1]],
    "plan.version == - 1": ["==", ["field", "plan.version"], ["number", -1]],
    "plan.version-1 == 0": ["==", ["-", ["field", "plan.version"], ["number", 1]], ["number", 0]],
    "a.a || b.b && !(c.c == true)": [
        "or",
        ["field", "a.a"],
        ["and", ["field", "b.b"], ["not", ["==", ["field", "c.c"], ["truth", True]]]],
    ],
    "a.a && b.b && c.c": ["and", ["and", ["field", "a.a"], ["field", "b.b"]], ["field", "c.c"]],
    "(a).b": ["field", "a.b"],
    "a.a // as the ward says": ["field", "a.a"],
    r"'it\'s' in a.a": ["in", ["text", "it's"], ["field", "a.a"]],
}  # fmt: skip
REFUSED = {
    "a.a ? b.b : c.c": (1, 1, "a choice"),
    "a.a * 2 == 4": (1, 1, "*, / and %"),
    "-a.a == 4": (1, 1, "a minus"),
    "a.a == - - 4": (1, 8, "a minus"),
    "a.a[0] == 1": (1, 1, "brackets"),
    "a.a{b: 1} == 1": (1, 1, "braces"),
    'a.a == {"a": 1}': (1, 8, "maps"),
    "a.a.startsWith('x')": (1, 1, "calls"),
    "a.a.exists(x, x == 1)": (1, 1, "calls"),
    "size(a.a) == 1": (1, 1, "calls"),
    "timestamp('2026-01-01T00:00:00Z') < a.a": (1, 1, "calls"),
    "has(a.a, b.b)": (1, 1, "calls"),
    "has(a)": (1, 1, "has(a.b)"),
    "has(a.a && b.b)": (1, 1, "has(a.b)"),
    "duration(5) == a.a": (1, 10, "a span"),
    "duration('') == a.a": (1, 1, "a span"),
    "duration('-') == a.a": (1, 1, "a span"),
    "duration('1d') == a.a": (1, 1, "a span"),
    "duration('999999h') == a.a": (1, 1, "more than ten years"),
    "a.a < 1.5": (1, 7, "whole"),
    "a.a < 1u": (1, 7, "no u"),
    "a.a < 0x10": (1, 7, "decimal"),
    "a.a < 1234567890123456": (1, 7, "decimal"),
    "a.a == b'x'": (1, 8, "bytes"),
    "a.a == null": (1, 8, "null"),
    "a.a == '''x'''": (1, 8, "quotation"),
    "a.a == r'x'": (1, 8, "quotation"),
    r"a.a == '\a'": (1, 8, "backslash"),
    ".a == 1": (1, 1, "begins with a letter"),
    ".a(1) == 1": (1, 1, "begins with a letter"),
    "(a.a || b.b).c": (1, 1, "a dot"),
    "'x'.y": (1, 1, "a dot"),
    "a.a in ['x', 1]": (1, 14, "lists hold texts"),
    "a.a in [['x']]": (1, 9, "lists hold texts"),
    "": (1, 1, "empty"),
    " \n ": (1, 1, "empty"),
    "a.a &&": (1, 5, "no expression"),
    "a.a &&\nb.b ==": (2, 5, "no expression"),
    "a.a &&\n  $": (2, 3, "no expression"),
    "a.a = 1": (1, 5, "no expression"),
    "'abc": (1, 1, "no expression"),
}


@pytest.mark.parametrize("text", list(READ))
def test_a_condition_is_read_as_a_tree(text: str) -> None:
    assert read_condition(text) == READ[text]


@pytest.mark.parametrize("text", list(REFUSED))
def test_what_is_outside_the_language_is_refused_with_its_place(text: str) -> None:
    line, column, reason = REFUSED[text]

    with pytest.raises(ConditionError) as refused:
        read_condition(text)

    assert (refused.value.line, refused.value.column) == (line, column)
    assert reason in refused.value.problem


@pytest.mark.parametrize(
    "text",
    [
        "a" * (LONGEST + 1),
        "(" * 450 + "a" + ")" * 450,
        "!" * 999 + "a",
        "-" * 999 + "1",
        "a||" * 300 + "a",
        "a == (" * 140 + "a" + ")" * 140,
        "has(" * 200 + "a" + ")" * 200,
        "[" * 499 + "]" * 499,
        "a" + ".a" * 499 + "(",
        " || ".join(["a.a"] * (LARGEST // 2 + 1)),
    ],
)
def test_what_costs_too_much_is_refused_without_harm(text: str) -> None:
    with pytest.raises(ConditionError):
        read_condition(text)


def test_as_many_parts_as_a_condition_may_have_are_read() -> None:
    tree = read_condition(" || ".join(["a.a"] * (LARGEST // 2)))

    assert tree[0] == "or"


def test_processes_that_serve_never_load_the_grammar() -> None:
    modules = "services.bootstrap, services.worker, services.cli, services.agreements.reading"
    code = f"import sys, {modules}; print(sorted({{'celpy', 'lark', 're2', 'pendulum'}} & set(sys.modules)))"

    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert printed.strip() == "[]"


@given(truths())
def test_the_text_of_a_tree_reads_back_to_it(tree: list[object]) -> None:
    text = written(tree)

    assert len(text) > LONGEST or read_condition(text) == tree
