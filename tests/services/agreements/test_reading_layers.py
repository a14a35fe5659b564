"""What is told by its difference from another agreement is read as strictly, and blamed on its own lines."""

import pytest

from discharge.agreement_format import parse_agreement
from discharge.agreement_values import Document
from services.agreements.reading import Checked, check_agreement, read_agreement
from services.agreements.shipped import LAYERS, PROFILES, layer_file, profile_file, shipped
from tests.services.agreements.test_reading import AGREEMENT

BASE = read_agreement(AGREEMENT.replace("content: plan", "content: plan\n    may-deviate: [ladder]").encode())
EXTENDING = """\
id: dk-other
version: "1"
title: En anden
extends: dk-test
regions: [DK-81]
valid-from: 2026-01-01
changes:
  - rule: R17
    set:
      when: stay.municipality_is_party
      chain: [ward]
  - add:
      id: R99
      source: here
      trigger: discharged
      addressee: ward
      roles: [ward]
      code: sing
      title: {da: Syng, en: Sing}
      content: notice
      deadline: {kind: immediate}
  - add-gate:
      id: R98
      source: here
      act: discharged
      when: leaving.closed_day
      text: {da: Ring, en: Call}
      element: agreed-by-phone
"""
DEVIATION = """\
kind: deviation
id: birkelund
version: "1"
title: Birkelund Kommune
base: dk-test
parties: ["999000000002000"]
valid-from: 2026-01-01
changes:
  - rule: R17
    code: resume-services
    set:
      ladder:
        - {do: escalate, after: PT1H, to: ward, roles: [ward]}
"""


def _find(agreement: str) -> Document | None:
    return BASE if agreement == "dk-test" else None


def _checked(text: str) -> Checked:
    return check_agreement(text.encode(), find=_find)


@pytest.mark.parametrize("agreement", list(PROFILES))
def test_a_shipped_agreement_has_no_problem(agreement: str) -> None:
    assert check_agreement(profile_file(agreement), find=shipped).findings == ()


@pytest.mark.parametrize("layer", LAYERS)
def test_a_shipped_layer_has_no_problem(layer: str) -> None:
    assert check_agreement(layer_file(layer), find=shipped).findings == ()


def test_an_agreement_told_by_its_difference_is_kept_as_a_whole() -> None:
    document = _checked(EXTENDING).document

    assert document is not None
    agreement = parse_agreement(document)
    assert [rule.id for rule in agreement.rules] == ["R01", "R17", "R99"]
    assert agreement.rules[1].chain == ("ward",)
    assert [gate.id for gate in agreement.gates] == ["R11", "R98"]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("chain: [ward]", "chain: [postman]", "line 11, rule R17, set.chain[0]: unknown; known are"),
        ("chain: [ward]", "chain: [ward, ward]", "line 11, rule R17, set.chain[1]: leads back to ward"),
        ("stay.municipality_is_party", "stay.", "line 10, rule R17, set.when: column 5: no expression"),
        ("stay.municipality_is_party", "message.urgent", "line 10, rule R17, set.when: warning: can never fire"),
        ("roles: [ward]\n      code", "roles: [gp]\n      code", "line 17, rule R99, add.roles: nobody at ward is gp"),
        ("roles: [ward]\n      code", "roles: [god]\n      code", "line 17, rule R99, add.roles: unknown; known are"),
        ("leaving.closed_day", "message.urgent", "line 26, gate R98, add-gate.when: warning: can never be closed"),
        ("rule: R17", "rule: R18", "line 8, rule R18, rule: the agreement has no rule R18"),
        ("extends: dk-test", "extends: dk-none", "line 4, extends: no agreement dk-none is known"),
        ("  - rule: R17", "  - calendars: {country: XX}\n  - rule: R17", "line 7, changes: no public holidays"),
    ],
)
def test_what_is_wrong_stands_where_it_was_written(right: str, wrong: str, said: str) -> None:
    assert EXTENDING.count(right) == 1

    findings = [str(finding) for finding in _checked(EXTENDING.replace(right, wrong)).findings]

    assert len(findings) == 1
    assert said in findings[0]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("ladder:\n        - {do: escalate, after: PT1H, to: ward, roles: [ward]}", "chain: [ward]",
         "line 12, rule R17, set.chain: R17 resume-services does not leave chain to a municipality, which may"),
        ("roles: [ward]", "roles: [gp]", "line 13, rule R17, set.ladder[0].roles: nobody at ward is gp"),
        ("after: PT1H", "after-task: resume-services", "rule R17, set.ladder[0].after-task: leads back to itself"),
        ("kind: deviation", "kind: whim", "line 1, kind: unknown; known are deviation, overlay"),
        ('version: "1"', "version: a/b", "line 3, version: only letters"),
    ],
)  # fmt: skip
def test_a_layer_is_blamed_on_its_own_lines(right: str, wrong: str, said: str) -> None:
    assert DEVIATION.count(right) == 1
    assert _checked(DEVIATION).findings == ()

    findings = [str(finding) for finding in _checked(DEVIATION.replace(right, wrong)).findings]

    assert len(findings) == 1
    assert said in findings[0]


def test_a_layer_whose_agreement_nobody_knows_is_read_by_its_form() -> None:
    checked = _checked(DEVIATION.replace("base: dk-test", "base: dk-none"))

    assert checked.findings == ()
    assert checked.document is not None


@pytest.mark.parametrize("country", ["XX", "dk", "Denmark"])
def test_a_country_whose_holidays_nobody_knows_is_refused(country: str) -> None:
    calendars = f"calendars: {{country: {country}}}\nrules:\n"

    findings = [str(finding) for finding in check_agreement(AGREEMENT.replace("rules:\n", calendars).encode()).errors]

    assert len(findings) == 1
    assert f"line 6, calendars.country: no public holidays are known of {country}" in findings[0]
