"""The published schema is the one that the code makes, and it knows the shipped files from wrong ones."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from typer.testing import CliRunner

from services.agreements.lines import read_lines
from services.agreements.schema import schema, schema_text
from services.agreements.shipped import LAYERS, PROFILES, layer_file, profile_file
from services.cli import app
from tests.diagrams import DOCS
from tests.services.agreements.test_reading import AGREEMENT
from tests.services.agreements.test_reading_layers import DEVIATION, EXTENDING

VALIDATOR = Draft202012Validator(schema(), format_checker=FormatChecker())


def _read(text: str | bytes) -> Any:
    return read_lines(text if isinstance(text, bytes) else text.encode()).content


def test_the_published_schema_is_the_one_that_the_code_makes() -> None:
    published = (DOCS / "agreement.schema.json").read_text(encoding="utf-8")

    assert published == schema_text(), "run `stafet agreement schema > docs/agreement.schema.json`"
    assert CliRunner().invoke(app, ["agreement", "schema"]).stdout == published


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize("agreement", list(PROFILES))
def test_a_shipped_agreement_is_valid(agreement: str) -> None:
    VALIDATOR.validate(_read(profile_file(agreement)))


@pytest.mark.parametrize("layer", LAYERS)
def test_a_shipped_layer_is_valid(layer: str) -> None:
    VALIDATOR.validate(_read(layer_file(layer)))


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        (AGREEMENT, "kind: clock", "kind: noon"),
        (AGREEMENT, "kind: clock, at: 12:00", "kind: elapsed, at: 12:00"),
        (AGREEMENT, "at: 12:00", "at: noon"),
        (AGREEMENT, "trigger: discharged", "trigger: left"),
        (AGREEMENT, "trigger: discharged", "trigger: []"),
        (AGREEMENT, "code: resume-services\n", "codes: resume-services\n"),
        (AGREEMENT, "do: escalate", "do: shout"),
        (AGREEMENT, "do: escalate", "do: escalate, after: PT1H"),
        (AGREEMENT, "do: escalate", "do: escalate, within: 08:00-15:00"),
        (AGREEMENT, "after-task: send-admission-report", "after: soon"),
        (AGREEMENT, "after-task: send-admission-report", "after: P"),
        (AGREEMENT, "regions: [DK-82]", "regions: []"),
        (AGREEMENT, "valid-from: 2026-01-01", "valid-from: 2026-02-30"),
        (AGREEMENT, "rules:\n", "calendars: {country: Denmark}\nrules:\n"),
        (AGREEMENT, "element: agreed-by-phone", "elements: agreed-by-phone"),
        (EXTENDING, "extends: dk-test", "expands: dk-test"),
        (EXTENDING, "  - rule: R17\n", "  - rule: R17\n    suspend: maybe\n"),
        (EXTENDING, "  - add-gate:\n", "  - remove-gate:\n"),
        (DEVIATION, "kind: deviation", "kind: whim"),
        (DEVIATION, "after: PT1H", "after: PT1H, before-due: PT1H"),
    ],
)
def test_what_has_another_form_is_not(text: str, right: str, wrong: str) -> None:
    assert text.count(right) == 1
    assert VALIDATOR.is_valid(_read(text))

    assert not VALIDATOR.is_valid(_read(text.replace(right, wrong)))
