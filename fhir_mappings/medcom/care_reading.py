"""CareCommunication -> Letter, or what keeps it from being one.

Not carried over: narrative, names of organisations (the register has them), whether the patient is
dead (only a notice says so), and what the profiles leave open.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from discharge.commands import Citizen, Envelope, Issue
from discharge.identifiers import CprNumber, EpisodeOfCareId, MessageId, SegmentId, SorCode, ThreadId
from discharge.letter import (
    Attachment,
    Author,
    Category,
    Contact,
    Letter,
    LetterKind,
    LetterPriority,
    Segment,
    Step,
    TextSegment,
    media_type_of,
)
from fhir_mappings.bundles import sor_of
from fhir_mappings.elements import Element
from fhir_mappings.medcom.care_codes import CONTACT, SEGMENT_AT, SEGMENT_ID, SENDER_CONTACT, title_of
from fhir_mappings.medcom.care_parts import (
    author_of,
    communication_of,
    encounter_of,
    numbers,
    payloads,
    practitioner_of,
)
from fhir_mappings.medcom.care_segment_rules import content_of
from fhir_mappings.medcom.message import Message, activity_of, instant_of
from fhir_mappings.medcom.rules import CARE_RULES, findings
from fhir_mappings.medcom.structure import structure

__all__ = ["JudgedLetter", "judge_letter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedLetter:
    """What a care communication says; no letter when a finding is an error."""

    letter: Letter | None
    citizen: Citizen | None
    issues: tuple[Issue, ...]


def judge_letter(message: Message, envelope: Envelope) -> JudgedLetter:
    """The letter that ``message`` holds, with warnings; or the findings that refuse it."""
    found = findings(message, CARE_RULES)
    named = {issue.expression for issue in found}
    # A rule says more than the model does about the same place.
    shape = tuple(issue for issue in structure(message) if issue.expression not in named)
    issues = (*found, *shape)
    if any(issue.severity == "error" for issue in issues):
        return JudgedLetter(letter=None, citizen=None, issues=issues)
    return JudgedLetter(letter=_letter(message, envelope), citizen=_citizen(message), issues=issues)


def _letter(message: Message, envelope: Envelope) -> Letter:
    communication = communication_of(message)
    # The rules have made sure of it; the type checker cannot know.
    assert envelope.receiver is not None
    identifiers = communication.all("identifier")
    thread = identifiers[0].text("value") if identifiers else None
    recipients = communication.all("recipient")
    priority = communication.text("priority")
    return Letter(
        id=envelope.message_id,
        thread=None if thread is None else ThreadId(thread),
        sender=envelope.sender,
        recipient=envelope.receiver,
        category=Category(communication.all("category")[0].all("coding")[0].text("code") or ""),
        topic=_words(communication["topic"].text("text")),
        priority=None if priority is None else LetterPriority(priority),
        sender_contact=_contact(message, communication.extension(SENDER_CONTACT)["valueReference"]),
        recipient_contact=_contact(message, recipients[0]) if recipients else None,
        episodes=_episodes(message),
        segments=_segments(message),
        history=_history(message),
    )


def _words(text: str | None) -> str | None:
    return None if text is None else unicodedata.normalize("NFC", text)


def _citizen(message: Message) -> Citizen:
    # The rules have made sure of the one or the other.
    number = message.cpr or CprNumber.parse_replacement(next(numbers(message)).string or "")
    names = message.patient.all("name")
    name = next((each for each in names if each.text("use") == "official"), names[0])
    given = (_words(each.string) for each in name.all("given"))
    return Citizen(number=number, family=_words(name.text("family")), given=tuple(each for each in given if each))


def _episodes(message: Message) -> tuple[EpisodeOfCareId, ...]:
    encounter = encounter_of(message)
    identifiers = () if encounter is None else [each["identifier"] for each in encounter.all("episodeOfCare")]
    return tuple(
        EpisodeOfCareId(identifier.text("system") or "", value)
        for identifier in identifiers
        if (value := identifier.text("value")) is not None
    )


def _segments(message: Message) -> tuple[Segment, ...]:
    """The oldest first, of one time in the order of the message: texts before files."""
    found = [_segment(message, payload) for payload in payloads(message)]
    return tuple(sorted(found, key=lambda segment: segment.at))


def _segment(message: Message, payload: Element) -> Segment:
    at = instant_of(payload.extension(SEGMENT_AT)["valueDateTime"])
    assert at is not None, "the rules have read it"
    identifier = payload.extension(SEGMENT_ID)["valueIdentifier"]
    segment_id = SegmentId(identifier.text("value") or "")
    organization = sor_of(message.bundle.resolve(identifier["assigner"]))
    author = _author(message, payload)
    phone = payload.extension(CONTACT)["valueContactPoint"].text("value")
    text, attachment = payload.text("contentString"), payload["contentAttachment"]
    content = content_of(attachment)
    if text is not None:
        return TextSegment(
            id=segment_id,
            at=at,
            organization=organization,
            author=author,
            phone=phone,
            text=unicodedata.normalize("NFC", text),
        )
    return Attachment(
        id=segment_id,
        at=at,
        organization=organization,
        author=author,
        phone=phone,
        title=_words(attachment.text("title")) or "",
        media_type=attachment.text("contentType") if content is None else media_type_of(content),
        content=content,
        link=attachment.text("url"),
        created_at=instant_of(attachment["creation"]),
    )


def _author(message: Message, payload: Element) -> Author | None:
    role = author_of(message, payload)
    if role is None:
        return None
    title, code = _title(role)
    return Author(name=_name(message, role), title=title, code=code)


def _title(role: Element) -> tuple[str, str | None]:
    for concept in role.all("code"):
        for coding in concept.all("coding"):
            code = coding.text("code")
            if code is not None:
                return coding.text("display") or title_of(code), f"{coding.text('system') or ''}|{code}"
        if (said := concept.text("text")) is not None:
            return unicodedata.normalize("NFC", said), None
    return "-", None


def _name(message: Message, role: Element) -> str:
    practitioner = practitioner_of(message, role)
    assert practitioner is not None, "the rules have read the author's name"
    name = practitioner.all("name")[0]
    parts = [*(each.string for each in name.all("given")), name.text("family")]
    said = " ".join(part.strip() for part in parts if part) or name.text("text") or "-"
    return unicodedata.normalize("NFC", said)


def _contact(message: Message, reference: Element) -> Contact | None:
    found = message.bundle.resolve(reference)
    if found is None:
        return None
    if found.text("resourceType") == "CareTeam":
        return Contact(name=_words(found.text("name")) or "")
    title, code = _title(found)
    return Contact(name=_name(message, found), title=title, code=code)


def _history(message: Message) -> tuple[Step, ...]:
    """Every sending the message tells of, by time, its own last whatever the clocks say."""
    steps: dict[MessageId, Step] = {}
    for provenance in message.provenances:
        step = _step(message, provenance)
        steps.setdefault(step.message_id, step)
    assert message.current is not None, "the rules have found it"
    own = _step(message, message.current)
    earlier = [step for step in steps.values() if step.message_id != own.message_id]
    return (*sorted(earlier, key=lambda step: step.at), own)


def _step(message: Message, provenance: Element) -> Step:
    target = provenance.all("target")[0].text("reference") or ""
    at = instant_of(provenance["occurredDateTime"])
    assert at is not None, "the rules have read it"
    entities = provenance.all("entity")
    who = next((each["who"] for each in provenance.all("agent")), None)
    return Step(
        message_id=MessageId(target.rpartition("/")[2]),
        kind=LetterKind(activity_of(provenance) or ""),
        at=at,
        organization=None if who is None else _actor(message, who),
        segments=tuple(
            SegmentId(value)
            for each in entities
            if each.text("role") == "source" and (value := each["what"]["identifier"].text("value")) is not None
        ),
        follows=_named(entities, "revision"),
        removes=_named(entities, "removal"),
        foreign=next((v for each in entities if (v := _foreign(each)) is not None), None),
    )


def _actor(message: Message, who: Element) -> SorCode | None:
    """Who sent a step: the organisation that is sent along, else the SOR code that stands in its place."""
    found = message.bundle.resolve(who)
    return sor_of(found or Element("Organization", {"identifier": [who["identifier"].value]}))


def _named(entities: tuple[Element, ...], role: str) -> MessageId | None:
    for each in entities:
        reference = each["what"].text("reference")
        if each.text("role") == role and reference is not None:
            return MessageId(reference.rpartition("/")[2])
    return None


def _foreign(entity: Element) -> str | None:
    return entity["what"]["identifier"].text("value") if entity.text("role") == "revision" else None
