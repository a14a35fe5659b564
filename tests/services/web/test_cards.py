"""The card of a task, in the reader's language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from discharge.handlers.resolving import ANSWERS, RECONCILE
from discharge.policy import Role
from discharge.task import Move, TaskStatus, Wait
from services.persistence.views import TaskCard
from services.web.cards import card_of, moves_for
from tests import factories_views as made
from tests.example_pages import Examples


def note_in(code: str, note: str | None, note_en: str | None) -> str | None:
    record = made.records()[0]
    worded = replace(record, task=replace(record.task, note=note, note_en=note_en))
    return card_of(made.card(worded), Examples(code).reader(Role.HOME_NURSE)).note


@pytest.mark.parametrize(
    ("note", "note_en", "english"),
    [
        ("Ring først. Kommunen betaler.", "Call first. The municipality pays.", "Call first. The municipality pays."),
        # A person's own words, and notes from before both languages were kept, stand as they were written.
        ("Nøglen ligger hos naboen.", None, "Nøglen ligger hos naboen."),
        (
            "Start ydelserne igen. Planen er ændret",
            "Resume services. Planen er ændret",
            "Resume services. The plan has changed",
        ),
        (None, None, None),
    ],
)
def test_a_note_of_the_agreement_stands_in_the_readers_language(
    note: str | None, note_en: str | None, english: str | None
) -> None:
    assert note_in("da", note, note_en) == note
    assert note_in("en", note, note_en) == english


WAITING = Wait(code=RECONCILE, since=made.NOW)


def waiting(wait: Wait, *, has_practice: bool = True, is_nameless: bool = False, is_done: bool = False) -> TaskCard:
    record = made.taken(5, made.NURSE, wait=wait)
    done = replace(record, task=replace(record.task, status=TaskStatus.COMPLETED))
    card = made.card(done if is_done else record)
    assert card.context is not None
    context = None if is_nameless else card.context if has_practice else replace(card.context, gp=None)
    return replace(card, context=context)


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (waiting(WAITING), "Venter på egen læges afstemning"),
        (waiting(WAITING, is_nameless=True), "Venter på egen læges afstemning"),
        (waiting(WAITING, has_practice=False), "Venter på afstemningen af medicinen"),
        (waiting(replace(WAITING, code="other")), "Venter på en anden opgave i forløbet"),
        (waiting(replace(WAITING, released_at=made.NOW)), None),
        (waiting(WAITING, is_done=True), None),
    ],
)
def test_a_card_says_what_it_waits_for_while_it_does(card: TaskCard, words: str | None) -> None:
    assert card_of(card, Examples("da").reader(Role.HOME_NURSE)).waits == words


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (waiting(replace(WAITING, released_at=made.at("11.10"))), "Frigivet kl.\N{NO-BREAK SPACE}11.10"),
        (waiting(WAITING), None),
        (waiting(replace(WAITING, released_at=made.at("11.10")), is_done=True), None),
        (made.card(made.taken(5, made.NURSE)), None),
    ],
)
def test_a_card_says_since_when_it_is_released_while_it_is_open(card: TaskCard, words: str | None) -> None:
    assert card_of(card, Examples("da").reader(Role.HOME_NURSE)).released == words


@pytest.mark.parametrize(("code", "is_offered"), [*((each, False) for each in sorted(ANSWERS)), ("other", True)])
def test_a_question_about_a_line_is_not_offered_to_be_rejected(code: str, *, is_offered: bool) -> None:
    task = replace(made.records()[0].task, code=code)

    moves = moves_for(task, Examples("da").reader(Role.HOME_NURSE))

    assert (Move.ACCEPT in moves, Move.REJECT in moves) == (True, is_offered)
