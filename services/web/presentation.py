"""How facts are said: urgency, deadlines, the baton, dates, names. Pure, and the same in every page.

Wording follows ``docs/glossary.md``: a state is never called by a second word.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from discharge.clock import local
from discharge.task import HandoverTask, Person, Priority, Proof, TaskStatus
from services.persistence.views import PatientView, TaskRecord
from services.web.dates import at_time, brief, day_name, day_short, due_day, moment
from services.web.language import Language

__all__ = [
    "Baton",
    "Chip",
    "LargeProof",
    "Level",
    "baton",
    "chip",
    "chip_at",
    "initials",
    "large_proofs",
    "level_at",
    "level_of",
    "patient_name",
    "short_name",
    "sort_key",
    "word_of",
]

NBSP: Final = "\N{NO-BREAK SPACE}"
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_COUNTED: Final = timedelta(hours=12)
_NOW: Final = timedelta(minutes=5)
_SOON: Final = timedelta(minutes=30)


class Level(StrEnum):
    """How much a task presses. The values are the class names of the marks."""

    OVER = "over"
    NOW = "now"
    SOON = "soon"
    CALM = "calm"
    DONE = "done"

    @property
    def icon(self) -> str:
        """The shape, which says the same without colour."""
        return {"over": "octagon", "now": "triangle", "soon": "diamond", "calm": "circle", "done": "check"}[self.value]


_ORDER: Final = {level: place for place, level in enumerate(Level)}


def word_of(level: Level, lang: Language) -> str:
    """The word beside the shape."""
    t = lang.text
    return {
        Level.OVER: t("Over tid"),
        Level.NOW: t("Straks"),
        Level.SOON: t("Haster"),
        Level.CALM: t("Rolig"),
        Level.DONE: t("Udført"),
    }[level]


def level_of(record: TaskRecord, now: datetime) -> Level:
    """How much the task presses at ``now``; a closed task that was not done presses nobody."""
    task = record.task
    if task.status is TaskStatus.COMPLETED:
        return Level.DONE
    if not task.is_open:
        return Level.CALM
    # A priority presses until a person has taken it; from then on only time does.
    priority = task.priority if task.is_unanswered else Priority.ROUTINE
    return level_at(record.next_due, now, priority=priority, remind_at=record.remind_at)


def level_at(
    due_at: datetime | None,
    now: datetime,
    *,
    priority: Priority = Priority.ROUTINE,
    remind_at: datetime | None = None,
) -> Level:
    """How much something presses that falls due at ``due_at``."""
    left = None if due_at is None else due_at - now
    if left is not None and left < timedelta():
        return Level.OVER
    if priority in {Priority.STAT, Priority.ASAP} or (left is not None and left <= _NOW):
        return Level.NOW
    reminded = left is not None and (left <= _SOON if remind_at is None else remind_at <= now)
    return Level.SOON if priority is Priority.URGENT or reminded else Level.CALM


def sort_key(record: TaskRecord, now: datetime) -> tuple[int, bool, float, float]:
    """Level, then deadline (none last), then arrival."""
    due_at = record.next_due
    return (
        _ORDER[level_of(record, now)],
        due_at is None,
        0.0 if due_at is None else due_at.timestamp(),
        record.task.created_at.timestamp(),
    )


# ---- the deadline chip ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """``[shape] relative · absolute``. With ``due_at`` the page's script counts it on."""

    kind: str
    icon: str
    main: str
    rest: str = ""
    due_at: datetime | None = None
    flips_at: datetime | None = None
    """When its level changes next: the page asks for it again then."""


def chip(record: TaskRecord, now: datetime, lang: Language) -> Chip:
    """The chip of a task: the next thing that falls due, or that it is over."""
    task = record.task
    if task.status is TaskStatus.COMPLETED and task.proofs.done_at is not None:
        words = lang.text("udført {at}").format(at=moment(task.proofs.done_at, now, lang))
        return Chip(kind="done", icon="check", main=words)
    if not task.is_open:
        return Chip(kind="none", icon="circle", main=lang.text("ingen frist"))
    if task.status is TaskStatus.ON_HOLD:
        return Chip(kind="hold", icon="pause", main=lang.text("på pause"))
    return chip_at(record.next_due, now, lang, level_of(record, now), remind_at=record.remind_at)


def chip_at(
    due_at: datetime | None, now: datetime, lang: Language, level: Level, *, remind_at: datetime | None = None
) -> Chip:
    """The chip of an instant."""
    if due_at is None:
        return Chip(kind="none", icon="circle", main=lang.text("ingen frist"))
    kind, icon = ("", "clock") if level is Level.CALM else (level.value, level.icon)
    main, rest = _relative(due_at, now, lang)
    soon_at = due_at - _SOON if remind_at is None else remind_at
    flips = (at for at in (soon_at, due_at - _NOW, due_at) if at > now)
    return Chip(kind=kind, icon=icon, main=main, rest=rest, due_at=due_at, flips_at=min(flips, default=None))


def _relative(due_at: datetime, now: datetime, lang: Language) -> tuple[str, str]:
    t = lang.text
    day, at = due_day(due_at, lang)
    today = local(now).date()
    left = due_at - now
    if left < timedelta():
        span = t("{span} over tid").format(span=_late_span(-left, lang))
        return span, at if day == today else f"{day_short(day, lang, today=today)} {at}"
    if left < _HOUR or (left < _COUNTED and day == today):
        return t("om {span}").format(span=_span(left, lang)), at_time(at, lang)
    return day_name(day, today, lang), at_time(at, lang)


