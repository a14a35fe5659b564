"""One timeline over three sectors: what happened, who had the baton, what is agreed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

from discharge.clock import local
from discharge.conversation import Conversation
from discharge.directory import OrganizationKind
from discharge.documents.report import FiledReport
from discharge.documents.rulings import Ruling
from discharge.documents.standing import Standing, standings
from discharge.identifiers import MessageId, SorCode
from discharge.letter import LetterKind
from discharge.notices import Effect, EncounterClass, FiledNotice, NoticeKind, StayState
from discharge.stay import Stay
from discharge.story import kinds_told
from discharge.task import HandoverTask, TaskStatus
from notifications.outbound import DeliveryState
from services.persistence.views import TaskRecord, Timeline
from services.stays.conversation_view import NONE_LEFT, delivery_words
from services.stays.document_words import settled_words, standing_words, type_words
from services.web.cards import Reader, place_name
from services.web.dates import clock_time, day_short, moment
from services.web.patient_bar import municipality_of
from services.web.plan_words import cause_words, certainty_word, has_time, home_words
from services.web.presentation import short_name
from services.web.stay_words import notice_words, reason_words

__all__ = ["Day", "Lane", "TimelineEvent", "days_of", "lane_of", "lanes_of"]

_LANES: Final = {
    OrganizationKind.HOSPITAL: "h",
    OrganizationKind.WARD: "h",
    OrganizationKind.MUNICIPALITY: "k",
    OrganizationKind.UNIT: "k",
    OrganizationKind.GP: "p",
}
_LEAVES: Final = frozenset({NoticeKind.STOR, NoticeKind.SLOR})
_ENDS: Final = frozenset({NoticeKind.SLHJ, NoticeKind.MORS})
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One sector."""

    key: str
    word: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """One thing that happened or is agreed. Without a lane it is the line that says now."""

    at: datetime
    time: str = ""
    lane: str = ""
    lane_word: str = ""
    title: str = ""
    detail: str = ""
    holder: str = "h"
    pass_from: str = ""
    is_pass: bool = False
    is_late: bool = False
    is_planned: bool = False
    is_void: bool = False
    """True when it was taken back: it stands struck out."""
    is_now: bool = False

    @property
    def has(self) -> bool:
        """True when it happened where the baton was."""
        return self.lane == self.holder


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The events of one day, or all that is agreed."""

    word: str
    holder: str
    is_planned: bool
    events: tuple[TimelineEvent, ...]


def lanes_of(view: Timeline, reader: Reader) -> tuple[Lane, ...]:
    """The three sectors, with who plays them here."""
    t, directory, stay = reader.lang.text, reader.directory, view.context.stay
    municipality = municipality_of(stay, view.tasks, directory)
    return (
        Lane(key="h", word=t("Sygehus"), place=place_name(stay.ward, directory)),
        Lane(key="k", word=t("Kommune"), place=place_name(municipality, directory)),
        Lane(key="p", word=t("Egen læge"), place=place_name(view.context.gp, directory)),
    )


def days_of(
    view: Timeline,
    reader: Reader,
    threads: Sequence[Conversation] = (),
    departures: Mapping[MessageId, DeliveryState] = NONE_LEFT,
    filed: Sequence[FiledReport] = (),
    rulings: Sequence[Ruling] = (),
    medicine: Iterable[TimelineEvent] = (),
) -> tuple[Day, ...]:
    """Everything in order: the past by day, the line of now, then what is agreed."""
    t, lang, now = reader.lang.text, reader.lang, reader.now
    words = {lane.key: lane.word for lane in lanes_of(view, reader)}
    today = local(now).date()
    messages, reports = _message_events(threads, reader, departures), _document_events(filed, rulings, reader)
    # Of one instant, what was said of the medicine stands before the duty that it made.
    all_events = (*_stay_events(view, reader), *medicine, *_task_events(view, reader), *messages, *reports)
    events = sorted(all_events, key=lambda event: event.at)
    named = [replace(event, lane_word=words[event.lane]) for event in events]
    past = [replace(event, time=clock_time(event.at, lang)) for event in named if not event.is_planned]
    planned = [replace(event, time=_when(event.at, today, reader)) for event in named if event.is_planned]
    line = TimelineEvent(at=now, time=clock_time(now, lang), is_now=True)
    days = []
    holder = "h"
    for day, group in groupby([*past, line], key=_day_of):
        held = _held(group, holder)
        days.append(Day(word=_day(day, reader), holder=holder, is_planned=False, events=held))
        holder = held[-1].holder
    if planned:
        days.append(Day(word=t("Aftalt"), holder=holder, is_planned=True, events=_held(planned, holder)))
    return tuple(days)


def _held(events: Iterable[TimelineEvent], holder: str) -> tuple[TimelineEvent, ...]:
    """The events with the lane that the baton is in: it stays there until an event passes it on."""
    held = []
    for event in events:
        holder = event.lane if event.is_pass else holder
        held.append(replace(event, holder=holder))
    return tuple(held)


def _day_of(event: TimelineEvent) -> date:
    return local(event.at).date()


def _day(day: date, reader: Reader) -> str:
    said = day_short(day, reader.lang, today=local(reader.now).date())
    return said[:1].upper() + said[1:]


def _when(at: datetime, today: date, reader: Reader) -> str:
    day = local(at).date()
    clock = clock_time(at, reader.lang) if has_time(at) else "24.00" if reader.lang.is_danish else "24:00"
    if not has_time(at):
        day -= timedelta(days=1)
    if day == today:
        return clock
    weekday = day_short(day, reader.lang).replace("\N{NO-BREAK SPACE}", " ").split(" ")[0]
    return f"{weekday[:1].upper()}{weekday[1:]} {clock}"


def _stay_events(view: Timeline, reader: Reader) -> Iterator[TimelineEvent]:
    stay, t, lang, now = view.context.stay, reader.lang.text, reader.lang, reader.now
    held = [encounter for encounter in stay.encounters if not encounter.is_cancelled]
    for encounter in stay.encounters:
        acute = encounter.encounter_class is EncounterClass.EMERGENCY
        title, place = t("Akut ambulant") if acute else t("Indlagt"), place_name(encounter.ward, reader.directory)
        earlier = held[held.index(encounter) - 1] if encounter in held[1:] else None
        if earlier is not None and earlier.encounter_class is encounter.encounter_class:
            title = t("Flyttet, samme ophold")
        yield TimelineEvent(
            at=encounter.started_at,
            lane="h",
            title=title,
            detail=f"{t('Annulleret')} · {place}" if encounter.is_cancelled else place,
            is_void=encounter.is_cancelled,
        )
    yield from _notice_events(stay, reader)
    for version in view.context.plans:
        home = version.plan.expected_discharge_at
        said = (
            t("hjemdato ikke sat")
            if home is None
            else t("hjem {when}").format(when=_lowered(home_words(home, version.at, lang)))
        )
        detail, by = certainty_word(version.plan.certainty, lang), "" if version.by is None else version.by.name
        yield TimelineEvent(
            at=version.at,
            lane="h",
            title=t("Plan {n}: {home}").format(n=version.plan.version, home=said),
            detail=" · ".join(part for part in (detail, by, cause_words(version.plan.cause, lang)) if part),
        )
    after = "k" if stay.receiver is not None else "p"
    receiver = place_name(municipality_of(stay, view.tasks, reader.directory) or view.context.gp, reader.directory)
    if stay.state is StayState.DEAD and stay.died_at is not None:
        yield TimelineEvent(at=stay.died_at, lane="h", title=t("Død"), detail=t("Alle opgaver er lukket"))
    elif stay.ended_at is not None:
        title = t("Udskrevet. {place} har stafetten").format(place=receiver) if receiver else t("Udskrevet")
        yield TimelineEvent(
            at=stay.ended_at,
            lane=after,
            title=title,
            detail=view.context.override_reason or "",
            is_pass=True,
            pass_from="h",
            is_planned=stay.ended_at > now,
        )
    elif stay.plan.expected_discharge_at is not None and stay.plan.expected_discharge_at > now:
        yield TimelineEvent(
            at=stay.plan.expected_discharge_at,
            lane=after,
            title=t("Forventet hjem"),
            detail=certainty_word(stay.plan.certainty, lang),
            is_pass=True,
            pass_from="h",
            is_planned=True,
        )
    if stay.plan.first_visit_at is not None and stay.plan.first_visit_at > now:
        yield TimelineEvent(at=stay.plan.first_visit_at, lane="k", title=t("Første besøg"), is_planned=True)


def _notice_events(stay: Stay, reader: Reader) -> Iterator[TimelineEvent]:
    """Leave, what was taken back, what came out of order; and every correction, with what it changed beside it."""
    t, known, kinds = reader.lang.text, {notice.id: notice for notice in stay.notices}, kinds_told(stay.notices)
    ends = set()
    for notice in stay.notices:
        kind = kinds[notice.id]
        changes, is_void = kind.corrects or kind.cancels, notice.effect is Effect.CANCELLED
        is_unexpected = notice.effect is Effect.UNEXPECTED
        is_end = is_void and not changes and kind.base in _ENDS
        if is_end and (kind, notice.at) in ends:
            # A press and the notice that confirmed it tell of one end.
            continue
        if is_end:
            ends.add((kind, notice.at))
        is_leave = kind.base in _LEAVES and notice.by is None
        if not (changes or is_unexpected or is_end or is_leave):
            continue
        said = notice_words(kind, reader.lang)
        before = known.get(notice.about) if kind.corrects and notice.about is not None else None
        at = notice.received_at if changes or is_unexpected else notice.at
        yield TimelineEvent(
            at=at,
            lane="h",
            title=t("Uventet melding: {what}").format(what=_lowered(said)) if is_unexpected else said,
            detail=_notice_detail(notice, before, stay.ward, reader),
            is_void=is_void,
            is_planned=at > reader.now,
        )


def _notice_detail(notice: FiledNotice, before: FiledNotice | None, ward: SorCode, reader: Reader) -> str:
    """What became of a notice; else what it changed; else who told it."""
    t, lang = reader.lang.text, reader.lang
    told = {
        Effect.UNEXPECTED: t(
            "Den passer ikke med forløbet, så intet er ændret. Ring til afdelingen, hvis du er i tvivl"
        ),
        Effect.CANCELLED: t("Annulleret"),
        Effect.CORRECTED: t("Rettet senere"),
    }
    if notice.effect in told:
        return told[notice.effect]
    if before is not None and before.at != notice.at:
        same_day = local(before.at).date() == local(notice.at).date()
        was, now = (
            clock_time(each, lang) if same_day else moment(each, reader.now, lang) for each in (before.at, notice.at)
        )
        return t("Før {was}, nu {now}").format(was=was, now=now)
    place = place_name(notice.ward, reader.directory)
    if before is not None and before.ward != notice.ward:
        return t("Før {was}, nu {now}").format(was=place_name(before.ward, reader.directory), now=place)
    if notice.by is not None:
        return notice.by.name
    # The head of the lane names the ward already.
    return "" if notice.ward == ward else place


def _message_events(
    threads: Sequence[Conversation], reader: Reader, departures: Mapping[MessageId, DeliveryState]
) -> Iterator[TimelineEvent]:
    """Who wrote to whom; what they wrote stands in the thread."""
    t = reader.lang.text
    words = {
        LetterKind.NEW: t("Besked til {place}"),
        LetterKind.REPLY: t("Svar til {place}"),
        LetterKind.FORWARD: t("Sendt videre til {place}"),
        LetterKind.MODIFIED: t("Besked til {place} rettet"),
        LetterKind.RETRACTED: t("Besked til {place} trukket tilbage"),
    }
    for thread in threads:
        for message in thread.messages:
            letter, writer = message.letter, message.desk or message.letter.sender
            to = place_name(message.place or letter.recipient, reader.directory) or f"SOR {letter.recipient}"
            state = departures.get(letter.id)
            far = "" if state is None else delivery_words(state, reader.lang)
            yield TimelineEvent(
                at=letter.sent_at,
                lane=lane_of(writer, reader),
                title=words[letter.kind].format(place=to),
                detail=" · ".join(part for part in (place_name(writer, reader.directory), thread.topic, far) if part),
            )


def _document_events(
    filed: Sequence[FiledReport], rulings: Sequence[Ruling], reader: Reader
) -> Iterator[TimelineEvent]:
    """Reports as they came, with what each counts for now, and what the ward said of them."""
    found = standings(filed, rulings)
    for each in filed:
        words, _ = standing_words(found[each.id], reader.lang)
        is_void = found[each.id] in {Standing.WITHDRAWN, Standing.NOT_OURS}
        title = type_words(each.report, reader.lang)
        yield TimelineEvent(at=each.received_at, lane="h", title=title, detail=words, is_void=is_void)
    for ruling in rulings:
        title = settled_words(ruling.kind, reader.lang)
        yield TimelineEvent(at=ruling.at, lane="h", title=title, detail=ruling.by.name)


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def lane_of(owner: SorCode, reader: Reader) -> str:
    """The sector of a place."""
    found = reader.directory.get(owner)
    return "h" if found is None else _LANES.get(found.kind, "h")


def _task_events(view: Timeline, reader: Reader) -> Iterator[TimelineEvent]:
    for record in view.tasks:
        task = record.task
        title = reader.lang.of(task.title)
        for event in (*_past_of(task, title, reader), *_deadline_of(record, title, reader)):
            yield replace(event, lane=lane_of(task.owner, reader))


def _past_of(task: HandoverTask, title: str, reader: Reader) -> Iterator[TimelineEvent]:
    t, proofs = reader.lang.text, task.proofs
    who = place_name(task.owner, reader.directory)
    is_void = task.status is TaskStatus.CANCELLED
    yield TimelineEvent(at=task.created_at, title=title, detail=_sent_words(task, reader), is_void=is_void)
    rounds = (*(past.proofs for past in task.rounds), proofs)
    for taken in (found for found in rounds if found.accepted_at is not None and found.accepted_by is not None):
        assert taken.accepted_at is not None
        assert taken.accepted_by is not None
        span = _span(taken.accepted_at - taken.sent_at, reader)
        detail = t("{name} · efter {span}").format(name=taken.accepted_by.name, span=span)
        yield TimelineEvent(at=taken.accepted_at, title=t("Taget: {title}").format(title=title), detail=detail)
    if proofs.done_at is not None:
        early = task.status_reason if task.wait is not None and task.wait.is_on else None
        detail = " · ".join(word for word in (proofs.done_by and proofs.done_by.name, early) if word)
        yield TimelineEvent(at=proofs.done_at, title=t("Udført: {title}").format(title=title), detail=detail)
    closed = {
        TaskStatus.REJECTED: t("Afvist: {title}"),
        TaskStatus.CANCELLED: t("Trukket tilbage: {title}"),
        TaskStatus.FAILED: t("Opgivet efter fristen: {title}"),
    }
    if task.status in closed:
        detail = reason_words(task.status_reason, reader.lang) or who
        yield TimelineEvent(at=task.changed_at, title=closed[task.status].format(title=title), detail=detail)


def _sent_words(task: HandoverTask, reader: Reader) -> str:
    t, proofs = reader.lang.text, task.proofs
    if proofs.seen_at is not None:
        by = "" if proofs.seen_by is None else f" · {short_name(proofs.seen_by.name)}"
        return t("Set {at}").format(at=clock_time(proofs.seen_at, reader.lang)) + by
    if proofs.delivered_at is not None:
        words = t("Leveret {at}. Ikke set endnu") if task.is_open else t("Leveret {at}. Aldrig set")
        return words.format(at=clock_time(proofs.delivered_at, reader.lang))
    return t("Ikke leveret endnu") if task.is_open else t("Aldrig leveret")


def _deadline_of(record: TaskRecord, title: str, reader: Reader) -> Iterator[TimelineEvent]:
    """A deadline that was missed, or one that is still to come."""
    t, task, now = reader.lang.text, record.task, reader.now
    if task.due_at is None:
        return
    if task.is_open and task.due_at > now:
        yield TimelineEvent(at=task.due_at, title=t("Frist: {title}").format(title=_lowered(title)), is_planned=True)
    elif task.due_at < (task.proofs.done_at or now) and task.status not in {TaskStatus.CANCELLED, TaskStatus.REJECTED}:
        done = task.proofs.done_at
        detail = (
            t("Ikke udført endnu")
            if done is None
            else t("Udført {span} for sent").format(span=_span(done - task.due_at, reader))
        )
        yield TimelineEvent(
            at=task.due_at, title=t("Over tid: {title}").format(title=title), detail=detail, is_late=True
        )


def _span(span: timedelta, reader: Reader) -> str:
    t = reader.lang.text
    return t("{m} min").format(m=span // _MINUTE) if span < _HOUR else t("{h} t").format(h=span // _HOUR)
