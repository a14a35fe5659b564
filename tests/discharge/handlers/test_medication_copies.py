"""The ward writes on what a document said: a newer one does not hide it, and one that is withdrawn opens it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from discharge.documents.report import DocumentStatus
from discharge.documents.rulings import RulingKind
from discharge.errors import MedicationError
from discharge.handlers import rule_documents
from discharge.medication.lines import MedicationLine
from discharge.medication.lists import MedicationList
from discharge.medication.reconciling import Doubt
from discharge.medication.record import Verdict
from tests.discharge.documents.made import listing, report, version
from tests.discharge.handlers.filing import file, gone_home
from tests.discharge.handlers.medicine import AFTER, decide, kept, state
from tests.discharge.handlers.test_rulings import ruling
from tests.discharge.medication.lines import medicine
from tests.factories import WARD, ward_nurse
from tests.fakes import FakeStore

MAREVAN, DIGOXIN = medicine("Marevan", "B01AA03"), medicine("Digoxin", "C01AA05")
PINEX = medicine("Pinex", "N02BE01")


@pytest.fixture
async def store() -> FakeStore:
    """A citizen has gone home, and the letter names two medicines."""
    made = await gone_home()
    await file(made, version(0, medicine=listing(MAREVAN, DIGOXIN)))
    return made


async def write_on(store: FakeStore, old: MedicationList, *more: MedicationLine) -> MedicationList:
    """The ward writes more lines on a list; a minute goes by."""
    store.now += timedelta(minutes=1)
    lines = (replace(each, id=f"{each.id}-{len(store.events)}", copied_from=each.id) for each in old.lines)
    own: dict[str, Any] = {"who": ward_nurse(), "source": WARD, "replaces": old.id}
    return (await state(store, AFTER, *lines, *more, **own)).lists[-1]


async def agree_to_all(store: FakeStore) -> None:
    await decide(store, *((each, Verdict.AGREE, None) for each in kept(store).lines))


def doubts(store: FakeStore) -> dict[str | None, Doubt | None]:
    return {line.instruction_line.name: line.doubt for line in kept(store).lines.values()}


async def test_copies_of_a_letter_that_is_entered_in_error_are_open_again(store: FakeStore) -> None:
    await write_on(store, kept(store).lists[0], PINEX)
    await agree_to_all(store)

    await file(store, version(1, status=DocumentStatus.ENTERED_IN_ERROR))

    assert len(kept(store).unresolved) == 2
    found = doubts(store)
    assert found["Marevan"] is found["Digoxin"] is Doubt.SOURCE_WITHDRAWN
    assert found["Pinex"] is not Doubt.SOURCE_WITHDRAWN


async def test_copies_of_a_letter_that_is_about_somebody_else_are_open_again(store: FakeStore) -> None:
    await write_on(store, kept(store).lists[0], PINEX)
    await agree_to_all(store)
    await file(store, report(medicine=listing(replace(PINEX, id="another-pinex"))))

    await store.run(rule_documents, ruling(store, RulingKind.NOT_OURS, 0, reason="En anden borger"))

    found = doubts(store)
    assert found["Marevan"] is found["Digoxin"] is Doubt.SOURCE_WITHDRAWN
    assert found["Pinex"] is not Doubt.SOURCE_WITHDRAWN


async def test_what_the_ward_wrote_stands_when_a_newer_letter_comes_and_the_ward_writes_on(store: FakeStore) -> None:
    first = await write_on(store, kept(store).lists[0], PINEX)
    await file(store, version(1, medicine=listing(replace(MAREVAN, id="second"))))
    letter = kept(store).lists[-1]
    assert [each.id for each in kept(store).table.standing(AFTER)] != [first.id]

    with pytest.raises(MedicationError):
        await write_on(store, letter, medicine("Morfin", "N02AA01"))
    await write_on(store, first, medicine("Morfin", "N02AA01"))

    assert set(doubts(store)) == {"Marevan", "Digoxin", "Pinex", "Morfin"}
    assert doubts(store)["Digoxin"] is Doubt.LISTS_DISAGREE


async def test_newer_letter_that_says_the_same_opens_nothing(store: FakeStore) -> None:
    await write_on(store, kept(store).lists[0], PINEX)
    await agree_to_all(store)

    said = (replace(each, id=f"{each.id}-second") for each in (MAREVAN, DIGOXIN))
    await file(store, version(1, medicine=listing(*said)))

    assert kept(store).unresolved == ()
