"""What docs/ says of the code is true: names, keys, diagrams and rules are compared."""

import re
import typing
from dataclasses import fields
from pathlib import Path

import pytest

from discharge import errors
from discharge.agreement import Anchor, Condition, DeadlineKind, PartyName, StepKind, Trigger
from discharge.agreement_format import KEYS_OF_DEADLINE, RULE_KEYS, STEP_KEYS, TOP_KEYS
from discharge.events import Event
from discharge.policy import ContentClass
from discharge.proofs import Proof
from discharge.task import Priority
from tests import diagrams
from tests.diagrams import DOCS
from tests.factories import shipped_agreement

SECTIONS = ("Status:", "## Context", "## Decision", "## Consequences", "## Alternatives", "## Check")
EVERY_EVENT_HAS = {"at", "stay_id", "by"}


def _read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _named(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


@pytest.mark.parametrize("name", list(diagrams.PARTS))
def test_what_is_made_from_the_code_is_as_the_code_makes_it(name: str) -> None:
    _, make = diagrams.PARTS[name]

    assert diagrams.written(name) == make(), "run `python -m tests.diagrams`"


def test_writing_the_diagrams_again_changes_nothing() -> None:
    before = {file: _read(file) for file, _ in diagrams.PARTS.values()}

    diagrams.write()

    assert {file: _read(file) for file in before} == before


def test_every_event_is_listed_with_its_own_fields() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \|", _read("events.md"), re.MULTILINE))

    assert set(rows) == {kind.__name__ for kind in typing.get_args(Event)}
    for kind in typing.get_args(Event):
        own = {f.name for f in fields(kind)}
        expected = own if "stay_id" not in own else own - EVERY_EVENT_HAS
        assert _named(rows[kind.__name__]) == expected, kind.__name__


def test_every_rule_that_ships_has_its_ladder_explained() -> None:
    text = _read("rules.md")

    ladders = text[text.index("## Ladders") : text.index("## What the core does")]
    assert {rule.id for rule in shipped_agreement().rules} == set(re.findall(r"^\| (R\d+) \|", ladders, re.MULTILINE))


def test_the_rules_of_the_core_say_where_they_stand() -> None:
    text = _read("rules.md")

    core = text[text.index("## What the core does") :]
    assert re.findall(r"^\| (R\d+) \|", core, re.MULTILINE) == [f"R{number}" for number in range(28, 34)]


def test_every_key_and_word_of_an_agreement_is_documented() -> None:
    named = _named(_read("agreement.md"))

    keys = TOP_KEYS | RULE_KEYS | STEP_KEYS | frozenset().union(*KEYS_OF_DEADLINE.values())
    words = {
        str(word)
        for kind in (Trigger, Condition, PartyName, DeadlineKind, StepKind, ContentClass, Priority)
        for word in kind
    }
    assert keys - named == set()
    assert words - named == set()
    assert len(Anchor) == 3


def test_the_glossary_keeps_the_proofs_apart() -> None:
    words = set(re.findall(r"^\| ([^|]+?) \|", _read("glossary.md"), re.MULTILINE))

    assert {proof.value for proof in Proof} - {"sent"} <= words


@pytest.mark.parametrize("page", sorted(path.name for path in (DOCS / "adr").glob("[0-9]*.md")))
def test_a_decision_has_all_its_sections_on_one_page(page: str) -> None:
    text = _read(f"adr/{page}")

    assert text.startswith(f"# {page[:4]}: ")
    assert [section for section in SECTIONS if section not in text] == []
    assert len(text.splitlines()) <= 70


def test_decisions_are_numbered_without_holes() -> None:
    numbers = [int(path.name[:4]) for path in sorted((DOCS / "adr").glob("[0-9]*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("page", sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")))
def test_links_between_pages_lead_somewhere(page: str) -> None:
    here = (DOCS / page).parent

    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", _read(page))
    assert [target for target in targets if not (here / target).exists()] == []


@pytest.mark.parametrize("page", ["architecture.md", "spec-gaps.md"])
def test_modules_that_pages_name_exist(page: str) -> None:
    root = DOCS.parent

    named = [
        name
        for name in _named(_read(page))
        if re.fullmatch(r"(discharge|fhir_mappings|notifications|services)/\S*", name)
    ]
    assert named
    assert [name for name in named if not (root / Path(name)).exists()] == []


def test_errors_of_the_domain_are_drawn_as_a_tree() -> None:
    assert errors.__doc__ is not None
    assert all(name in errors.__doc__ for name in errors.__all__)
