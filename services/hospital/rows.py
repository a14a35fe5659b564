"""The ward's board: one row per patient, in groups by the day they go home, with counters that filter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from discharge.clock import local
from services.hospital.ready import Item, is_weekend, own_tasks, ready_items, task_word
from services.persistence.views import TaskRecord, WardBoard, WardRow
from services.web.cards import Reader, place_name
from services.web.dates import clock_time, day_short, moment
from services.web.language import Language
from services.web.plan_words import certainty_word, has_time, home_words
from services.web.presentation import (
    Baton,
    Chip,
    Level,
    baton,
    chip,
    chip_at,
    level_at,
    level_of,
    patient_name,
    short_name,
    sort_key,
)
from services.web.stay_words import departure
from services.web.task_lists import Filter

__all__ = ["FILTERS", "BoardRow", "Group", "Receiver", "counters_of", "groups_of", "row_of", "rows_of"]

FILTERS: Final = ("all", "today", "late", "missing", "waiting")
_WEEK: Final = timedelta(days=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """The baton of one duty at a receiver, and who that is."""

    task_id: str
    title: str
    baton: Baton
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """Everything that ``hospital/row.html`` shows."""

    stay_id: str
    version: int
    level: Level
    bed: str
    name: str
    age: int
    cpr: str
    home: str
    home_detail: str
    chip: Chip
    chip_reason: str
    missing: tuple[Item, ...]
    receivers: tuple[Receiver, ...]
    action: str
    href: str
    is_solid: bool
    is_ended: bool
    group: str
    keys: frozenset[str]
    order: tuple[float, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows under one heading."""

    key: str
    word: str
    detail: str
    rows: tuple[BoardRow, ...]


def rows_of(board: WardBoard, reader: Reader) -> tuple[BoardRow, ...]:
    """All rows, in the order of the board."""
    rows = (row_of(row, reader) for row in board.rows)
    return tuple(sorted(rows, key=lambda row: (list(Level).index(row.level), row.order)))


def counters_of(rows: tuple[BoardRow, ...], current: str, lang: Language) -> tuple[Filter, ...]:
    """The counters of the page head, each with its rule."""
    t = lang.text
    said = {
        "all": (t("alle"), t("Alle med åbent ophold på afsnittet")),
        "today": (t("hjem i dag"), t("Forventet udskrevet i dag eller før, sikker eller sandsynlig")),
        "late": (t("over tid"), t("En frist er passeret, og opgaven er ikke taget eller ikke udført")),
        "missing": (t("mangler noget"), t("Mindst én ting mangler her på afsnittet")),
        "waiting": (t("venter svar"), t("Kommunen eller lægen har ikke taget opgaven endnu")),
    }
    return tuple(
        Filter(
            key=key,
            href="/ward" if key == "all" else f"/ward?show={key}",
            number=sum(key in row.keys for row in rows),
            word=said[key][0],
            rule=said[key][1],
            is_current=key == current,
            is_late=key == "late",
        )
        for key in FILTERS
    )


def groups_of(rows: tuple[BoardRow, ...], now: datetime, lang: Language) -> tuple[Group, ...]:
    """The rows by the day of going home; empty groups are left out."""
    t = lang.text
    today = local(now).date()
    weekday = {5: 3, 6: 2}.get(today.isoweekday(), 1)
    next_day = today + timedelta(days=weekday)
    said = {
        "today": (t("I dag"), day_short(today, lang)),
        "weekend": (t("Weekend"), t("kræver en telefonaftale med kommunen")),
        "later": (t("Senere"), t("{day} og frem, eller ikke sat").format(day=day_short(next_day, lang))),
        "ended": (t("Udskrevet"), t("i dag, eller I mangler stadig noget")),
    }
    groups = (
        Group(key=key, word=word, detail=detail, rows=tuple(row for row in rows if row.group == key))
        for key, (word, detail) in said.items()
    )
    return tuple(group for group in groups if group.rows)


def row_of(row: WardRow, reader: Reader) -> BoardRow:
    """One row for one reader."""
    context, lang, now = row.context, reader.lang, reader.now
    stay, patient, plan = context.stay, context.patient, context.stay.plan
    items = ready_items(stay, row.tasks, reader, asked=row.asked)
    missing = tuple(item for item in items if not item.is_done)
    group = "ended" if not stay.is_open else _group(plan.expected_discharge_at, local(now).date())
    level, shown_chip, reason = _next(row, reader)
    home, detail = _home(row, now, lang)
    t = lang.text
    mine = own_tasks(row.tasks, reader)
    late = next((r for r in row.tasks if level_of(r, now) is Level.OVER), None) if stay.is_open else None
    first = late or next((r for r in sorted(mine, key=lambda r: sort_key(r, now)) if not stay.is_open), None)
    pressed = level in {Level.OVER, Level.NOW, Level.SOON}
    return BoardRow(
        stay_id=stay.id,
        version=plan.version,
        level=level,
        bed=plan.bed or "–",
        name=patient_name(patient),
        age=patient.age,
        cpr=patient.cpr_masked,
        home=home,
        home_detail=detail,
        chip=shown_chip,
        chip_reason=reason,
        missing=missing,
        receivers=_receivers(row, reader),
        action=t("Åbn opgave") if first is not None else _action(missing, group, lang),
        href=f"/ward/stays/{stay.id}" if first is None else f"/tasks/{first.task.id}",
        is_solid=(stay.is_open or bool(mine)) and (pressed or (group == "today" and bool(missing))),
        is_ended=not stay.is_open,
        group=group,
        keys=_keys(row, reader, level, group, has_missing=bool(missing)),
        order=(_order(row), plan.bed or ""),
    )


