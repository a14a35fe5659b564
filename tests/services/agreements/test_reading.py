import orjson
import pytest

from discharge.agreement_format import parse_agreement
from services.agreements.reading import AgreementFileError, check_agreement, check_document, read_agreement

AGREEMENT = """\
id: dk-test
version: "1.0"
title: En aftale
regions: [DK-82]
valid-from: 2026-01-01
rules:
  - id: R01
    source: here
    trigger: stay-began
    when: stay.municipality_is_party && stay.hours < 24
    addressee: municipality
    roles: [home-nurse]
    code: send-admission-report
    title: {da: Send, en: Send}
    content: notice
    deadline: {kind: clock, at: 12:00}
    completed-by:
      on: discharged
      when: has(stay.ended)

  - id: R17
    source: here
    trigger: discharged
    addressee: municipality
    roles: [home-nurse]
    code: resume-services
    title: {da: Start, en: Resume}
    content: plan
    deadline: {kind: immediate}
    ladder:
      - {do: escalate, after-task: send-admission-report, to: ward, roles: [ward]}
gates:
  - id: R11
    source: here
    act: discharged
    when: leaving.closed_day && !plan.agreed_by_phone
    text: {da: Ring, en: Call}
    element: agreed-by-phone
"""


def _errors(text: str) -> list[str]:
    checked = check_agreement(text.encode())
    assert checked.document is None
    return [str(finding) for finding in checked.errors]


def test_a_file_is_read_into_the_document_that_is_kept() -> None:
    document = read_agreement(AGREEMENT.encode())

    assert orjson.loads(orjson.dumps(document)) == document
    agreement = parse_agreement(document)
    assert [rule.id for rule in agreement.rules] == ["R01", "R17"]
    first = agreement.rules[0]
    assert first.when is not None
    assert first.when.text == "stay.municipality_is_party && stay.hours < 24"
    assert first.completed_by is not None
    assert first.completed_by.when is not None
    assert first.completed_by.when.text == "has(stay.ended)"
    assert agreement.gates[0].when.text == "leaving.closed_day && !plan.agreed_by_phone"


def test_the_form_that_is_kept_is_read_again_to_the_same() -> None:
    document = read_agreement(AGREEMENT.encode())

    assert check_document(document).document == document
    assert read_agreement(orjson.dumps(document)) == document


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("kind: clock", "kind: noon", "line 16, rule R01, deadline.kind: unknown; known are immediate, elapsed,"),
        ("trigger: discharged", "trigger: left", "line 23, rule R17, trigger: unknown; known are stay-began,"),
        ("addressee: municipality\n    roles: [home-nurse]\n    code: res", "roles: [home-nurse]\n    code: res",
         "line 21, rule R17, addressee: unknown; known are asked,"),
        ("stay.hours <", "stay.years <", "line 10, rule R01, when: unknown field stay.years; known are citizen."),
        ("&& stay.hours", "& stay.hours", "line 10, rule R01, when: column 28: no expression from here on"),
        ("has(stay.ended)", "stay.ended", "line 19, rule R01, completed-by.when: must be true or false, and is ins"),
        ("has(stay.ended)", "[stay, ended]", "line 19, rule R01, completed-by.when: a condition is a text"),
        ("has(stay.ended)", ">-\n        has(stay.ended) &&\n        ", "completed-by.when: column 17: no expression"),
        ("has(stay.ended)", "|-\n        has(stay.ended) &&\n        $", "completed-by.when: line 2, column 1: no exp"),
        ("id: R17\n", "id: [R17]\n", "line 21, rule number 2, id: a text is needed here"),
        ("regions: [DK-82]\n", "regions: []\n", "line 4, regions: at least one region"),
        ("regions: [DK-82]\n", "", "line 1, regions: a list is needed here"),
        ("element: agreed", "elements: agreed", "line 38, gate R11, elements: unknown; known are"),
        ("valid-from: 2026-01-01", "valid-from: 2026-02-30", "line 5, valid-from: a date such as"),
        ("    source: here\n    act", "    source: here\n    source: here\n    act", "line 35: source: stands twice"),
        ("rules:\n", "rules: {}\nother:\n", "line 7, other: unknown; known are"),
        ("rules:\n", "rules: [1]\nmore: 1\nagain:\n", "line 7, more: unknown; known are"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_line_rule_and_reason(right: str, wrong: str, said: str) -> None:
    assert AGREEMENT.count(right) == 1

    errors = _errors(AGREEMENT.replace(right, wrong))

    assert len(errors) == 1
    assert said in errors[0]


def test_all_that_is_wrong_is_told_at_once() -> None:
    broken = (
        AGREEMENT.replace("kind: clock", "kind: noon")
        .replace("has(stay.ended)", "has(stay)")
        .replace("after-task: send-admission-report", "after: soon")
        .replace("act: discharged", "act: left")
    )

    errors = _errors(broken)

    assert [error.split(":")[0] for error in errors] == [
        "line 16, rule R01, deadline.kind",
        "line 19, rule R01, completed-by.when",
        "line 31, rule R17, ladder[0].after",
        "line 35, gate R11, act",
    ]


def test_a_rule_that_is_wrong_is_still_known_to_others() -> None:
    errors = _errors(AGREEMENT.replace("content: notice", "content: gossip"))

    assert [error.split(":")[0] for error in errors] == ["line 15, rule R01, content"]


def test_two_rules_with_one_name_and_task_are_told() -> None:
    twice = AGREEMENT.replace("id: R17", "id: R01").replace("code: resume-services", "code: send-admission-report")

    errors = _errors(twice)

    assert errors == ["line 21, rule R01: rule R01 has a row with the task send-admission-report already"]


def test_a_row_that_is_no_rule_is_told_beside_the_others() -> None:
    errors = _errors(AGREEMENT.replace("rules:\n", "rules:\n  - R00\n").replace("kind: clock", "kind: noon"))

    assert [error.split(":")[0] for error in errors] == ["line 7, rule number 1", "line 17, rule R01, deadline.kind"]


def test_an_endless_row_of_mistakes_is_cut_short() -> None:
    rules = "".join(f"  - {{id: R{number}, code: c{number}}}\n" for number in range(150))

    errors = _errors(AGREEMENT.partition("rules:\n")[0] + "rules:\n" + rules)

    assert len(errors) == 100


@pytest.mark.parametrize("body", [b"", b"[]", b"42"])
def test_what_is_no_mapping_is_no_agreement(body: bytes) -> None:
    with pytest.raises(AgreementFileError, match="line 1: a mapping is needed here"):
        read_agreement(body)


def test_what_is_no_yaml_is_told_with_its_line() -> None:
    with pytest.raises(AgreementFileError, match="line 3: not YAML"):
        read_agreement(b"id: x\nrules: [\n")


def test_a_document_that_comes_from_no_file_has_no_lines() -> None:
    checked = check_document({**read_agreement(AGREEMENT.encode()), "regions": []})

    assert [str(finding) for finding in checked.findings] == ["regions: at least one region; it would hold nowhere"]
