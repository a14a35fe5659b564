"""Lists in words, and several places that say what is taken now: nothing is agreed to unread, nobody is overruled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from discharge.errors import MedicationError
from discharge.medication.lists import ListOrigin, Saying
from discharge.medication.record import LineState, Verdict
from discharge.task import Move, TaskStatus
from tests.discharge.handlers.medicine import (
    AFTER,
    BEFORE,
    NOW_TAKEN,
    decide,
    kept,
    reconciliation,
    state,
    two_lists,
)
from tests.discharge.handlers.steps import do
from tests.discharge.medication.lines import dose, medicine
from tests.factories import gp, home_nurse
from tests.fakes import FakeStore

WORDS = "Metoprolol 50 mg x 1, Pinex ved behov"


async def test_words_have_to_be_read_before_the_reconciliation_is_done(store: FakeStore) -> None:
    await state(store, AFTER, saying=Saying.NOT_KNOWN, text=WORDS)
    (words,) = kept(store).lines

    await do(store, gp(), reconciliation(store), Move.ACCEPT)
    with pytest.raises(MedicationError):
        await do(store, gp(), reconciliation(store), Move.COMPLETE)
    await decide(store, (words, Verdict.AGREE, None))
    await do(store, gp(), reconciliation(store), Move.COMPLETE)

    assert reconciliation(store).status is TaskStatus.COMPLETED


async def test_other_words_have_to_be_read_again(store: FakeStore) -> None:
    first = await state(store, AFTER, saying=Saying.NOT_KNOWN, text=WORDS)
    (words,) = first.lines
    await decide(store, (words, Verdict.AGREE, None))
    store.now += timedelta(minutes=5)

    await state(store, AFTER, saying=Saying.NOT_KNOWN, text=f"{WORDS}, Furix 40 mg", replaces=first.lists[0].id)

    assert kept(store).unresolved == (words,), "it is the same line, with something else to read"


async def test_words_that_somebody_wrote_down_as_lines_are_no_line_any_more(store: FakeStore) -> None:
    first = await state(store, AFTER, saying=Saying.NOT_KNOWN, text=WORDS)
    record = await state(store, AFTER, medicine(), text=WORDS, replaces=first.lists[0].id)

    assert [line.instruction_line.name for line in record.lines.values()] == ["Metoprolol"]


async def test_what_the_nurse_sees_takes_the_practices_word_not_away(store: FakeStore) -> None:
    goes_on, _ = (await two_lists(store)).lines
    await decide(store, (goes_on, Verdict.AGREE, None))
    theirs = (await state(store, NOW_TAKEN, medicine(), who=gp())).lists[-1]
    assert kept(store).state_of(goes_on) is LineState.DECIDED, "it is taken as it was decided"
    store.now += timedelta(minutes=5)

    home: dict[str, Any] = {"who": home_nurse(), "origin": ListOrigin.HOME, "source": home_nurse().acting}
    record = await state(store, NOW_TAKEN, medicine(dosage=(dose("2"),)), **home)

    assert record.state_of(goes_on) is LineState.OPEN
    assert [each.source for each in record.table.standing(NOW_TAKEN)] == [home_nurse().acting, theirs.source]
    with pytest.raises(MedicationError):
        await state(store, NOW_TAKEN, medicine(), **home | {"replaces": theirs.id})
    with pytest.raises(MedicationError):
        await state(store, BEFORE, medicine(), replaces=theirs.id)
    with pytest.raises(MedicationError):
        await state(store, NOW_TAKEN, medicine(), **home | {"replaces": "nobody's"})


async def test_what_comes_first_is_told_by_versions_and_not_by_clocks(store: FakeStore) -> None:
    goes_on, _ = (await two_lists(store)).lines

    for verdict, why in ((Verdict.AGREE, None), (Verdict.ASK, "Hvorfor?"), (Verdict.AGREE, None)):
        await decide(store, (goes_on, verdict, why))

    record = kept(store)
    assert len({each.at for each in record.decisions}) == 1
    assert [each.version for each in record.decisions] == [3, 4, 5]
    assert record.state_of(goes_on) is LineState.DECIDED
