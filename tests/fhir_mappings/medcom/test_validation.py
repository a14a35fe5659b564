from __future__ import annotations

import pytest

from fhir_mappings.medcom.validation import validate
from fhir_mappings.wire import Format, parse_resource, rendered
from tests.fhir_mappings.medcom.rich import rich_notification, rich_receipt
from tests.fhir_mappings.messages import NOW, Message, acknowledgement, body, notification, of_type


def rules(message: bytes) -> set[str]:
    return {issue.rule for issue in validate(message, now=NOW)}


@pytest.mark.parametrize("message", [notification(), rich_notification(), rich_receipt()])
def test_a_sound_message_has_no_findings_in_either_format(message: Message) -> None:
    in_json = body(message)

    assert rules(in_json) == set()
    assert rules(rendered(parse_resource(in_json, expected="Bundle"), Format.XML)) == set()


def test_errors_warnings_and_what_a_receipt_breaks_are_findings() -> None:
    refused, warned = notification(), notification()
    of_type(refused, "Encounter").pop("subject")
    of_type(warned, "Encounter")["status"] = "finished"

    assert rules(body(refused)) == {"stafet-encounter-subject"}
    assert rules(body(warned)) == {"stafet-status-fits"}
    assert rules(body(acknowledgement())) == {"receipt-two-provenances"}


def test_what_is_no_message_is_a_finding() -> None:
    assert rules(b"{") == {"json-syntax"}
    assert rules(b"<Bundle/>") == {"xml-namespace"}
    assert rules(b'{"resourceType":"Bundle","type":"batch"}') == {"stafet-bundle-type"}


def test_a_body_is_judged_as_what_it_is_said_to_be() -> None:
    [issue] = validate(body(notification()), now=NOW, media=Format.XML)

    assert issue.rule == "xml-syntax"
