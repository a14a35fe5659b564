"""What must be in place before a patient goes home, as a list that the board and the plan share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from discharge.clock import local
from discharge.identifiers import StayId
from discharge.plan import DischargePlan, Need
from discharge.stay import Stay
from discharge.task import HandoverTask, Priority
from services.persistence.views import TaskRecord
from services.web.cards import Reader
from services.web.dates import day_short
from services.web.language import Language
from services.web.plan_words import home_words, need_words

__all__ = ["Item", "is_weekend", "own_tasks", "ready_items", "task_word"]

_SATURDAY: Final = 6
_RECONCILE: Final = "reconcile-at-discharge"
_MEDICINE: Final = frozenset({Need.HOME_NURSING, Need.DOSE_DISPENSING})
_QUESTIONS: Final = frozenset({"answer-medicine-question", "answer-72-hour-medicine-question"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing on the list: two words for the board, a sentence for the plan, and where to mend it."""

    word: str
    sentence: str
    why: str
    is_done: bool
    href: str
    action: str
    is_urgent: bool = False
    """Comes before the others: the board has room for a few."""
    about: str = ""
    """What the word is about; with it, the board leads straight there."""


def is_weekend(instant: datetime) -> bool:
    """True on a Danish Saturday or Sunday."""
    return local(instant).isoweekday() >= _SATURDAY


def task_word(code: str, lang: Language) -> str:
    """A duty in two words at most, as the board has room for; its full title stands on its page."""
    t = lang.text
    return {
        "send-admission-report": t("Indlæggelsesrapport"),
        "pause-services": t("Pause ydelser"),
        "resume-services": t("Start ydelser"),
        "send-discharge-report": t("Rapport"),
        "send-discharge-letter": t("Epikrise"),
        "read-discharge-letter": t("Læs epikrise"),
        "reconcile-medication": t("Afstem medicin"),
        "act-already-taken": t("Ret op"),
        "assess-needs": t("Vurder behov"),
        "telephone-municipality-urgent": t("Ring nu"),
        "send-care-plan": t("Send plan"),
        "read-care-plan": t("Læs plan"),
        "check-record": t("Tjek journal"),
        "agree-short-stay-by-phone": t("Telefonaftale"),
        "telephone-same-day": t("Ring i dag"),
        "answer-question": t("Svar"),
        "agree-closed-day-by-phone": t("Weekendaftale"),
        "follow-weekend-procedure": t("Weekendaftale"),
        "agree-training": t("Aftal oplæring"),
        "take-part-in-training": t("Oplæring"),
        "pause-dose-dispensing": t("Pause dosis"),
        "restart-dose-dispensing": t("Start dosis"),
        "resume-dose-dispensing": t("Start dosis"),
        "settle-paused-dose-dispensing": t("Dosis på pause"),
        "take-home": t("Hent hjem"),
        "cancel-place": t("Aflys plads"),
        "reconcile-at-discharge": t("Afstem medicin"),
        "answer-for-72-hours": t("72 timer"),
        "answer-72-hour-question": t("Svar"),
        "take-over-responsibility": t("Overtag ansvar"),
        "book-follow-up-visit": t("Aftal besøg"),
        "follow-up-visit": t("Hjemmebesøg"),
        "offer-rehabilitation": t("Genoptræning"),
        "know-rehabilitation": t("Genoptræning"),
        "telephone-acute-team": t("Ring akutteam"),
        "take-over-acute-care": t("Akut pleje"),
        "order-aids": t("Hjælpemidler"),
        "order-treatment-devices": t("Redskaber"),
        "answer-medicine-question": _practice_asks(lang),
        "answer-72-hour-medicine-question": _practice_asks(lang),
    }.get(code, t("Opgave"))


def own_tasks(tasks: Iterable[TaskRecord], reader: Reader) -> tuple[TaskRecord, ...]:
    """Open duties that the ward itself owes."""
    scope = reader.scope
    return tuple(record for record in tasks if record.task.is_open and record.task.owner in scope)


