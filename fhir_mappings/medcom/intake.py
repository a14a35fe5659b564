"""The one way in: a body becomes a notice, a refusal or somebody's receipt. Pure: no clock, no output."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from discharge.commands import Citizen, Envelope, Issue, Notice, ReceiptCode
from discharge.identifiers import CprNumber, MessageId
from discharge.letter import Letter
from fhir_mappings.bundles import envelope_of, open_message
from fhir_mappings.elements import Element
from fhir_mappings.medcom.care_reading import judge_letter
from fhir_mappings.medcom.codes import EventCode
from fhir_mappings.medcom.hospital_notification import judge
from fhir_mappings.medcom.message import Message, sending_of
from fhir_mappings.medcom.messaging_rules import event_supported
from fhir_mappings.medcom.receipts import receipt_issues
from fhir_mappings.medcom.rules import ACKNOWLEDGEMENT_RULES, findings
from fhir_mappings.medcom.structure import structure
from fhir_mappings.wire import Format, parse_resource

__all__ = ["LetterRead", "NoticeRead", "Read", "ReceiptRead", "Refused", "read_message"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRead:
    """A notification that can be acted on."""

    envelope: Envelope
    notice: Notice
    warnings: tuple[Issue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRead:
    """A care communication that can be acted on."""

    envelope: Envelope
    letter: Letter
    citizen: Citizen
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
    issues: tuple[Issue, ...] = ()
    """What it says was found."""
    broken: tuple[Issue, ...] = ()
    """Where it breaks rules itself: for the log, never for an answer."""


Read = NoticeRead | LetterRead | Refused | ReceiptRead


def read_message(body: bytes, *, now: datetime, media: Format | None = None) -> Read:
    """What the message in ``body`` says, judged at ``now``.

    Args:
        body: the message as it travelled.
        now: the instant to judge it at.
        media: what it was said to be; None: what it looks like.

    Raises:
        JsonTextError: the body is not JSON as we take it, or no Bundle.
        XmlTextError: the body is not XML as we take it, or no Bundle.
        NotAMessageError: the Bundle cannot be acknowledged.
        TooCostlyError: the Bundle has too many entries.
    """
    message = Message.of(open_message(parse_resource(body, expected="Bundle", media=media)), now=now)
    envelope = envelope_of(message.bundle, body=body, sending=sending_of(message.current))
    if envelope.event_code == EventCode.ACKNOWLEDGEMENT:
        return _receipt(message, envelope)
    unsupported = findings(message, (event_supported,))
    if unsupported:
        return Refused(envelope=envelope, issues=unsupported, cpr=message.cpr)
    if envelope.event_code == EventCode.CARE_COMMUNICATION:
        return _letter(message, envelope)
    judged = judge(message)
    if judged.notice is None:
        return Refused(envelope=envelope, issues=judged.issues, cpr=message.cpr)
    return NoticeRead(envelope=envelope, notice=judged.notice, warnings=judged.issues)


def _letter(message: Message, envelope: Envelope) -> Read:
    judged = judge_letter(message, envelope)
    if judged.letter is None or judged.citizen is None:
        return Refused(envelope=envelope, issues=judged.issues, cpr=message.cpr)
    return LetterRead(envelope=envelope, letter=judged.letter, citizen=judged.citizen, warnings=judged.issues)


def _receipt(message: Message, envelope: Envelope) -> ReceiptRead:
    response = message.header["response"]
    answers = response.text("identifier") or _followed(message.current)
    code = response.text("code")
    return ReceiptRead(
        envelope=envelope,
        answers=None if answers is None else MessageId(answers.rpartition("/")[2]),
        code=ReceiptCode(code) if code in set(ReceiptCode) else None,
        issues=receipt_issues(message.bundle),
        broken=(*findings(message, ACKNOWLEDGEMENT_RULES), *structure(message)),
    )


def _followed(own: Element | None) -> str | None:
    # Published receipts disagree with themselves; the Provenance is the second best witness.
    named = () if own is None else (entity["what"].text("reference") for entity in own.all("entity"))
    return next((each for each in named if each is not None), None)
