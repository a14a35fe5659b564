"""Each rule about segments and attachments fires where it should, and names the place."""

from __future__ import annotations

import pytest

from fhir_mappings.medcom.care_segment_rules import CARE_SEGMENT_RULES
from tests.fhir_mappings import care
from tests.fhir_mappings.care import extension, payload
from tests.fhir_mappings.medcom.care_breaking import (
    COMMUNICATION,
    Edit,
    Error,
    Warned,
    data,
    file,
    name_of,
    refuses,
    shown,
    warns,
    without,
)

ERRORS: list[Error] = [
    (
        "stafet-segment-id",
        lambda m: without(payload(m, 1), care.SEGMENT_ID),
        f"{COMMUNICATION}.payload[1].extension('{care.SEGMENT_ID}').valueIdentifier.value",
        "required",
        "MSG_Datatype_Wrong",
    ),
    (
        "stafet-segment-id",
        lambda m: extension(payload(m), care.SEGMENT_ID)["valueIdentifier"].update(value="1"),
        f"{COMMUNICATION}.payload[0].extension[1].valueIdentifier.value",
        "required",
        "MSG_Datatype_Wrong",
    ),
    (
        "stafet-segment-id",
        lambda m: extension(payload(m), care.SEGMENT_ID)["valueIdentifier"].pop("assigner"),
        f"{COMMUNICATION}.payload[0].extension[1].valueIdentifier.assigner",
        "required",
        "MSG_Datatype_Wrong",
    ),
    (
        "stafet-segment-unique",
        lambda m: extension(payload(m, 1), care.SEGMENT_ID)["valueIdentifier"].update(value=care.TEXT_ID),
        f"{COMMUNICATION}.payload[1].extension[1].valueIdentifier.value",
        "invariant",
        "MSG_DUPLICATE_ID",
    ),
    (
        "stafet-segment-time",
        lambda m: without(payload(m), care.SEGMENT_AT),
        f"{COMMUNICATION}.payload[0].extension('{care.SEGMENT_AT}').valueDateTime",
        "required",
        "MSG_DATE_FORMAT",
    ),
    (
        "stafet-segment-time",
        lambda m: extension(payload(m), care.SEGMENT_AT).update(valueDateTime="2026-11-20T11:40:00"),
        f"{COMMUNICATION}.payload[0].extension[0].valueDateTime",
        "required",
        "MSG_DATE_FORMAT",
    ),
    (
        "stafet-segment-time-plausible",
        lambda m: extension(payload(m), care.SEGMENT_AT).update(valueDateTime="2027-11-20T11:40:00Z"),
        f"{COMMUNICATION}.payload[0].extension[0].valueDateTime",
        "business-rule",
        None,
    ),
    (
        "stafet-attachment-title",
        lambda m: file(m).pop("title"),
        f"{COMMUNICATION}.payload[1].contentAttachment.title",
        "required",
        None,
    ),
    (
        "stafet-attachment-type",
        lambda m: file(m).update(contentType="video/mp4"),
        f"{COMMUNICATION}.payload[1].contentAttachment.contentType",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-attachment-type",
        lambda m: file(m).pop("contentType"),
        f"{COMMUNICATION}.payload[1].contentAttachment.contentType",
        "code-invalid",
        "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    (
        "stafet-attachment-content",
        lambda m: file(m).update(data=data(b"<html>")),
        f"{COMMUNICATION}.payload[1].contentAttachment.data",
        "value",
        "MSG_Datatype_Wrong",
    ),
    (
        "stafet-attachment-content",
        lambda m: file(m).update(data="%%%"),
        f"{COMMUNICATION}.payload[1].contentAttachment.data",
        "value",
        "MSG_Datatype_Wrong",
    ),
]

WARNINGS: list[Warned] = [
    (
        "stafet-attachment-named-type",
        lambda m: file(m).update(contentType="image/png"),
        f"{COMMUNICATION}.payload[1].contentAttachment.contentType",
    ),
    (
        "stafet-attachment-one-content",
        lambda m: file(m).update(url="https://example.org"),
        f"{COMMUNICATION}.payload[1].contentAttachment.url",
    ),
]


@pytest.mark.parametrize(("rule", "edit", "expression", "code", "detail"), ERRORS, ids=name_of)
def test_rule_fires_and_refuses_the_letter(
    rule: str, edit: Edit, expression: str, code: str, detail: str | None
) -> None:
    refuses(rule, edit, expression, code, detail)


@pytest.mark.parametrize(("rule", "edit", "expression"), WARNINGS, ids=name_of)
def test_rule_fires_and_only_warns(rule: str, edit: Edit, expression: str) -> None:
    warns(rule, edit, expression)


def test_every_rule_is_shown_to_fire() -> None:
    assert shown(CARE_SEGMENT_RULES) == {rule for rule, *_ in (*ERRORS, *WARNINGS)}
