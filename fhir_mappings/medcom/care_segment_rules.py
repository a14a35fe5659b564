"""Rules of CareCommunication 3 to 5 about texts and attachments."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from discharge.letter import MEDIA_TYPES, media_type_of
from fhir_mappings.elements import Element
from fhir_mappings.instants import EARLIEST
from fhir_mappings.medcom.care_codes import SEGMENT_AT, SEGMENT_ID
from fhir_mappings.medcom.care_communication_rules import URN_UUID
from fhir_mappings.medcom.care_parts import files, segments
from fhir_mappings.medcom.message import Message, instant_of
from fhir_mappings.medcom.rule import Fault, rule

__all__ = ["CARE_SEGMENT_RULES", "content_of"]

_AHEAD: Final = timedelta(hours=24)
_SPACE: Final = re.compile(r"[ \t\r\n]+", re.ASCII)


def content_of(attachment: Element) -> bytes | None:
    """The content of an Attachment; None when it has none or it cannot be read.

    Source: FHIR R4, data type base64Binary: white space inside is allowed and means nothing.
    """
    data = attachment.text("data")
    if data is None:
        return None
    try:
        return base64.b64decode(_SPACE.sub("", data), validate=True)
    except ValueError:
        return None


@rule("stafet-segment-id", code="required", detail="MSG_Datatype_Wrong")
def segments_have_ids(message: Message) -> Iterator[Fault]:
    """Every text and attachment has an identifier, a ``urn:uuid:``, and says which organisation gave it.

    Source: MedCom CareCommunication 5.0.2, payload.extension:identifier 1..1; MedCom Core 3.0.1,
    medcom-assigned-identifier, invariant medcom-uuidv4, Identifier.assigner 1..1.
    """
    for payload in segments(message):
        identifier = payload.extension(SEGMENT_ID)["valueIdentifier"]
        if URN_UUID.fullmatch(identifier.text("value") or "") is None:
            yield Fault(identifier["value"], "A text or attachment needs an identifier: urn:uuid: and a UUID.")
        if identifier["assigner"].text("reference") is None:
            yield Fault(identifier["assigner"], "The identifier does not say which organisation gave it.")


@rule("stafet-segment-unique", code="invariant", detail="MSG_DUPLICATE_ID")
def segments_are_unique(message: Message) -> Iterator[Fault]:
    """No two texts or attachments of a message bear the same identifier.

    Source: MedCom Core 3.0.1, medcom-core-identifier-extension: it identifies one segment of a thread.
    """
    seen: set[str] = set()
    for payload in segments(message):
        place = payload.extension(SEGMENT_ID)["valueIdentifier"]["value"]
        if place.string in seen:
            yield Fault(place, "Another text or attachment of the message has the same identifier.")
        seen.add(place.string or "")


@rule("stafet-segment-time", code="required", detail="MSG_DATE_FORMAT")
def segments_have_times(message: Message) -> Iterator[Fault]:
    """Every text and attachment says when it was sent, with date, seconds and zone.

    Source: MedCom CareCommunication 5.0.2, payload.extension:date 1..1; MedCom Messaging 4.0.2, times in messages.
    """
    for payload in segments(message):
        place = payload.extension(SEGMENT_AT)["valueDateTime"]
        if instant_of(place) is None:
            yield Fault(place, "A text or attachment needs the time of sending, with date, seconds and zone.")


@rule("stafet-segment-time-plausible", code="business-rule")
def segment_times_are_plausible(message: Message) -> Iterator[Fault]:
    """No text was sent before 1900 or more than 24 hours ahead.

    Source: ours, as of all times in messages (``stafet-time-plausible``).
    """
    for payload in segments(message):
        place = payload.extension(SEGMENT_AT)["valueDateTime"]
        at = instant_of(place)
        if at is not None and not EARLIEST <= at <= message.now + _AHEAD:
            yield Fault(place, "The time lies too far ahead or too far back. Check the sending system's clock.")


@rule("stafet-attachment-title", code="required")
def attachments_have_titles(message: Message) -> Iterator[Fault]:
    """Every attachment has a title.

    Source: MedCom CareCommunication 5.0.2, payload:attachment.contentAttachment.title 1..1.
    """
    for attachment in _attachments(message):
        if attachment.text("title") is None:
            yield Fault(attachment["title"], "The attachment has no title.")


@rule("stafet-attachment-type", code="code-invalid", detail="MSG_VALUESET_VALUE_UNKNOWN")
def attachment_types_are_known(message: Message) -> Iterator[Fault]:
    """An attachment is a PDF or a picture: png, jpeg, gif, tiff or bmp; its type goes with its content.

    Source: MedCom Terminology 2.0.2, ValueSet medcom-core-attachmentMimeTypes (required binding); FHIR R4,
    Attachment, invariant att-1.
    """
    for attachment in _attachments(message):
        place = attachment["contentType"]
        if place.exists and place.string not in MEDIA_TYPES:
            yield Fault(place, "Only pdf, png, jpeg, gif, tiff and bmp may be attached.")
        elif attachment["data"].exists and not place.exists:
            yield Fault(place, "The content has no type.")


@rule("stafet-attachment-content", code="value", detail="MSG_Datatype_Wrong")
def attachments_are_what_they_say(message: Message) -> Iterator[Fault]:
    """The content of an attachment is readable, and begins as one of the types that may be attached.

    Source: ours: OWASP ASVS 5.0.0, 5.2.2; FHIR R4, data type base64Binary.
    """
    for attachment in _attachments(message):
        place = attachment["data"]
        if not place.exists:
            continue
        content = content_of(attachment)
        if content is None:
            yield Fault(place, "The content is not base64.")
        elif media_type_of(content) is None:
            yield Fault(place, "The content is neither a pdf nor a png, jpeg, gif, tiff or bmp picture.")


@rule("stafet-attachment-named-type", code="value", detail="MSG_Datatype_Wrong", severity="warning")
def attachments_are_named_what_they_are(message: Message) -> Iterator[Fault]:
    """The content is of the very type that it is sent as.

    Published messages break this: a warning. What the content shows counts.
    Source: ours: OWASP ASVS 5.0.0, 5.2.2.
    """
    for attachment in _attachments(message):
        content, place = content_of(attachment), attachment["contentType"]
        shown = None if content is None else media_type_of(content)
        if shown is not None and place.string in MEDIA_TYPES and place.string != shown:
            yield Fault(place, "The content is of another type. What it shows counts.")


@rule("stafet-attachment-one-content", code="invariant", detail="MSG_PARAM_INVALID", severity="warning")
def attachments_have_one_content(message: Message) -> Iterator[Fault]:
    """An attachment has its content, or an address in place of it, not both; the content counts.

    Source: MedCom CareCommunication 5.0.2, payload:attachment.contentAttachment.data and .url.
    """
    for attachment in _attachments(message):
        if attachment["data"].exists and attachment["url"].exists:
            yield Fault(attachment["url"], "The attachment has both a content and an address. The content counts.")


def _attachments(message: Message) -> Iterator[Element]:
    return (payload["contentAttachment"] for payload in files(message))


CARE_SEGMENT_RULES: Final = (
    segments_have_ids,
    segments_are_unique,
    segments_have_times,
    segment_times_are_plausible,
    attachments_have_titles,
    attachment_types_are_known,
    attachments_are_what_they_say,
    attachments_are_named_what_they_are,
    attachments_have_one_content,
)
