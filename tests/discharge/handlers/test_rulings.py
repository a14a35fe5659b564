"""The ward settles which reports count: medicine, plan and readers follow, and a wrong word is taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from discharge.documents.commands import RuleDocuments
from discharge.documents.report import DocumentId, DocumentStatus, Relation, RelationCode
from discharge.documents.rulings import RulingKind
from discharge.documents.standing import is_question
from discharge.errors import (
    ConcurrentUpdateError,
    DocumentError,
    NotAllowedError,
    NotFoundError,
    ReasonRequiredError,
)
from discharge.events import DocumentRuled, MedicationRevised
from discharge.handlers import rule_documents
from discharge.identifiers import FeedId
from discharge.policy import Role
from notifications.entry import EntryEvent
from tests.discharge.documents.made import listing, report
from tests.discharge.handlers.filing import HOME, file, gone_home, names_at_discharge
from tests.discharge.medication.lines import medicine
from tests.factories import HOSPITAL, OTHER_WARD, PRACTICE, caller, gp, ward_nurse
from tests.fakes import FakeStore

R = RulingKind
HOSPICE = replace(HOME, value="hospice", words="Hospice")


@pytest.fixture
async def store() -> FakeStore:
    """Two reports are in question, each with a list and a destination."""
    made = await gone_home()
    for name, atc, said in (("Pinex", "N02BE01", HOME), ("Furix", "C03CA01", HOSPICE)):
        await file(made, report(medicine=listing(medicine(name, atc)), suggestions=(said,)))
    return made


def ids(store: FakeStore) -> list[DocumentId]:
    """The documents in the order of their arrival."""
    return list(store.state.documents)


def ruling(store: FakeStore, kind: RulingKind, one: int, other: int | None = None, **changes: Any) -> RuleDocuments:
    """What the ward says, having seen all that there is."""
    known = ids(store)
    command = RuleDocuments(
        caller=ward_nurse(),
        stay_id=store.stay().id,
        kind=kind,
        document_id=known[one],
        other_id=None if other is None else known[other],
        expected_version=len(known) + len(store.state.rulings),
    )
    return replace(command, **changes)


def in_question(store: FakeStore) -> bool:
    return is_question(list(store.state.documents.values()), list(store.state.rulings.values()))


async def test_newer_one_alone_counts_and_everybody_is_told(store: FakeStore) -> None:
    assert in_question(store)

    made = await store.run(rule_documents, ruling(store, R.REPLACES, 1, 0, reason=" Ringede til lægen "))

    assert (made.by.name, made.reason, made.position) == (ward_nurse().name, "Ringede til lægen", 0)
    assert names_at_discharge(store) == ["Furix"]
    assert store.stay().plan.destination == "hospice"
    assert not in_question(store)
    (told,) = store.happened(DocumentRuled)
    assert (told.kind, told.is_question) == (R.REPLACES, False)
    entry = [each for each in store.feeds[FeedId(PRACTICE)] if each.event is EntryEvent.DOCUMENT_FILED][-1]
    assert entry.title == "Afdelingen har afklaret, hvilken udskrivningsrapport der gælder"


async def test_both_count_and_the_lists_stand_together(store: FakeStore) -> None:
    revised = len(store.happened(MedicationRevised))

    await store.run(rule_documents, ruling(store, R.BOTH_COUNT, 0, 1))

    assert sorted(map(str, names_at_discharge(store))) == ["Furix", "Pinex"]
    assert store.stay().plan.destination == "home"
    assert len(store.happened(MedicationRevised)) == revised
    assert not in_question(store)


async def test_document_that_is_not_ours_needs_a_word_why_and_takes_its_lines_along(store: FakeStore) -> None:
    for silence in (None, "  "):
        with pytest.raises(ReasonRequiredError):
            await store.run(rule_documents, ruling(store, R.NOT_OURS, 0, reason=silence))

    await store.run(rule_documents, ruling(store, R.NOT_OURS, 0, reason="En anden borger"))

    assert names_at_discharge(store) == ["Furix"]
    assert store.stay().plan.destination == "hospice"


async def test_report_without_a_rival_is_said_not_to_be_ours_and_only_once() -> None:
    store = await gone_home()
    await file(store, report(medicine=listing(medicine("Pinex"))))

    await store.run(rule_documents, ruling(store, R.NOT_OURS, 0, reason="En anden borger"))

    assert names_at_discharge(store) == []
    with pytest.raises(DocumentError):
        await store.run(rule_documents, ruling(store, R.NOT_OURS, 0, reason="En anden borger"))
    await store.run(rule_documents, ruling(store, R.TAKEN_BACK, 0, takes_back=0))
    assert names_at_discharge(store) == ["Pinex"]


async def test_wrong_word_is_taken_back_and_it_is_a_question_again(store: FakeStore) -> None:
    await store.run(rule_documents, ruling(store, R.NOT_OURS, 0, reason="En anden borger"))

    for wrong in (ruling(store, R.TAKEN_BACK, 0, takes_back=1), ruling(store, R.TAKEN_BACK, 1, takes_back=0)):
        with pytest.raises(NotFoundError):
            await store.run(rule_documents, wrong)
    await store.run(rule_documents, ruling(store, R.TAKEN_BACK, 0, takes_back=0))

    assert in_question(store)
    assert sorted(map(str, names_at_discharge(store))) == ["Furix", "Pinex"]
    with pytest.raises(NotFoundError):
        await store.run(rule_documents, ruling(store, R.TAKEN_BACK, 0, takes_back=0))
    await store.run(rule_documents, ruling(store, R.REPLACES, 0, 1))
    assert names_at_discharge(store) == ["Pinex"]


async def test_held_document_is_settled_too() -> None:
    store = await gone_home()
    first = report(medicine=listing(medicine("Pinex")))
    await file(store, first)
    await file(store, replace(report(medicine=listing(medicine("Furix", "C03CA01"))), bundle_key=first.bundle_key))

    await store.run(rule_documents, ruling(store, R.REPLACES, 1, 0))

    assert names_at_discharge(store) == ["Furix"]


async def test_who_saw_less_than_there_is_decides_nothing(store: FakeStore) -> None:
    mine, colleagues = ruling(store, R.REPLACES, 1, 0), ruling(store, R.REPLACES, 0, 1)
    await store.run(rule_documents, mine)

    with pytest.raises(ConcurrentUpdateError):
        await store.run(rule_documents, colleagues)
    seen = ruling(store, R.TAKEN_BACK, 1, 0, takes_back=0)
    await file(store, report())
    with pytest.raises(ConcurrentUpdateError):
        await store.run(rule_documents, seen)


@pytest.mark.parametrize(
    ("kind", "one", "other", "changes"),
    [
        (R.REPLACES, 0, None, {}),
        (R.NOT_OURS, 0, 1, {}),
        (R.BOTH_COUNT, 0, 0, {}),
        (R.BOTH_COUNT, 0, 2, {}),
    ],
    ids=["no-other", "not-ours-of-two", "with-itself", "not-in-question"],
)
async def test_what_nothing_asks_is_not_ruled(
    store: FakeStore, kind: RulingKind, one: int, other: int | None, changes: dict[str, Any]
) -> None:
    appendix = next(iter(store.state.documents.values())).report.bundle_key
    await file(store, report(relations=(Relation(RelationCode.APPENDS, appendix),)))

    with pytest.raises(DocumentError):
        await store.run(rule_documents, ruling(store, kind, one, other, **changes))

    assert store.state.rulings == {}


async def test_patient_summary_is_no_version_of_a_report() -> None:
    store = await gone_home()
    first = report()
    await file(store, first)
    await file(store, replace(report(type_code="60591-5"), bundle_key=first.bundle_key))

    with pytest.raises(DocumentError):
        await store.run(rule_documents, ruling(store, R.REPLACES, 1, 0))
    await store.run(rule_documents, ruling(store, R.BOTH_COUNT, 1, 0))


async def test_preliminary_report_replaces_no_final_one() -> None:
    store = await gone_home()
    first = report(medicine=listing(medicine("Pinex")))
    await file(store, first)
    await file(store, replace(report(status=DocumentStatus.PRELIMINARY), bundle_key=first.bundle_key))

    with pytest.raises(DocumentError):
        await store.run(rule_documents, ruling(store, R.REPLACES, 1, 0))
    await store.run(rule_documents, ruling(store, R.REPLACES, 0, 1))

    assert names_at_discharge(store) == ["Pinex"]


async def test_only_the_ward_of_the_stay_rules(store: FakeStore) -> None:
    said = ruling(store, R.REPLACES, 1, 0)

    for who in (gp(), caller(Role.SYSTEM, HOSPITAL)):
        with pytest.raises(NotAllowedError):
            await store.run(rule_documents, replace(said, caller=who))
    for changes in ({"caller": ward_nurse(OTHER_WARD)}, {"document_id": DocumentId("nobody's")}):
        with pytest.raises(NotFoundError):
            await store.run(rule_documents, replace(said, **changes))
