"""A message that is sent again is the same but for this sending; and what receipts say is read kindly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from discharge.identifiers import BundleId
from fhir_mappings.bundles import open_message
from fhir_mappings.errors import JsonTextError
from fhir_mappings.medcom.intake import read_message
from fhir_mappings.medcom.outgoing import restamped
from fhir_mappings.medcom.receipts import receipt_issues
from tests.fhir_mappings.messages import NOW, body, notification

AT = NOW + timedelta(minutes=30)


def again(message: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = orjson.loads(restamped(body(message), bundle_id=BundleId("anew"), at=AT))
    return made


def test_only_the_envelope_and_the_times_of_this_sending_are_new() -> None:
    message = notification()

    made = again(message)

    assert (made["id"], made["timestamp"]) == ("anew", AT.isoformat(timespec="seconds").replace("+00:00", "Z"))
    header = message["entry"][0]["resource"]["id"]
    for before, now in zip(message["entry"], made["entry"], strict=True):
        resource, sent = before["resource"], now["resource"]
        own = resource["resourceType"] == "Provenance" and resource["target"][0]["reference"].endswith(header)
        changed = {name for name in resource if resource[name] != sent[name]}
        assert changed <= ({"occurredDateTime", "recorded"} if own else set())
    assert (
        read_message(body(made), now=AT).envelope.fingerprint
        == read_message(body(message), now=AT).envelope.fingerprint
    )


def test_provenances_of_earlier_messages_keep_their_times() -> None:
    message = notification()
    earlier = {
        "resourceType": "Provenance",
        "target": [{"reference": "MessageHeader/earlier"}, "odd", {"display": "no reference"}],
        "recorded": "2026-01-01T10:00:00Z",
    }
    message["entry"] += [{"resource": earlier}, {"resource": {"resourceType": "Provenance"}}, {"fullUrl": "empty"}]

    made = again(message)

    assert made["entry"][-3]["resource"] == earlier
    assert made["entry"][-2]["resource"] == {"resourceType": "Provenance"}


@pytest.mark.parametrize("odd", [{"entry": "none"}, {"entry": []}, {"entry": [{"resource": "no"}]}, {}])
def test_bundle_without_a_header_only_gets_its_envelope(odd: dict[str, Any]) -> None:
    made = again({"resourceType": "Bundle", **odd})

    assert made["id"] == "anew"
    assert {name: made[name] for name in odd} == odd


def test_what_is_no_bundle_is_refused() -> None:
    with pytest.raises(JsonTextError):
        restamped(b"{}", bundle_id=BundleId("b"), at=AT)


def acknowledged(*issues: dict[str, Any], named: bool = True) -> dict[str, Any]:
    message = notification()
    response: dict[str, Any] = {"identifier": "m", "code": "fatal-error"}
    if named:
        response["details"] = {"reference": "OperationOutcome/o"}
    message["entry"][0]["resource"]["response"] = response
    message["entry"].append({"resource": {"resourceType": "OperationOutcome", "id": "o", "issue": list(issues)}})
    return message


@pytest.mark.parametrize("named", [True, False])
def test_findings_are_read_by_reference_or_wherever_they_stand(*, named: bool) -> None:
    coding = [{"display": "none"}, {"system": "any", "code": "MSG_BAD_FORMAT"}]
    issue = {"severity": "error", "code": "invalid", "details": {"coding": coding, "text": "Det går ikke."}}

    (found,) = receipt_issues(open_message(acknowledged(issue, named=named)))

    assert (found.severity, found.code, found.detail, found.text) == (
        "error",
        "invalid",
        "MSG_BAD_FORMAT",
        "Det går ikke.",
    )


def test_odd_findings_are_read_as_far_as_they_go() -> None:
    issues = receipt_issues(open_message(acknowledged({"severity": "terrible", "diagnostics": "x" * 900}, {})))

    assert [(issue.severity, issue.code, issue.detail, len(issue.text)) for issue in issues] == [
        ("error", "processing", None, 500),
        ("error", "processing", None, 0),
    ]


def test_flood_of_findings_is_cut() -> None:
    assert len(receipt_issues(open_message(acknowledged(*[{}] * 90)))) == 20
