"""The report on interoperability says what the code does."""

from __future__ import annotations

import re

from fhir_mappings.medcom.rules import RULES
from tests.interop import EXAMPLES, PAGE, fixtures, page, part, rules
from tests.interop_reports import REPORTS


def test_the_page_is_what_is_made_now() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.interop`"


def test_our_own_examples_and_the_rules_are_as_the_page_says() -> None:
    """Holds also where no published examples are at hand."""
    assert part("fixtures") == fixtures()
    assert part("rules") == rules()


def test_every_published_example_is_handled_and_none_is_a_fault_of_ours() -> None:
    rows = [line.split(" | ") for line in part("examples").splitlines()[2:]]

    assert {row[2] for row in rows} <= {"accepted", "heard", "refused", "answer 4xx"}
    assert len(rows) >= (len(list(EXAMPLES.rglob("*.*"))) if EXAMPLES.is_dir() else 60)
    for row in rows:
        named = set(re.findall(r"(?:error|warning) `([^`]+)`", row[3]))
        assert named <= RULES.keys() | {"fhir-r4"}, row
        if row[2] == "refused":
            assert "error" in row[3]


def test_every_published_report_is_filed_or_refused_with_its_reason() -> None:
    rows = [line.strip("| ").split(" | ") for line in part("reports").splitlines()[2:]]

    assert len(rows) >= (len(list(REPORTS.glob("*.json"))) if REPORTS.is_dir() else 17)
    assert {row[2] for row in rows} == {"filed", "answer 4xx"}
    assert all(("error" in row[3]) is (row[2] != "filed") for row in rows)


def test_the_same_example_is_handled_alike_in_both_formats() -> None:
    rows = [line.strip("| ").split(" | ") for line in part("fixtures").splitlines()[2:]]

    by_name: dict[str, set[tuple[str, ...]]] = {}
    for row in rows:
        by_name.setdefault(row[0].partition(",")[0], set()).add(tuple(row[1:]))
    assert all(len(results) == 1 for results in by_name.values())
    assert len(rows) == 2 * len(by_name)
