"""The words of urgency, deadlines and the baton."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.task import Priority, TaskStatus
from services.persistence.views import PatientView, TaskRecord
from services.web.dates import NBSP
from services.web.language import language
from services.web.presentation import (
    Level,
    baton,
    chip,
    initials,
    large_proofs,
    level_of,
    patient_name,
    short_name,
    sort_key,
    word_of,
)
from tests.factories_views import COLLEAGUE, NOW, NURSE, at, proofs, record, records, taken

DA, EN = language("da"), language("en")


def said(text: str) -> str:
    return text.replace(NBSP, " ")


def chip_text(due_at: datetime | None, now: datetime = NOW, code: str = "da") -> str:
    made = chip(record(due_at=due_at), now, language(code))
    return said(f"{made.main} · {made.rest}" if made.rest else made.main)


@pytest.mark.parametrize(
    ("due_at", "danish", "english"),
    [
        (at("11.28"), "12 min over tid · 11.28", "12 min late · 11:28"),
        (at("09.30"), "2 t over tid · 09.30", "2 h late · 09:30"),
        (at("09.30", days=-1), "1 dag over tid · to 19.11. 09.30", "1 day late · Thu 19 Nov 09:30"),
        (at("09.30", days=-2), "2 dage over tid · on 18.11. 09.30", "2 days late · Wed 18 Nov 09:30"),
        (at("12.05"), "om 25 min · kl. 12.05", "in 25 min · 12:05"),
        (at("11.40"), "om 0 min · kl. 11.40", "in 0 min · 11:40"),
        (at("14.30"), "om 2 t 50 min · kl. 14.30", "in 2 h 50 min · 14:30"),
        (at("10.00", days=1), "i morgen · kl. 10.00", "tomorrow · 10:00"),
        (at("12.00", days=3), "ma 23.11. · kl. 12.00", "Mon 23 Nov · 12:00"),
        (at("00.00", days=4), "ma 23.11. · kl. 24.00", "Mon 23 Nov · 24:00"),
        (at("00.00", days=60), "ma 18.01.2027 · kl. 24.00", "Mon 18 Jan 2027 · 24:00"),
        (None, "ingen frist", "no deadline"),
    ],
)
def test_chip_says_relative_then_absolute(due_at: datetime | None, danish: str, english: str) -> None:
    assert chip_text(due_at) == danish
    assert chip_text(due_at, code="en") == english


def test_chip_says_today_when_more_than_twelve_hours_are_left() -> None:
    early = at("00.30")

    assert chip_text(at("23.00"), early) == "i dag · kl. 23.00"


def test_chip_counts_minutes_across_midnight() -> None:
    assert chip_text(at("00.10", days=1), at("23.45")) == "om 25 min · kl. 00.10"


def test_midnight_belongs_to_the_day_that_it_ends() -> None:
    assert chip_text(at("00.00", days=1), at("15.00")) == "om 9 t 0 min · kl. 24.00"


def test_done_task_says_when() -> None:
    done = record(status=TaskStatus.COMPLETED, proofs=proofs("09.00", "09.00", "09.01", "09.02", "11.20"))

    assert chip(done, NOW, DA).main == "udført 11.20"


def test_paused_task_has_no_running_deadline() -> None:
    made = chip(record(status=TaskStatus.ON_HOLD, assignee=NURSE), NOW, DA)

    assert (made.kind, made.main, made.due_at) == ("hold", "på pause", None)


def test_closed_task_has_no_deadline() -> None:
    assert chip(record(status=TaskStatus.CANCELLED), NOW, DA).main == "ingen frist"


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({"due_at": at("11.39")}, Level.OVER),
        ({"due_at": at("18.00"), "priority": Priority.STAT}, Level.NOW),
        ({"due_at": at("18.00"), "priority": Priority.ASAP}, Level.NOW),
        ({"due_at": at("11.45")}, Level.NOW),
        ({"due_at": at("18.00"), "priority": Priority.URGENT}, Level.SOON),
        ({"due_at": at("12.10")}, Level.SOON),
        ({"due_at": at("18.00"), "remind_at": at("11.00")}, Level.SOON),
        ({"due_at": at("12.00"), "remind_at": at("11.50")}, Level.CALM),
        ({"due_at": at("18.00")}, Level.CALM),
        ({"due_at": None}, Level.CALM),
        ({"due_at": at("18.00"), "take_by": at("11.30")}, Level.OVER),
        ({"due_at": at("11.00"), "status": TaskStatus.CANCELLED}, Level.CALM),
        ({"due_at": at("11.00"), "status": TaskStatus.COMPLETED}, Level.DONE),
    ],
)
def test_level_follows_the_table(changes: dict[str, object], level: Level) -> None:
    assert level_of(record(1, **changes), NOW) is level


def test_taken_task_is_no_longer_late_for_being_taken() -> None:
    assert level_of(taken(1, NURSE, take_by=at("11.30"), due_at=at("18.00")), NOW) is Level.CALM


def test_every_level_has_a_shape_and_a_word_of_its_own() -> None:
    assert len({level.icon for level in Level}) == len(Level)
    assert len({word_of(level, DA) for level in Level}) == len(Level)


def test_list_is_sorted_by_level_then_deadline_then_arrival() -> None:
    order = [found.task.id for found in sorted(records(), key=lambda found: sort_key(found, NOW))]

    assert order == ["task-2", "task-1", "task-10", "task-5", "task-3", "task-6", "task-8", "task-7"]


@pytest.mark.parametrize(
    ("found", "cells", "words", "name"),
    [
        (
            record(proofs=proofs("11.28")),
            ("next", "", "", ""),
            "Sendt 11.28, ikke leveret",
            "0 af 4: ikke leveret endnu. Næste: leveret",
        ),
        (
            record(proofs=proofs("11.28", "11.30")),
            ("on", "next", "", ""),
            "Leveret 11.30",
            "1 af 4: leveret. Næste: set",
        ),
        (
            record(proofs=proofs("11.28", "11.30", "11.32")),
            ("on", "on", "next", ""),
            "Set 11.32",
            "2 af 4: leveret, set. Næste: taget",
        ),
        (
            record(proofs=proofs("10.58", "10.58", "11.04"), due_at=at("11.28")),
            ("on", "on", "stuck", ""),
            "Set 11.04",
            "2 af 4: leveret, set. Står stille: taget",
        ),
        (
            taken(1, NURSE, "11.20"),
            ("on", "on", "on", "next"),
            "Taget 11.20",
            "3 af 4: leveret, set, taget. Næste: udført",
        ),
        (
            record(status=TaskStatus.COMPLETED, proofs=proofs("09.00", "09.00", "09.01", "09.02", "11.20")),
            ("on", "on", "on", "on"),
            "Udført 11.20",
            "4 af 4: leveret, set, taget, udført",
        ),
    ],
)
def test_small_baton_says_the_highest_proof(found: TaskRecord, cells: tuple[str, ...], words: str, name: str) -> None:
    made = baton(found, NOW, DA)

    assert made.cells == cells
    assert f"{made.word} {made.rest}" == words
    assert made.name == name


def test_card_says_who_saw_it_and_that_nobody_took_it() -> None:
    made = baton(record(proofs=proofs("10.58", "10.58", "11.04", by=COLLEAGUE)), NOW, DA, with_names=True)

    assert f"{made.word} {made.rest}" == "Set 11.04 af Hanne P. Ingen har taget den"


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (TaskStatus.REJECTED, "Afvist"),
        (TaskStatus.CANCELLED, "Trukket tilbage"),
        (TaskStatus.FAILED, "Opgivet efter fristen"),
    ],
)
def test_closed_task_waits_for_nothing(status: TaskStatus, word: str) -> None:
    made = baton(record(status=status, changed_at=at("11.35")), NOW, DA)

    assert (made.word, made.rest) == (word, "11.35")
    assert not {"next", "stuck"} & set(made.cells)


def test_only_four_proofs_make_a_whole_baton() -> None:
    whole = record(status=TaskStatus.COMPLETED, proofs=proofs("09.00", "09.00", "09.01", "09.02", "11.20"))

    assert baton(whole, NOW, DA).is_whole
    assert not baton(taken(1, NURSE), NOW, DA).is_whole


def test_large_baton_calls_the_reader_you() -> None:
    made = large_proofs(taken(1, NURSE, "11.20"), NOW, DA, me=NURSE.id)

    assert [proof.rest for proof in made] == ["11.00", "11.05, dig", "11.20, dig", "ikke endnu"]


def test_large_baton_names_a_colleague_and_what_is_missing() -> None:
    late = record(proofs=proofs("10.58", "10.58", "11.04", by=COLLEAGUE), due_at=at("11.28"))

    made = large_proofs(late, NOW, DA, me=NURSE.id)

    assert [proof.rest for proof in made] == ["10.58", "11.04, Hanne P.", "mangler", "ikke endnu"]


@given(minutes=st.integers(min_value=-10_000, max_value=10_000))
def test_chip_text_is_never_seconds_and_always_has_the_instant(minutes: int) -> None:
    due_at = NOW + timedelta(minutes=minutes)

    made = chip(record(due_at=due_at), NOW, DA)

    assert made.due_at == due_at
    assert made.main
    assert made.rest


@given(seconds=st.integers(min_value=0, max_value=86_400))
def test_level_never_falls_as_time_passes(seconds: int) -> None:
    found = record(due_at=NOW + timedelta(hours=6), remind_at=NOW + timedelta(hours=5))
    levels = list(Level)

    earlier = level_of(found, NOW + timedelta(seconds=seconds))
    later = level_of(found, NOW + timedelta(seconds=seconds + 60))

    assert levels.index(later) <= levels.index(earlier)


@given(minutes=st.integers(min_value=1, max_value=5_000))
def test_level_stays_until_the_chip_flips(minutes: int) -> None:
    found = record(due_at=NOW + timedelta(minutes=minutes))
    made = chip(found, NOW, DA)
    assert made.flips_at is not None

    assert level_of(found, made.flips_at - timedelta(seconds=1)) is level_of(found, NOW)
    assert made.flips_at > NOW


@given(instant=st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1)))  # noqa: DTZ001 - UTC is set below
def test_every_instant_has_words_in_both_languages(instant: datetime) -> None:
    due_at = instant.replace(tzinfo=UTC)

    assert chip_text(due_at)
    assert chip_text(due_at, code="en")


def test_names_are_short_or_initials() -> None:
    assert short_name("Hanne Marie Prøvegaard") == "Hanne P."
    assert short_name("Fagsystem") == "Fagsystem"
    assert initials("Hanne Marie Prøvegaard") == "HP"
    assert initials("Cher") == "C"


def test_protected_name_is_shown_as_initials() -> None:
    known = PatientView(name="Agnete Prøvesen", age=84, cpr_masked="140242-••••", protected=True)

    assert patient_name(known) == "A.P."


def test_english_baton_reads_english() -> None:
    made = baton(taken(1, NURSE, "11.20"), NOW, EN, with_names=True)

    assert f"{made.word} {made.rest}" == "Taken 11:20 by Mette K."
    assert made.name == "3 of 4: delivered, seen, taken. Next: done"
