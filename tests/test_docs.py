"""What docs/ says of the code is true: names, keys, diagrams and rules are compared."""

import re
import typing
from dataclasses import fields
from pathlib import Path

import pytest

from discharge import errors
from discharge.agreement import Act, Anchor, DeadlineKind, PartyName, Quiet, Since, StepKind, Trigger
from discharge.agreement_format import (
    CALENDAR_KEYS,
    CONSEQUENCE_KEYS,
    GATE_KEYS,
    KEYS_OF_DEADLINE,
    PARTY_KEYS,
    RULE_KEYS,
    STEP_KEYS,
    TOP_KEYS,
    parse_agreement,
)
from discharge.agreement_values import Document
from discharge.directory import OrganizationKind
from discharge.events import Event
from discharge.facts import FIELDS
from discharge.layer_format import CHANGES, LAYER_KEYS, LayerKind
from discharge.layers import EXTENDING_KEYS
from discharge.plan import DESTINATIONS, FUNCTIONAL_LEVELS, Need
from discharge.policy import READS, ContentClass
from discharge.proofs import Proof
from discharge.task import Priority
from services.agreements.reading import check_agreement
from services.agreements.shipped import profile
from tests import diagrams
from tests.diagrams import DOCS

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


def test_every_role_is_listed_with_where_it_works_and_what_it_reads() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \| ([^|]+) \| [^|]+ \|$", _read("operations.md"), re.MULTILINE)
    kinds, classes = set(OrganizationKind), set(ContentClass)
    told = {
        role: (kinds if places == "every kind" else set(places.split(", ")), set(reads.split(", ")) & classes)
        for role, places, reads in rows
    }

    assert told == {role.value: (set(where), set(reads)) for role, (where, reads) in READS.items()}


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
    ladders = ladders[: ladders.index("## Conditions")]
    rules = parse_agreement(profile("dk-midtjylland")).rules
    assert [rule.code for rule in rules] == re.findall(r"^\| R\d+ \| `([\w-]+)` \|", ladders, re.MULTILINE)


def test_the_rules_of_the_core_say_where_they_stand() -> None:
    text = _read("rules.md")

    core = text[text.index("## What the core does") :]
    assert re.findall(r"^\| (R\d+) \|", core, re.MULTILINE) == [f"R{number}" for number in range(28, 34)]


def test_every_key_and_word_of_an_agreement_is_documented() -> None:
    text = _read("agreement.md")
    named = _named(text) | set(re.findall(r"[\w-]+", " ".join(_named(text))))

    keys = TOP_KEYS | RULE_KEYS | STEP_KEYS | GATE_KEYS | CALENDAR_KEYS | CONSEQUENCE_KEYS | PARTY_KEYS
    keys |= LAYER_KEYS | EXTENDING_KEYS | frozenset().union(*KEYS_OF_DEADLINE.values(), *CHANGES.values())
    kinds = (Trigger, PartyName, DeadlineKind, Since, StepKind, Quiet, Act, LayerKind, ContentClass, Priority, Need)
    words = {str(word) for kind in kinds for word in kind}
    assert keys - named - {"extends"} == set()
    assert words - named == set()
    assert {*DESTINATIONS, *FUNCTIONAL_LEVELS} - named == set()
    assert "extends: dk-example" in text
    assert len(Anchor) == 4


def test_every_field_of_conditions_is_listed_with_its_type() -> None:
    listed = re.findall(r"^\| `(\w+\.\w+)` \| (\w+) \| \S", _read("agreement.md"), re.MULTILINE)

    assert listed == [(name, str(kind)) for name, kind in FIELDS.items()]


def test_the_examples_of_agreements_can_be_stored() -> None:
    known: dict[str, Document] = {}
    for example in re.findall(r"^```yaml\n(.*?)^```$", _read("agreement.md"), re.MULTILINE | re.DOTALL):
        checked = check_agreement(example.encode(), find=known.get)

        assert [str(finding) for finding in checked.findings] == []
        assert checked.document is not None
        known[str(checked.document["id"])] = checked.document

    assert list(known) == ["dk-example", "birkelund", "summer", "dk-neighbour"]


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