def _span(left: timedelta, lang: Language) -> str:
    hours, minutes = divmod(left // _MINUTE, 60)
    if hours:
        return lang.text("{h} t {m} min").format(h=hours, m=minutes).replace(" ", NBSP)
    return lang.text("{m} min").format(m=minutes).replace(" ", NBSP)


def _late_span(late: timedelta, lang: Language) -> str:
    if late < _HOUR:
        words = lang.text("{m} min").format(m=late // _MINUTE)
    elif late < _DAY:
        words = lang.text("{h} t").format(h=late // _HOUR)
    else:
        words = lang.choose(late // _DAY, "{n} dag", "{n} dage")
    return words.replace(" ", NBSP)


# ---- the baton ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Baton:
    """The small form: four cells, their name as one image, and the highest proof in words."""

    cells: tuple[str, str, str, str]
    name: str
    word: str
    rest: str

    @property
    def is_whole(self) -> bool:
        """True when all four are proven."""
        return all(cell == "on" for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeProof:
    """One ball of the large form."""

    state: str
    icon: str
    word: str
    rest: str


_FILLED: Final = {Proof.SENT: 0, Proof.DELIVERED: 1, Proof.SEEN: 2, Proof.ACCEPTED: 3, Proof.DONE: 4}
_ICONS: Final = ("tray", "eye", "person", "check")


def _states(record: TaskRecord, now: datetime) -> tuple[str, str, str, str]:
    filled = _FILLED[record.task.proofs.highest]
    waiting = "" if not record.task.is_open else "stuck" if level_of(record, now) is Level.OVER else "next"
    cells = ["on"] * filled + [waiting] * (filled < len(_ICONS)) + [""] * (len(_ICONS) - 1 - filled)
    one, two, three, four = cells
    return one, two, three, four


def _proof_words(lang: Language) -> tuple[str, str, str, str]:
    t = lang.text
    return t("leveret"), t("set"), t("taget"), t("udført")


def baton(record: TaskRecord, now: datetime, lang: Language, *, with_names: bool = False) -> Baton:
    """The small baton; ``with_names`` says who, as a card has room for."""
    cells = _states(record, now)
    word, rest = _highest(record.task, now, lang, with_names=with_names)
    return Baton(cells=cells, name=_name(cells, lang), word=word, rest=rest)


def _name(cells: tuple[str, str, str, str], lang: Language) -> str:
    t = lang.text
    words = _proof_words(lang)
    filled = cells.count("on")
    proven = ", ".join(words[:filled]) or t("ikke leveret endnu")
    name = t("{n} af 4: {proven}").format(n=filled, proven=proven)
    if "stuck" in cells:
        return name + ". " + t("Står stille: {word}").format(word=words[filled])
    return name + ". " + t("Næste: {word}").format(word=words[filled]) if "next" in cells else name


def _highest(task: HandoverTask, now: datetime, lang: Language, *, with_names: bool) -> tuple[str, str]:
    t, proofs = lang.text, task.proofs
    when = moment if with_names else brief
    closed = {
        TaskStatus.REJECTED: t("Afvist"),
        TaskStatus.CANCELLED: t("Trukket tilbage"),
        TaskStatus.FAILED: t("Opgivet efter fristen"),
    }
    if task.status in closed:
        return closed[task.status], when(task.changed_at, now, lang)
    if proofs.done_at is not None:
        return t("Udført"), _by(when(proofs.done_at, now, lang), proofs.done_by if with_names else None, lang)
    if proofs.accepted_at is not None:
        holder = (task.assignee or proofs.accepted_by) if with_names else None
        return t("Taget"), _by(when(proofs.accepted_at, now, lang), holder, lang)
    if proofs.seen_at is not None:
        who = _by(when(proofs.seen_at, now, lang), proofs.seen_by if with_names else None, lang)
        return t("Set"), f"{who}{_stop(who)} {t('Ingen har taget den')}" if with_names else who
    if proofs.delivered_at is not None:
        at = when(proofs.delivered_at, now, lang)
        return t("Leveret"), f"{at}. {t('Ikke set endnu')}" if with_names else at
    return t("Sendt"), t("{at}, ikke leveret").format(at=when(proofs.sent_at, now, lang))


def _stop(text: str) -> str:
    return "" if text.endswith(".") else "."


def _by(when: str, person: Person | None, lang: Language) -> str:
    return when if person is None else lang.text("{at} af {name}").format(at=when, name=short_name(person.name))


def large_proofs(record: TaskRecord, now: datetime, lang: Language, *, me: str | None) -> tuple[LargeProof, ...]:
    """The large baton; ``me`` is the id of the reader, who is called "dig"."""
    t, proofs = lang.text, record.task.proofs
    moments = (
        (proofs.delivered_at, None),
        (proofs.seen_at, proofs.seen_by),
        (proofs.accepted_at, record.task.assignee or proofs.accepted_by),
        (proofs.done_at, proofs.done_by),
    )
    large = []
    for state, icon, word, (at, person) in zip(_states(record, now), _ICONS, _proof_words(lang), moments, strict=True):
        if state == "on" and at is not None:
            who = "" if person is None else ", " + (t("dig") if person.id == me else short_name(person.name))
            rest = moment(at, now, lang) + who
        else:
            rest = t("mangler") if state == "stuck" else "" if state == "on" else t("ikke endnu")
        large.append(LargeProof(state=state, icon=icon, word=word.capitalize(), rest=rest))
    return tuple(large)


# ---- people ----


def short_name(name: str) -> str:
    """``Hanne P.``: the first name and the initial of the last."""
    parts = name.split()
    return name if len(parts) < 2 else f"{parts[0]} {parts[-1][0]}."  # noqa: PLR2004 - a first and a last name


def initials(name: str) -> str:
    """``HP``."""
    parts = name.split()
    return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper()


def patient_name(patient: PatientView) -> str:
    """The name as lists show it: initials alone when it is protected."""
    return ".".join(initials(patient.name)) + "." if patient.protected else patient.name
