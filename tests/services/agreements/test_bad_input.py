"""What an agreement may not say: refused before it is stored, with line and reason, and what runs stays."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from services.agreements.loading import load_agreement
from services.agreements.reading import AgreementFileError
from tests.services.agreements.test_reading import AGREEMENT
from tests.services.agreements.test_reading_layers import DEVIATION
from tests.services.persistence.store import Store

OURS: Final = AGREEMENT.replace("id: dk-test", "id: dk-first")
CIRCLE: Final = "    ladder:\n      - {do: escalate, after-task: resume-services, to: ward, roles: [ward]}\n"
ROW: Final = """
  - id: R01
    source: there
    trigger: discharged
    addressee: ward
    roles: [ward]
    code: send-admission-report
    title: {da: Send, en: Send}
    content: notice
    deadline: {kind: immediate}
"""


def calendars(text: str) -> tuple[str, str]:
    return "rules:\n", f"calendars:\n  {text}\nrules:\n"


BAD: Final = {
    "an unknown trigger": (
        ("trigger: discharged", "trigger: went-home"),
        "line 23, rule R17, trigger: unknown; known are",
    ),
    "an unknown field": (
        ("stay.hours <", "stay.moons <"),
        "line 10, rule R01, when: unknown field stay.moons; known are",
    ),
    "an unknown field of a rule": (
        ("    content: plan", "    contents: plan"),
        "line 28, rule R17, contents: unknown; known are",
    ),
    "an unknown role": (
        ("to: ward, roles: [ward]", "to: ward, roles: [porter]"),
        "line 31, rule R17, ladder[0].roles: unknown; known are",
    ),
    "an unknown party": (
        ("to: ward, roles: [ward]", "to: taxi, roles: [ward]"),
        "line 31, rule R17, ladder[0].to: unknown; known are",
    ),
    "an unknown calendar": (
        calendars("country: XX"),
        "line 7, calendars.country: no public holidays are known of XX",
    ),
    "opening hours of nobody": (
        calendars('hours: {porter: "08:00-15:00"}'),
        "line 7, calendars.hours.porter: unknown; known are",
    ),
    "a duty that is passed round": (
        ("    content: plan", "    content: plan\n    chain: [ward, municipality]"),
        "line 29, rule R17, chain[1]: leads back to municipality, who was asked before",
    ),
    "rungs that wait for each other": (
        ("    completed-by:\n", CIRCLE + "    completed-by:\n"),
        "line 18, rule R01, ladder[0].after-task: leads back to itself: send-admission-report -> resume-services",
    ),
    "people on call for each other": (
        calendars("on-call: {municipality: ward, ward: municipality}"),
        "line 7, calendars.on-call.municipality: leads back to itself: municipality -> ward -> municipality",
    ),
    "two rows of the same name": (
        ("gates:\n", ROW.lstrip("\n") + "gates:\n"),
        "line 32, rule R01: rule R01 has a row with the task send-admission-report already",
    ),
    "a condition that is too long": (
        ("has(stay.ended)", " || ".join(["has(stay.ended)"] * 200)),
        "line 19, rule R01, completed-by.when: ",
    ),
    "a condition with too many parts": (
        ("has(stay.ended)", "(" * 200 + "has(stay.ended)" + ")" * 200),
        "line 19, rule R01, completed-by.when: ",
    ),
    "a time at which another agreement holds": (
        ("id: dk-first", "id: dk-second"),
        "line 5, valid-from: dk-first 1.0.0 holds in DK-82 at that time; end it first",
    ),
    "the day on which another version begins": (
        ("valid-from: 2026-01-01", "valid-from: 2020-01-01"),
        "line 5, valid-from: version 1.0.0 begins on that day in DK-82 as well; nobody could tell which holds",
    ),
}


async def _documents(store: Store) -> list[object]:
    return list((await store.database.master()).documents)


async def _refused(store: Store, tmp_path: Path, text: str) -> str:
    file = tmp_path / "agreement.yaml"
    file.write_text(text, encoding="utf-8")
    before = await _documents(store)

    with pytest.raises(AgreementFileError) as refused:
        await load_agreement(store.database, file)

    assert await _documents(store) == before
    return str(refused.value)


@pytest.mark.parametrize("what", BAD)
async def test_a_wrong_agreement_is_refused_with_its_line_and_what_runs_stays(
    store: Store, tmp_path: Path, what: str
) -> None:
    (right, wrong), said = BAD[what]
    assert OURS.count(right) == 1

    errors = (await _refused(store, tmp_path, OURS.replace(right, wrong))).splitlines()

    assert any(error.startswith(said) for error in errors), errors


async def test_a_deviation_that_is_not_allowed_is_refused_with_its_line(store: Store, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(OURS, encoding="utf-8")
    await load_agreement(store.database, tmp_path / "base.yaml")

    said = await _refused(store, tmp_path, DEVIATION.replace("base: dk-test", "base: dk-first"))

    assert said.startswith("line 12, rule R17, set.ladder: R17 resume-services does not leave ladder to a municipality")


async def test_a_rule_that_can_never_fire_is_loaded_and_reported_with_its_line(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "agreement.yaml"
    file.write_text(OURS.replace("stay.hours < 24", "stay.hours < 24 && stay.hours > 48"), encoding="utf-8")

    said = (await load_agreement(store.database, file)).splitlines()

    assert said == [
        "agreement dk-first 1.0 loaded",
        "line 10, rule R01, when: warning: can never fire: it contradicts itself",
    ]
