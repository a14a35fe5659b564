"""The one way in: a body becomes a notice, a refusal or somebody's receipt. Pure: no clock, no output."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from discharge.commands import Envelope, Issue, Notice, ReceiptCode
from discharge.identifiers import CprNumber, MessageId
from fhir_mappings.bundles import MessageBundle, envelope_of, open_message
from fhir_mappings.json_text import parse_object
from fhir_mappings.medcom.codes import EventCode
from fhir_mappings.medcom.hospital_notification import judge
from fhir_mappings.medcom.message import Message, current_provenance
from fhir_mappings.medcom.messaging_rules import event_supported
from fhir_mappings.medcom.rules import findings

__all__ = ["NoticeRead", "Read", "ReceiptRead", "Refused", "read_message"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRead:
    """A notification that can be acted on."""

    envelope: Envelope
    notice: Notice
    warnings: tuple[Issue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A message to be answered ``fatal-error``: the findings say why, errors and warnings alike."""

    envelope: Envelope
    issues: tuple[Issue, ...]
    cpr: CprNumber | None
    """The patient's number where it could be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRead:
    """Somebody's Acknowledgement of one of our messages. It is never acknowledged in turn."""

    envelope: Envelope
    answers: MessageId | None
    """The MessageHeader.id it answers; None when it names none."""
    code: ReceiptCode | None
    """None when it is none of the three codes."""


Read = NoticeRead | Refused | ReceiptRead


def read_message(body: bytes, *, now: datetime) -> Read:
    """What the message in ``body`` says, judged at ``now``.

    Raises:
        JsonTextError: the body is not JSON as we take it, or no Bundle.
        NotAMessageError: the Bundle cannot be acknowledged.
        TooCostlyError: the Bundle has too many entries.
    """
    bundle = open_message(parse_object(body, expected="Bundle"))
    envelope = envelope_of(bundle, body=body)
    if envelope.event_code == EventCode.ACKNOWLEDGEMENT:
        return _receipt(bundle, envelope)
    message = Message.of(bundle, now=now)
    unsupported = findings(message, (event_supported,))
    if unsupported:
        return Refused(envelope=envelope, issues=unsupported, cpr=message.cpr)
    judged = judge(message)
    if judged.notice is None:
        return Refused(envelope=envelope, issues=judged.issues, cpr=message.cpr)
    return NoticeRead(envelope=envelope, notice=judged.notice, warnings=judged.issues)


def _receipt(bundle: MessageBundle, envelope: Envelope) -> ReceiptRead:
    response = bundle.header["response"]
    answers = response.text("identifier") or _followed(bundle)
    code = response.text("code")
    return ReceiptRead(
        envelope=envelope,
        answers=None if answers is None else MessageId(answers.rpartition("/")[2]),
        code=ReceiptCode(code) if code in set(ReceiptCode) else None,
    )


def _followed(bundle: MessageBundle) -> str | None:
    # Published receipts disagree with themselves; the Provenance is the second best witness.
    own = current_provenance(bundle)
    named = () if own is None else (entity["what"].text("reference") for entity in own.all("entity"))
    return next((each for each in named if each is not None), None)
