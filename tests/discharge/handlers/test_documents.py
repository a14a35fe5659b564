"""A report is filed with the stay that it is about; medicine and plan follow it, and what people typed stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from discharge.documents.commands import TakeSuggestion
from discharge.documents.report import DocumentStatus, RelationCode
from discharge.documents.standing import Standing
from discharge.errors import DocumentError, NotAllowedError, NotFoundError
from discharge.events import DocumentFiled, MedicationRevised, PlanRevised
from discharge.handlers import receive_notice, revise_plan, take_suggestion
from discharge.identifiers import CprNumber, EpisodeOfCareId, FeedId
from discharge.notices import NoticeKind
from discharge.plan import Need, PlanRevision
from discharge.policy import Role
from notifications.entry import EntryEvent
from tests.discharge.documents.made import listing, naming, report, version
from tests.discharge.handlers.filing import ABOUT, HOME, MEALS, WORDS, file, gone_home, names_at_discharge
from tests.discharge.handlers.steps import DAY, EPISODE, MINUTE, STIN, house
from tests.discharge.medication.lines import medicine
from tests.factories import (
    ADMITTED_AT,
    HOSPITAL,
    NEIGHBOUR,
    NOW,
    OTHER_WARD,
    PAPER_HOSPITAL,
    PRACTICE,
    caller,
    home_nurse,
    notice,
    receive,
    record_system,
    revise,
    ward_nurse,
)
from tests.fakes import FakeStore


@pytest.fixture
async def store() -> FakeStore:
    """A citizen has gone home."""
    return await gone_home()


async def test_report_is_kept_and_its_list_is_stated_in_the_same_commit(store: FakeStore) -> None:
    filing = await file(store, report(medicine=listing(medicine("Pinex"))))

    assert filing.standing is Standing.IN_FORCE
    assert list(store.state.originals.values()) == [b"{}"]
    assert names_at_discharge(store) == ["Pinex"]
    (told,) = store.happened(DocumentFiled)
    assert (told.document_id, told.hospital) == (filing.filed.id, HOSPITAL)
    entries = [each.event for each in store.feeds[FeedId(PRACTICE)]]
    assert EntryEvent.DOCUMENT_FILED in entries


async def test_newer_version_takes_the_place_and_reopens_only_what_it_says_otherwise(store: FakeStore) -> None:
    said = (medicine("Pinex"), medicine("Furix", "C03CA01"))
    await file(store, version(0, medicine=listing(*said)))

    filing = await file(store, version(1, medicine=listing(*(replace(line, id=f"{line.id}-2") for line in said[:1]))))

    assert len(filing.replaces) == 1
    assert names_at_discharge(store) == ["Pinex"]


async def test_replaced_report_that_arrives_late_changes_nothing(store: FakeStore) -> None:
    await file(store, version(1, medicine=listing(medicine("Pinex"))))
    revised = len(store.happened(MedicationRevised))

    late = await file(store, version(0, medicine=listing(medicine("Furix"))))

    assert late.standing is Standing.REPLACED
    assert names_at_discharge(store) == ["Pinex"]
    assert len(store.happened(MedicationRevised)) == revised
    assert len(store.state.documents) == 2


async def test_report_entered_in_error_takes_its_lines_back(store: FakeStore) -> None:
    await file(store, version(0, medicine=listing(medicine("Pinex"))))

    await file(store, version(1, status=DocumentStatus.ENTERED_IN_ERROR))

    assert names_at_discharge(store) == []
    (record,) = store.state.medications.values()
    assert len(record.lists) == len(record.gone) == 1


async def test_version_withdrawn_alone_brings_the_one_before_back(store: FakeStore) -> None:
    first = report(medicine=listing(medicine("Pinex")))
    second = naming(RelationCode.REPLACES, first, medicine=listing(medicine("Furix")))
    await file(store, first)
    await file(store, second)
    assert names_at_discharge(store) == ["Furix"]

    await file(store, naming(RelationCode.REPLACES, second, status=DocumentStatus.ENTERED_IN_ERROR))

    assert names_at_discharge(store) == ["Pinex"]


async def test_same_report_again_is_the_same_filing(store: FakeStore) -> None:
    made = report()
    first = await file(store, made)

    again = await file(store, replace(made, id=report().id))

    assert again.is_repeat
    assert again.filed == first.filed
    assert len(store.happened(DocumentFiled)) == 1


async def test_second_report_is_a_question_to_people(store: FakeStore) -> None:
    await file(store, report(medicine=listing(medicine("Pinex"))))

    filing = await file(store, report(medicine=listing(medicine("Furix", "C03CA01"))))

    assert filing.is_question
    assert sorted(map(str, names_at_discharge(store))) == ["Furix", "Pinex"]


async def test_empty_destination_is_filled_and_marked(store: FakeStore) -> None:
    filing = await file(store, report(suggestions=(HOME, MEALS)))

    assert filing.filed.filled == ("destination",)
    assert store.stay().plan.destination == "home"
    assert store.stay().plan.needs is None
    assert [event.fields for event in store.happened(PlanRevised)] == [("destination",)]


async def test_what_the_ward_typed_is_never_overwritten(store: FakeStore) -> None:
    await store.run(revise_plan, revise(store.stay().id, revision=PlanRevision(destination="hospice")))

    filing = await file(store, report(suggestions=(HOME,)))

    assert filing.filed.filled == ()
    assert store.stay().plan.destination == "hospice"


@pytest.mark.parametrize("status", [DocumentStatus.PRELIMINARY, DocumentStatus.ENTERED_IN_ERROR])
async def test_report_that_does_not_hold_fills_nothing(store: FakeStore, status: DocumentStatus) -> None:
    await file(store, report(status=status, suggestions=(HOME,), medicine=listing(medicine())))

    assert store.stay().plan.destination is None
    assert store.happened(MedicationRevised) == []


async def test_nobody_plans_for_the_dead() -> None:
    store = house()
    await store.run(receive_notice, receive(STIN))
    death = notice(NoticeKind.MORS, episodes=(EPISODE,), deceased=True)
    await store.run(receive_notice, receive(death))

    filing = await file(store, report(suggestions=(HOME,)))

    assert filing.filed.filled == ()


async def test_ward_takes_a_need_over(store: FakeStore) -> None:
    filing = await file(store, report(suggestions=(MEALS, WORDS)))
    taking = TakeSuggestion(caller=ward_nurse(), stay_id=store.stay().id, document_id=filing.filed.id, number=0)

    stay = await store.run(take_suggestion, taking)

    assert stay.plan.needs == frozenset({Need.MEALS})
    with pytest.raises(DocumentError):
        await store.run(take_suggestion, replace(taking, number=1))
    with pytest.raises(NotFoundError):
        await store.run(take_suggestion, replace(taking, number=2))
    with pytest.raises(NotFoundError):
        await store.run(take_suggestion, replace(taking, document_id=report().id))
    with pytest.raises(NotFoundError):
        await store.run(take_suggestion, replace(taking, caller=ward_nurse(OTHER_WARD)))
    with pytest.raises(NotAllowedError):
        await store.run(take_suggestion, replace(taking, caller=home_nurse()))


IN_TIME: dict[str, Any] = {"began_at": ADMITTED_AT, "ended_at": NOW}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"episodes": (EpisodeOfCareId("", EPISODE.value.upper()),)},
        {"episodes": (), **IN_TIME},
        {"episodes": (), "began_at": ADMITTED_AT + MINUTE},
        {"episodes": (), "began_at": NOW + MINUTE},
        {"episodes": (), "ended_at": ADMITTED_AT + MINUTE},
        {"episodes": (), "providers": (), **IN_TIME},
    ],
    ids=[
        "episode",
        "episode-written-otherwise",
        "period",
        "start-alone",
        "written-after-departure",
        "end-alone",
        "no-provider",
    ],
)
async def test_stay_is_found(store: FakeStore, changes: dict[str, Any]) -> None:
    assert (await file(store, report(), subject=replace(ABOUT, **changes))).filed.stay_id == store.stay().id


@pytest.mark.parametrize(
    ("changes", "element"),
    [
        ({"number": None}, "Patient.identifier"),
        ({"number": CprNumber.parse("0101901234")}, "Encounter.identifier"),
        ({"episodes": ()}, "Encounter.identifier"),
        (
            {"episodes": (), "began_at": ADMITTED_AT - 9 * DAY, "ended_at": ADMITTED_AT - 8 * DAY},
            "Encounter.identifier",
        ),
        ({"episodes": (), "began_at": NOW + 2 * DAY}, "Encounter.identifier"),
    ],
    ids=["no-number", "unknown-citizen", "nothing-to-tell-by", "before", "after"],
)
async def test_stay_that_is_not_found_is_refused_and_nothing_kept(
    store: FakeStore, changes: dict[str, Any], element: str
) -> None:
    with pytest.raises(DocumentError) as refused:
        await file(store, report(), subject=replace(ABOUT, **changes))

    assert refused.value.element == element
    assert store.state.documents == {}


async def test_another_hospitals_patient_looks_like_nobody(store: FakeStore) -> None:
    theirs = replace(ABOUT, providers=(PAPER_HOSPITAL,))

    with pytest.raises(DocumentError) as known:
        await file(store, report(), record_system(PAPER_HOSPITAL), theirs)
    stranger = replace(theirs, number=CprNumber.parse("0101901234"))
    with pytest.raises(DocumentError) as unknown:
        await file(store, report(), record_system(PAPER_HOSPITAL), stranger)

    assert str(known.value) == str(unknown.value)


async def test_client_files_for_its_own_and_for_whom_it_was_granted(store: FakeStore) -> None:
    with pytest.raises(NotAllowedError):
        await file(store, report(), record_system(PAPER_HOSPITAL))
    with pytest.raises(NotAllowedError):
        await file(store, report(), home_nurse())

    broker = replace(caller(Role.SYSTEM, NEIGHBOUR), grants=frozenset({HOSPITAL}))
    assert (await file(store, report(), broker)).standing is Standing.IN_FORCE


async def test_person_says_which_stay_a_foreign_report_is_about(store: FakeStore) -> None:
    stay_id = store.stay().id
    foreign = replace(ABOUT, number=None, episodes=(), providers=())

    filing = await file(store, report(), ward_nurse(), foreign, stay_id=stay_id)

    assert filing.filed.by is not None
    assert filing.filed.sender == HOSPITAL
    with pytest.raises(DocumentError):
        await file(store, report(), subject=foreign, stay_id=stay_id)
    with pytest.raises(NotFoundError):
        await file(store, report(), ward_nurse(OTHER_WARD), foreign, stay_id=stay_id)


async def test_named_stay_must_be_the_citizens(store: FakeStore) -> None:
    stay_id = store.stay().id

    assert (await file(store, report(), stay_id=stay_id)).filed.stay_id == stay_id
    other = replace(ABOUT, number=CprNumber.parse("0101901234"))
    with pytest.raises(DocumentError) as refused:
        await file(store, report(), subject=other, stay_id=stay_id)
    assert refused.value.element == "Patient.identifier"


async def test_identifier_used_twice_is_told_to_operators(store: FakeStore) -> None:
    first = report()
    await file(store, first)

    held = await file(store, replace(report(), bundle_key=first.bundle_key))

    assert held.standing is Standing.HELD
    audience = [each.audience for each in store.feeds[FeedId(HOSPITAL)] if each.event is EntryEvent.DOCUMENT_FILED]
    assert audience == [frozenset({Role.OPERATOR})]
