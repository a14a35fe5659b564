"""The table in docs/bad-input.md is whole, and every test that it names exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = {
    *range(1, 19),
    *range(20, 24),
    *range(25, 28),
    *range(29, 44),
    *range(45, 60),
}
"""The rows that this version must answer."""
TABLE = dict(
    re.findall(
        r"^\| (\d+) \|.*\| ([^|]+) \|$", (ROOT / "docs" / "bad-input.md").read_text(encoding="utf-8"), re.MULTILINE
    )
)
NAMED = {int(row): re.findall(r"`([^`]+)`", cell) for row, cell in TABLE.items()}


@pytest.fixture(scope="module")
def collected() -> set[str]:
    """The id of every test in the files that the table names, as pytest itself collects them."""
    files = sorted({name.partition("::")[0] for names in NAMED.values() for name in names})
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert listed.returncode == 0, listed.stdout[-2000:] + listed.stderr[-2000:]
    return {line for line in listed.stdout.splitlines() if "::" in line}


def test_every_row_has_its_line_and_every_line_its_test() -> None:
    assert set(NAMED) >= NEEDED
    assert [row for row, names in NAMED.items() if not names] == []


def test_every_test_that_is_named_exists(collected: set[str]) -> None:
    ids = collected | {name.partition("[")[0] for name in collected}

    missing = [
        name
        for names in NAMED.values()
        for name in names
        if not (any(each.startswith(name[:-2]) for each in ids) if name.endswith("*]") else name in ids)
    ]
    assert missing == []


def test_every_case_of_a_row_stands_in_its_line(collected: set[str]) -> None:
    """A case that is added under a row's number is found through the table."""
    strays = []
    for name in collected:
        row = re.search(r"(?:\[row-|::test_row_)(\d\d)", name)
        if row is not None and not any(name.startswith(known.removesuffix("*]")) for known in NAMED[int(row[1])]):
            strays.append(name)
    assert strays == []
