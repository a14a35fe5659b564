"""The card of a task, in the reader's language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from discharge.policy import Role
from services.web.cards import card_of
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
