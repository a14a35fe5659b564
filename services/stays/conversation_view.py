"""A thread of care messages as its page and the lists show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from discharge.conversation import Conversation, MessageState, StoredFile, Turn
from discharge.directory import OrganizationKind
from discharge.identifiers import MessageId, SegmentId, SorCode
from discharge.letter import Attachment, Category, LetterKind, LetterPriority
from discharge.policy import WRITING_ROLES
from discharge.stay import Stay
from notifications.outbound import DeliveryState
from services.persistence.conversation_reads import ConversationPage, Listed
from services.web.cards import Reader, place_name
from services.web.dates import moment
from services.web.language import Language
from services.web.presentation import patient_name

__all__ = [
    "NONE_LEFT",
    "UNDELIVERED",
    "FileView",
    "ThreadLine",
    "ThreadView",
    "TurnView",
    "category_words",
    "delivery_words",
    "lines_of_threads",
    "listed_lines",
    "recipients_of",
    "thread_view",
]

NONE_LEFT: Final[Mapping[MessageId, DeliveryState]] = MappingProxyType({})
"""No message of the threads leaves for a system outside."""
UNDELIVERED: Final = frozenset({DeliveryState.IN_ERROR, DeliveryState.DISCARDED})
"""It will not arrive: somebody must call instead."""
_KIB: Final = 1024
_KINDS: Final = {
    "application/pdf": "PDF",
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadLine:
    """One thread in a list."""

    href: str
    heading: str
    category: str
    who: str
    at: str
    about: str = ""
    """Whom it is about, in a list of many."""
    is_urgent: bool = False
    is_undelivered: bool = False
    """True when the latest message did not arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """One file of a thread."""

    title: str
    kind: str
    href: str = ""
    """Empty: only its name came."""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnView:
    """What one person wrote at one time."""

    key: str
    at: str
    place: str
    author: str
    phone: str
    texts: tuple[str, ...]
    files: tuple[FileView, ...]
    note: str = ""
    """What kind of message it is, unless it is an ordinary one."""
    answers: str = ""
    delivery: str = ""
    """How far it came, when it left for a system outside."""
    is_delivered: bool = False
    is_undelivered: bool = False
    is_ours: bool = False
    is_struck: bool = False
    is_carried: bool = False
    older: tuple[TurnView, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadView:
    """Everything that ``stays/conversation.html`` shows of a thread."""

    id: str
    heading: str
    category: str
    turns: tuple[TurnView, ...]
    is_urgent: bool
    may_reply: bool
    may_forward: bool
    answered: MessageId
    """The message that an answer is to."""
    answered_words: str
    name: str
    age: int
    cpr: str


def category_words(lang: Language) -> dict[Category, str]:
    """What each category is called, in the order in which a discharge needs them."""
    t = lang.text
    return {
        Category.DISCHARGE: t("Udskrivelse"),
        Category.MEDICINE: t("Medicin"),
        Category.NURSING: t("Sygepleje"),
        Category.ASSISTIVE_DEVICES: t("Hjælpemidler"),
        Category.HOME_CARE_ASSESSMENT: t("Visitation"),
        Category.TRAINING: t("Træning"),
        Category.CARE_COORDINATION: t("Forløbskoordinering"),
        Category.EXTENDED_CARE_RESPONSIBILITY: t("Udvidet behandlingsansvar"),
        Category.ACUTE_AMBULANT: t("Akut ambulant"),
        Category.EXAMINATION_RESULTS: t("Undersøgelsessvar"),
        Category.OUTPATIENT: t("Ambulant"),
        Category.HEALTHCARE: t("Sundhedspleje"),
        Category.TELEMEDICINE: t("Telemedicin"),
        Category.PSYCHIATRY: t("Psykiatri, social, handicap"),
        Category.ALCOHOL_AND_DRUGS: t("Rusmiddelbehandling"),
        Category.REGARDING_REFERRAL: t("Vedr. henvisning"),
        Category.DECEASE: t("Dødsfald"),
        Category.OTHER: t("Andet"),
    }


def lines_of_threads(
    found: Sequence[Conversation],
    reader: Reader,
    stay_id: str,
    departures: Mapping[MessageId, DeliveryState] = NONE_LEFT,
) -> tuple[ThreadLine, ...]:
    """The threads of one stay as short lines, the latest first."""
    return tuple(_line(each, reader, f"/stays/{stay_id}/conversations/{each.id}", departures) for each in found)


def listed_lines(
    found: Sequence[Listed], reader: Reader, departures: Mapping[MessageId, DeliveryState] = NONE_LEFT
) -> tuple[ThreadLine, ...]:
    """The threads of a place as short lines with whom each is about."""
    return tuple(
        _line(each.conversation, reader, _address(each.conversation), departures, about=patient_name(each.patient))
        for each in found
    )


def _address(conversation: Conversation) -> str:
    if conversation.stay_id is None:
        return f"/conversations/{conversation.id}"
    return f"/stays/{conversation.stay_id}/conversations/{conversation.id}"


def _line(
    conversation: Conversation,
    reader: Reader,
    href: str,
    departures: Mapping[MessageId, DeliveryState],
    about: str = "",
) -> ThreadLine:
    latest, t = conversation.latest, reader.lang.text
    category = category_words(reader.lang)[conversation.category]
    writer = latest.desk or latest.letter.sender
    return ThreadLine(
        href=href,
        heading=conversation.topic or category,
        category=category if conversation.topic else "",
        who=t("I skrev sidst") if writer in _ours(reader) else t("Fra {place}").format(place=_place(writer, reader)),
        at=moment(latest.letter.sent_at, reader.now, reader.lang),
        about=about,
        is_urgent=latest.letter.priority is LetterPriority.ASAP,
        is_undelivered=departures.get(latest.letter.id) in UNDELIVERED,
    )


def _ours(reader: Reader) -> set[SorCode]:
    """The reader's place, what is below it and what it is part of."""
    return {*reader.scope, *reader.directory.lineage(reader.caller.acting)}


def _place(sor: SorCode | None, reader: Reader) -> str:
    """The name in the register, else the code: who wrote must never be unsaid."""
    if sor is None:
        return reader.lang.text("Afsender ikke oplyst")
    return place_name(sor, reader.directory) or f"SOR {sor}"


def thread_view(page: ConversationPage, reader: Reader) -> ThreadView:
    """The thread for one reader."""
    conversation, caller = page.conversation, reader.caller
    latest = conversation.latest
    category = category_words(reader.lang)[conversation.category]
    ours = _ours(reader)
    takes_part = bool(ours & {latest.letter.sender, latest.letter.recipient, latest.place, latest.desk})
    writes = caller.role in WRITING_ROLES
    stands = conversation.state_of(latest) is MessageState.VALID
    return ThreadView(
        id=conversation.id,
        heading=conversation.topic or category,
        category=category if conversation.topic else "",
        turns=tuple(_turn(turn, page, reader, ours) for turn in conversation.turns),
        is_urgent=latest.letter.priority is LetterPriority.ASAP,
        may_reply=writes and takes_part and stands,
        may_forward=writes and stands,
        answered=latest.letter.id,
        answered_words=_answered(conversation, reader, ours),
        name=patient_name(page.patient),
        age=page.patient.age,
        cpr=page.patient.cpr_masked,
    )


def _answered(conversation: Conversation, reader: Reader, ours: set[SorCode]) -> str:
    """To whom an answer goes."""
    letter, place = conversation.latest.letter, conversation.latest.place
    is_from_us = letter.sender in ours and not {letter.recipient, place} & ours
    to = letter.recipient if is_from_us else letter.sender
    return reader.lang.text("Til {place}").format(place=_place(to, reader))


def _turn(turn: Turn, page: ConversationPage, reader: Reader, ours: set[SorCode]) -> TurnView:
    conversation = page.conversation
    first = next(iter((*turn.texts, *turn.files)), None)
    author = None if first is None else first.author
    message = turn.message
    said = "" if author is None else " · ".join(part for part in (author.name, author.title) if part)
    origin = turn.organization if message is None or message.desk is None else message.desk
    stored = conversation.files
    state = None if message is None else page.departures.get(message.letter.id)
    return TurnView(
        key=message.id if message is not None else str(first.id).rpartition(":")[2] if first is not None else "",
        at=moment(turn.at, reader.now, reader.lang),
        place=_place(origin, reader),
        author=said,
        phone="" if first is None else first.phone or "",
        texts=tuple(segment.text for segment in turn.texts),
        files=tuple(_file(file, stored, conversation, reader.lang) for file in turn.files),
        note=_note(turn, reader.lang),
        answers=_answers(turn, conversation, reader),
        delivery="" if state is None else delivery_words(state, reader.lang),
        is_delivered=state is DeliveryState.ACKNOWLEDGED,
        is_undelivered=state in UNDELIVERED,
        is_ours=origin in ours,
        is_struck=turn.state is not MessageState.VALID,
        is_carried=message is None,
        older=tuple(_turn(each, page, reader, ours) for each in turn.older),
    )


def delivery_words(state: DeliveryState, lang: Language) -> str:
    """How far a message came that left for a system outside, and what to do when it will not arrive."""
    t = lang.text
    if state in UNDELIVERED:
        return t("Ikke leveret. Ring til modtageren")
    return (
        t("Leveret til modtagerens system") if state is DeliveryState.ACKNOWLEDGED else t("Sendt, ikke leveret endnu")
    )


def _note(turn: Turn, lang: Language) -> str:
    t = lang.text
    if turn.state is MessageState.RETRACTED:
        return t("Trukket tilbage af afsenderen")
    if turn.state is MessageState.REPLACED:
        return t("Rettet: gælder ikke længere")
    if turn.message is None:
        return t("Kendt fra en senere besked")
    return {
        LetterKind.NEW: "",
        LetterKind.REPLY: "",
        LetterKind.FORWARD: t("Videresendt"),
        LetterKind.MODIFIED: t("Rettet besked"),
        LetterKind.RETRACTED: t("Trækker en besked tilbage"),
    }[turn.message.letter.kind]


def _answers(turn: Turn, conversation: Conversation, reader: Reader) -> str:
    """Which message it answers; said only where it is not the one above."""
    answered = None if turn.answers is None else conversation.find(turn.answers)
    if answered is None:
        return ""
    return reader.lang.text("Svar på beskeden fra {place}, {at}").format(
        place=_place(answered.desk or answered.letter.sender, reader),
        at=moment(answered.letter.sent_at, reader.now, reader.lang),
    )


def _file(
    file: Attachment, stored: dict[SegmentId, StoredFile], conversation: Conversation, lang: Language
) -> FileView:
    there = stored.get(file.id)
    kind = _KINDS.get(file.media_type or "", "")
    if there is None:
        return FileView(title=file.title, kind=kind, link=file.link or "")
    size = _size(there.size, lang)
    return FileView(
        title=file.title,
        kind=f"{kind} {size}".strip(),
        href=f"/conversations/{conversation.id}/attachments/{there.id}",
    )


def _size(count: int, lang: Language) -> str:
    if count < _KIB * _KIB:
        return f"{max(1, round(count / _KIB))} kB"
    text = f"{count / _KIB / _KIB:.1f} MB"
    return text.replace(".", ",") if lang.is_danish else text


def recipients_of(stay: Stay | None, others: Iterable[SorCode | None], reader: Reader) -> dict[str, str]:
    """Who can be written to about a citizen: the ward, the municipality, and ``others``; never one's own place."""
    ours = _ours(reader)
    found = dict.fromkeys([*(() if stay is None else (stay.ward, stay.receiver)), *others])
    return {
        str(sor): place_name(sor, reader.directory)
        for sor in found
        if sor is not None
        and sor not in ours
        and (place := reader.directory.get(sor)) is not None
        and place.kind is not OrganizationKind.REGION
    }
