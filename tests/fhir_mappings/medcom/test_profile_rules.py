"""Every line of the profiles fires where it is broken, and is silent on messages that hold all of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fhir_mappings.bundles import open_message
from fhir_mappings.json_text import parse_object
from fhir_mappings.medcom.identifier_rules import CITIZEN_RULES, ORGANIZATION_RULES
from fhir_mappings.medcom.intake import NoticeRead, ReceiptRead, Refused, read_message
from fhir_mappings.medcom.message import Message as Judged
from fhir_mappings.medcom.profile_rules import NOTICE_PROFILE_RULES, RECEIPT_PROFILE_RULES
from fhir_mappings.medcom.receipt_rules import RECEIPT_RULES
from fhir_mappings.medcom.rules import RULES
from tests.fhir_mappings.medcom.profile_breaking import NOTICES, RECEIPTS, patient
from tests.fhir_mappings.medcom.rich import rich_notification, rich_receipt
from tests.fhir_mappings.messages import NOW, Message, body


def _findings(name: str, message: Message) -> list[str]:
    judged = Judged.of(open_message(parse_object(body(message), expected="Bundle")), now=NOW)
    return [str(issue.expression) for issue in RULES[name].findings(judged)]


@pytest.mark.parametrize("name", NOTICES)
def test_a_line_fires_on_the_notification_that_breaks_it_and_only_there(name: str) -> None:
    edit, ending = NOTICES[name]
    sound, broken = rich_notification(), rich_notification()
    edit(broken)

    assert _findings(name, sound) == []
    [expression] = _findings(name, broken)
    assert expression.startswith("Bundle")
    assert expression.endswith(ending)


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_line_fires_on_the_receipt_that_breaks_it_and_only_there(name: str) -> None:
    edit, ending = RECEIPTS[name]
    sound, broken = rich_receipt(), rich_receipt()
    edit(broken)

    assert _findings(name, sound) == []
    [expression] = _findings(name, broken)
    assert expression.endswith(ending)


@pytest.mark.parametrize("name", NOTICES)
def test_an_error_refuses_the_notification_and_a_warning_does_not(name: str) -> None:
    message = rich_notification()
    NOTICES[name][0](message)

    found = read_message(body(message), now=NOW)

    assert isinstance(found, NoticeRead | Refused)
    issues = found.warnings if isinstance(found, NoticeRead) else found.issues
    assert (name, RULES[name].severity) in {(issue.rule, issue.severity) for issue in issues}
    if RULES[name].severity == "error":
        assert isinstance(found, Refused)


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_broken_receipt_is_heard_all_the_same(name: str) -> None:
    message = rich_receipt()
    RECEIPTS[name][0](message)

    found = read_message(body(message), now=NOW)

    assert isinstance(found, ReceiptRead)
    assert name in {issue.rule for issue in found.broken}


def test_what_holds_every_line_is_accepted_without_a_word() -> None:
    notice, receipt = (read_message(body(each), now=NOW) for each in (rich_notification(), rich_receipt()))

    assert isinstance(notice, NoticeRead)
    assert notice.warnings == ()
    assert isinstance(receipt, ReceiptRead)
    assert receipt.broken == ()


def test_every_line_and_every_invariant_is_shown_to_fire() -> None:
    rules = (*NOTICE_PROFILE_RULES, *RECEIPT_PROFILE_RULES, *RECEIPT_RULES, *ORGANIZATION_RULES, *CITIZEN_RULES)

    assert {each.id for each in rules} == NOTICES.keys() | RECEIPTS.keys()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_every_rule_says_what_holds_and_where_that_is_written(rule: Any) -> None:
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", rule.id)
    assert rule.summary.endswith(".")
    assert len(rule.source) > 3
    assert rule.severity in {"error", "warning"}


def test_a_family_name_may_be_withheld_for_a_stated_reason() -> None:
    message = rich_notification()
    reason = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
    patient(message)["name"][0] = {"use": "official", "_family": {"extension": [reason]}}

    assert isinstance(read_message(body(message), now=NOW), NoticeRead)


def test_an_organisation_that_nothing_names_is_surplus() -> None:
    message = rich_notification()
    message["entry"].append({"resource": {"resourceType": "Organization", "id": "surplus"}})

    found = read_message(body(message), now=NOW)

    assert isinstance(found, NoticeRead)
    assert found.warnings == ()
