"""Rules of Acknowledgement 2.0.3, for receipts that come in and for those that we send.

One that comes in is never answered, so what is wrong with it is written into the log and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fhir_mappings.elements import Element
from fhir_mappings.medcom.codes import KNOWN_ACTIVITIES
from fhir_mappings.medcom.message import Message, activity_of
from fhir_mappings.medcom.rule import Fault, rule

__all__ = ["RECEIPT_RULES"]

_PROVENANCES: Final = 2


@rule("acknowledgement-1", code="invariant", detail="MSG_RESOURCE_REQUIRED")
def refusal_says_why(message: Message) -> Iterator[Fault]:
    """A receipt that is not ok carries an OperationOutcome.

    Source: MedCom Acknowledgement 2.0.3, invariant medcom-acknowledgement-1.
    """
    response = message.header["response"]
    if response["code"].exists and response.text("code") != "ok" and not message.held_to("OperationOutcome"):
        yield Fault(response["details"], "The receipt does not say what was wrong.")


@rule("receipt-answers-a-message", code="required", detail="MSG_RESOURCE_REQUIRED")
def message_is_named(message: Message) -> Iterator[Fault]:
    """A receipt names the message that it answers.

    Source: MedCom Acknowledgement 2.0.3, MessageHeader.response.identifier 1..1.
    """
    response = message.header["response"]
    if response.exists and response.text("identifier") is None:
        yield Fault(response["identifier"], "The receipt does not say what it answers.")


@rule("receipt-activity-known", code="code-invalid", detail="MSG_VALUESET_VALUE_UNKNOWN", severity="warning")
def activities_are_known(message: Message) -> Iterator[Fault]:
    """The activity of every Provenance is one of MedCom's.

    Source: MedCom Messaging 2.1.0, Provenance.activity (required binding).
    """
    for provenance in message.provenances:
        code = activity_of(provenance)
        if code is not None and code not in KNOWN_ACTIVITIES:
            yield Fault(provenance["activity"], "The activity is none of MedCom's.")


@rule("receipt-two-provenances", code="invariant", detail="MSG_RESOURCE_REQUIRED", severity="warning")
def history_is_one_step(message: Message) -> Iterator[Fault]:
    """A receipt has two Provenances: its own, and the latest of the message that it answers.

    Source: MedCom Acknowledgement 2.0.3, use of Provenance.
    """
    if len(message.provenances) not in {0, _PROVENANCES}:
        place = Element("Bundle.entry.resource.ofType(Provenance)", None)
        yield Fault(place, "A receipt has two Provenances, its own and that of the message.")


RECEIPT_RULES: Final = (refusal_says_why, message_is_named, activities_are_known, history_is_one_step)
