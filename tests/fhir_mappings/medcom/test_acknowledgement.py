from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from discharge.commands import Envelope, Receipt, ReceiptCode, Sending
from discharge.identifiers import SorCode
from fhir_mappings import r4
from fhir_mappings.errors import finding
from fhir_mappings.medcom.acknowledgement import Correspondent, acknowledge
from fhir_mappings.medcom.intake import ReceiptRead, read_message
from tests.fhir_mappings.messages import (
    HOSPITAL,
    MUNICIPALITY,
    NOW,
    Message,
    body,
    edited,
    notification,
    of_type,
    provenance,
)

OURS = Correspondent(sor=SorCode(MUNICIPALITY), gln="5790000000210", name="Sundby Kommune")
REFUSAL = Receipt(
    code=ReceiptCode.FATAL_ERROR,
    issues=(finding("hospitalNotification-2", "invariant", "There must be <one> Patient.", expression="Bundle.entry"),),
)


def envelope(message: Message | None = None) -> Envelope:
    return read_message(body(notification() if message is None else message), now=NOW).envelope


def answer(receipt: Receipt, to: Envelope | None = None, *, recipient: Correspondent | None = None) -> Message:
    numbers = itertools.count()
    made: Message = acknowledge(
        receipt,
        envelope() if to is None else to,
        responder=OURS,
        now=NOW,
        new_id=lambda: f"id-{next(numbers)}",
        recipient=recipient,
        base_url="https://stafet.example/fhir/",
    )
    return made


def provenances(message: Message) -> list[Message]:
    return [each["resource"] for each in message["entry"] if each["resource"]["resourceType"] == "Provenance"]


def test_a_yes_goes_back_to_the_sender() -> None:
    made = answer(Receipt(code=ReceiptCode.OK))

    header = made["entry"][0]["resource"]
    assert header["resourceType"] == "MessageHeader"
    assert header["eventCoding"]["code"] == "acknowledgement-message"
    assert header["response"] == {"identifier": "header-stin-1", "code": "ok"}
    assert header["destination"][0]["endpoint"] == f"https://sor2.sum.dsdn.dk/#id={HOSPITAL}"
    assert header["source"]["endpoint"] == f"https://sor2.sum.dsdn.dk/#id={MUNICIPALITY}"
    assert made["timestamp"] == "2026-11-20T12:00:00Z"
    organizations = {
        f"Organization/{each['resource']['id']}": each["resource"]["identifier"]
        for each in made["entry"]
        if each["resource"]["resourceType"] == "Organization"
    }
    assert {each["value"] for each in organizations[header["sender"]["reference"]]} == {MUNICIPALITY, "5790000000210"}
    theirs = {each["value"] for each in organizations[header["destination"][0]["receiver"]["reference"]]}
    assert HOSPITAL in theirs
    assert len(theirs) == 2


def test_a_no_carries_its_reasons() -> None:
    made = answer(REFUSAL)

    outcome = of_type(made, "OperationOutcome")
    details = made["entry"][0]["resource"]["response"]["details"]
    assert details == {"reference": f"OperationOutcome/{outcome['id']}"}
    assert outcome["issue"][0]["diagnostics"] == "hospitalNotification-2"


def test_exactly_two_provenances_theirs_and_ours() -> None:
    theirs, ours = provenances(answer(Receipt(code=ReceiptCode.OK)))

    assert theirs["target"] == [{"reference": "MessageHeader/header-stin-1"}]
    assert theirs["activity"]["coding"][0]["code"] == "admit-inpatient"
    assert theirs["occurredDateTime"] == "2026-11-20T10:40:10Z"
    assert ours["target"] == [{"reference": "MessageHeader/id-0"}]
    assert ours["activity"]["coding"][0]["code"] == "acknowledgement"
    assert ours["entity"] == [{"role": "revision", "what": {"reference": "MessageHeader/header-stin-1"}}]
    assert "entity" not in theirs


def test_what_the_latest_provenance_followed_is_kept_when_it_is_sound() -> None:
    def follow(message: Message) -> None:
        of_type(message, "Provenance")["entity"] = [
            {"role": "revision", "what": {"reference": "MessageHeader/first"}},
            {"role": "derivation", "what": {"reference": "MessageHeader/first"}},
            {"role": "source", "what": {"identifier": {"value": "x"}}},
        ]
        message["entry"].append({"resource": provenance("older", "first", "admit-emergency", after=-timedelta(days=1))})

    theirs, _ = provenances(answer(Receipt(code=ReceiptCode.OK), envelope(edited(follow))))

    assert theirs["entity"] == [{"role": "revision", "what": {"reference": "MessageHeader/first"}}]


@pytest.mark.parametrize(
    "edit",
    [
        lambda m: m["entry"].pop(),
        lambda m: of_type(m, "Provenance").update(occurredDateTime="soon", recorded=None, activity={"text": "x"}),
        lambda m: of_type(m, "Provenance")["activity"]["coding"][0].update(code="0404509995"),
    ],
)
def test_a_broken_provenance_is_not_sent_back(edit: Callable[[Message], Any]) -> None:
    made = answer(REFUSAL, envelope(edited(edit)))

    theirs, _ = provenances(made)
    assert theirs["target"] == [{"reference": "MessageHeader/header-stin-1"}]
    assert theirs["activity"]["coding"][0].keys() == {"system", "_code"}
    assert "0404509995" not in orjson.dumps(made).decode()
    r4.Bundle.model_validate(made)


def test_a_message_of_which_little_is_kept_is_answered_all_the_same() -> None:
    kept = replace(envelope(), body=b"", sending=Sending(), sender_gln=None, sender_endpoint=None)

    made = answer(Receipt(code=ReceiptCode.OK), kept)

    theirs, _ = provenances(made)
    assert theirs["occurredDateTime"] == "2026-11-20T12:00:00Z"
    assert made["entry"][0]["resource"]["destination"][0]["endpoint"] == f"https://sor2.sum.dsdn.dk/#id={HOSPITAL}"


def test_the_register_may_name_the_recipient() -> None:
    named = Correspondent(sor=SorCode(HOSPITAL), gln="5790000000111", name="Nordhavn Sygehus")

    made = answer(Receipt(code=ReceiptCode.OK), recipient=named)

    assert "Nordhavn Sygehus" in {each["resource"].get("name") for each in made["entry"]}


def test_a_repeated_answer_has_the_same_content_but_for_ids_and_times() -> None:
    first = answer(REFUSAL)
    again = answer(replace(REFUSAL, duplicate=True))

    assert first == again


@pytest.mark.parametrize("receipt", [Receipt(code=ReceiptCode.OK), REFUSAL, Receipt(code=ReceiptCode.TRANSIENT_ERROR)])
def test_what_is_sent_is_fhir_and_we_could_read_it_ourselves(receipt: Receipt) -> None:
    made = answer(receipt)

    r4.Bundle.model_validate(made)
    found = read_message(orjson.dumps(made), now=NOW)
    assert isinstance(found, ReceiptRead)
    assert (found.answers, found.code) == ("header-stin-1", receipt.code)
    assert found.broken == ()
    references = {made["entry"][0]["resource"]["sender"]["reference"]}
    assert references <= {each["fullUrl"].removeprefix("https://stafet.example/fhir/") for each in made["entry"]}