def _asked_item(stay_id: StayId, asked: int, reader: Reader) -> Item:
    """The practice asks about lines of the medicine; the ward answers on them."""
    lang = reader.lang
    return Item(
        word=_practice_asks(lang),
        sentence=lang.text("Svar egen læge om medicinen"),
        why=lang.choose(asked, "1 linje venter på jeres svar", "{n} linjer venter på jeres svar"),
        is_done=False,
        href=f"/ward/stays/{stay_id}/medicine",
        action=lang.text("Svar"),
        is_urgent=True,
        about=lang.text("om medicin"),
    )


def _practice_asks(lang: Language) -> str:
    return lang.text("Egen læge spørger")


def ready_items(stay: Stay, tasks: tuple[TaskRecord, ...], reader: Reader, *, asked: int = 0) -> tuple[Item, ...]:
    """What is needed, missing things first; ``asked`` lines of the medicine wait for an answer."""
    planned = _plan_items(stay, reader)
    if asked:
        planned.append(_asked_item(stay.id, asked, reader))
    # What a field of the plan or a line of the medicine carries out is asked for there, and not again as a duty.
    said = {item.word for item in planned}
    items = [*planned, *(item for item in _task_items(tasks, reader) if item.word not in said)]
    return tuple(sorted(items, key=lambda item: (item.is_done, not item.is_urgent)))


def _plan_items(stay: Stay, reader: Reader) -> list[Item]:
    if not stay.is_open:
        return []
    plan, lang, now = stay.plan, reader.lang, reader.now
    t = lang.text
    home = plan.expected_discharge_at
    said = t("Ikke sat") if home is None else home_words(home, now, lang)
    items = [
        _item(lang, t("Dato"), t("Hjemdato sat"), said, done=home is not None, field="date"),
        _item(lang, t("Behov"), t("Behov vurderet"), _needs(plan, lang), done=plan.needs is not None, field="needs"),
    ]
    if plan.names_municipal_need:
        phone = plan.contact_phone or t("Kommunen kan ikke ringe til jer")
        done = plan.contact_phone is not None
        items.append(_item(lang, t("Telefon"), t("Telefon til afsnittet"), phone, done=done, field="phone"))
    if _MEDICINE & (plan.needs or frozenset()):
        until = plan.medicine_until
        words = (
            t("Ikke sat")
            if until is None
            else t("Til og med {day}").format(day=day_short(until, lang, today=local(now).date()))
        )
        items.append(_item(lang, t("Medicin"), t("Medicin med hjem"), words, done=until is not None, field="medicine"))
    if home is not None and is_weekend(home):
        agreed = plan.agreed_by_phone
        words = agreed or t("Kræver en telefonaftale med kommunen")
        items.append(
            _item(lang, t("Weekendaftale"), t("Weekend aftalt"), words, done=agreed is not None, field="agreed")
        )
    return items


def _item(lang: Language, word: str, sentence: str, why: str, *, done: bool, field: str) -> Item:
    return Item(word=word, sentence=sentence, why=why, is_done=done, href=f"#f-{field}", action=lang.text("Udfyld"))


def _needs(plan: DischargePlan, lang: Language) -> str:
    t = lang.text
    if plan.needs is None:
        return t("Ingen har sagt noget endnu")
    words = need_words(lang)
    return ", ".join(words[need] for need in Need if need in plan.needs) or t("Ingen behov")


def _where(task: HandoverTask) -> str:
    """Where the duty is carried out: the medicine on its own page, all else on that of the task."""
    is_there = task.code == _RECONCILE or task.code in _QUESTIONS
    return f"/ward/stays/{task.stay_id}/medicine" if is_there else f"/tasks/{task.id}"


def _task_items(tasks: tuple[TaskRecord, ...], reader: Reader) -> list[Item]:
    lang = reader.lang
    return [
        Item(
            word=task_word(record.task.code, lang),
            sentence=lang.of(record.task.title),
            why=lang.text("Jeres egen opgave"),
            is_done=False,
            href=_where(record.task),
            action=lang.text("Åbn"),
            is_urgent=record.task.priority is not Priority.ROUTINE,
        )
        for record in own_tasks(tasks, reader)
    ]