def _group(home: datetime | None, today: date) -> str:
    if home is None:
        return "later"
    day = local(home).date()
    if day <= today:
        return "today"
    return "weekend" if is_weekend(home) and day - today <= _WEEK else "later"


def _order(row: WardRow) -> float:
    home = row.context.stay.plan.expected_discharge_at
    return float("inf") if home is None else home.timestamp()


def _keys(row: WardRow, reader: Reader, level: Level, group: str, *, has_missing: bool) -> frozenset[str]:
    """The counters that this row is counted in."""
    stay = row.context.stay
    keys = set()
    if level is Level.OVER:
        keys.add("late")
    if any(r.task.is_unanswered and r.task.owner not in reader.scope for r in row.tasks):
        keys.add("waiting")
    if has_missing:
        keys.add("missing")
    if stay.is_open:
        keys.add("all")
        if group == "today" and stay.plan.certainty.value != "unsure":
            keys.add("today")
    return frozenset(keys)


def _next(row: WardRow, reader: Reader) -> tuple[Level, Chip, str]:
    """The next thing that falls due: a duty of anybody's, or the departure itself."""
    now, lang = reader.now, reader.lang
    t = lang.text
    open_tasks = sorted((r for r in row.tasks if r.task.is_open), key=lambda r: sort_key(r, now))
    stay = row.context.stay
    home = stay.plan.expected_discharge_at
    leaves = (
        home
        if stay.is_open and home is not None and has_time(home) and local(home).date() == local(now).date()
        else None
    )
    first = open_tasks[0] if open_tasks else None
    due_at = None if first is None else first.next_due
    if first is not None and due_at is not None and (leaves is None or due_at <= leaves):
        return level_of(first, now), chip(first, now, lang), task_word(first.task.code, lang)
    if leaves is not None:
        level = level_at(leaves, now)
        return level, chip_at(leaves, now, lang, level), t("Afgang")
    if open_tasks and first is not None:
        return level_of(first, now), chip(first, now, lang), task_word(first.task.code, lang)
    if not stay.is_open:
        return Level.DONE, chip_at(None, now, lang, Level.CALM), t("Alle opgaver er udført")
    return Level.CALM, chip_at(None, now, lang, Level.CALM), ""


def _short_place(record: TaskRecord, reader: Reader) -> str:
    found = reader.directory.get(record.task.owner)
    return "" if found is None else found.name


def _home(row: WardRow, now: datetime, lang: Language) -> tuple[str, str]:
    t = lang.text
    stay, plan = row.context.stay, row.context.stay.plan
    left = departure(stay, now, lang)
    if left is not None:
        return left, row.context.override_reason or ""
    if stay.leave_started_at is not None:
        return t("På orlov"), t("siden {at}").format(at=moment(stay.leave_started_at, now, lang))
    if plan.expected_discharge_at is None:
        return t("Ikke sat"), t("indlagt {at}").format(at=moment(stay.began_at, now, lang))
    detail = certainty_word(plan.certainty, lang)
    before = _earlier(row)
    if plan.treatment_finished_at is not None:
        detail = f"{detail} · {t('færdigbehandlet')}"
    elif before is not None:
        said = (
            clock_time(before, lang)
            if _same_day(before, plan.expected_discharge_at)
            else day_short(local(before).date(), lang)
        )
        detail = f"{detail} · {t('før: {when}').format(when=said)}"
    return home_words(plan.expected_discharge_at, now, lang), detail


def _same_day(one: datetime, other: datetime) -> bool:
    return local(one).date() == local(other).date()


def _earlier(row: WardRow) -> datetime | None:
    """The expected discharge before the present one."""
    present = row.context.stay.plan.expected_discharge_at
    times = [version.plan.expected_discharge_at for version in row.context.plans]
    return next((at for at in reversed(times) if at is not None and at != present), None)


def _receivers(row: WardRow, reader: Reader) -> tuple[Receiver, ...]:
    """The duties at others, most pressing first, done ones last."""
    now, lang = reader.now, reader.lang
    outside = [record for record in row.tasks if record.task.owner not in reader.scope]
    outside.sort(key=lambda record: (not record.task.is_open, sort_key(record, now)))
    return tuple(
        Receiver(
            task_id=record.task.id,
            title=task_word(record.task.code, lang),
            baton=baton(record, now, lang),
            who=_who(record, reader),
        )
        for record in outside
    )


def _who(record: TaskRecord, reader: Reader) -> str:
    place = _short_place(record, reader) or place_name(record.task.owner, reader.directory)
    holder = record.task.assignee
    if holder is not None:
        return f"{place} · {short_name(holder.name)}"
    if record.task.is_open and record.task.rounds:
        return f"{place} · {reader.lang.text('gammelt ja bortfaldt')}"
    return place


def _action(missing: tuple[Item, ...], group: str, lang: Language) -> str:
    t = lang.text
    if group == "ended":
        return ""
    return t("Udskriv") if group == "today" and not missing else t("Åbn plan")
