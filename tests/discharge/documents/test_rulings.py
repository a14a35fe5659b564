"""What people say of documents in question counts beside what the documents say, until it is taken back."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.documents.report import DischargeReport, DocumentId, DocumentStatus, FiledReport, RelationCode
from discharge.documents.rulings import Ruling, RulingKind, holding
from discharge.documents.standing import Standing, is_question, lists_of, may_replace, questions, replaced_by, standings
from discharge.identifiers import PersonId
from discharge.medication.lists import Column
from discharge.task import Person
from tests.discharge.documents.made import STAY, filed, later, listing, naming, report, version
from tests.discharge.documents.test_standing import many
from tests.discharge.medication.lines import medicine
from tests.factories import NOW

S, R = Standing, RulingKind
NURSE = Person(PersonId("nurse"), "Mette")


def ruled(*said: tuple[RulingKind, DischargeReport, DischargeReport | None]) -> list[Ruling]:
    """What somebody said, in that order."""
    return [
        Ruling(
            position=position,
            kind=kind,
            document_id=one.id,
            other_id=None if other is None else other.id,
            at=NOW,
            by=NURSE,
        )
        for position, (kind, one, other) in enumerate(said)
    ]


def found(reports: list[FiledReport], rulings: list[Ruling]) -> list[Standing]:
    return [standings(reports, rulings)[each.id] for each in reports]


def clash(**changes: object) -> tuple[DischargeReport, DischargeReport]:
    """Two of different content under one identifier."""
    first = report(medicine=listing(medicine("Pinex")))
    made = replace(report(medicine=listing(medicine("Furix", "C03CA01"))), bundle_key=first.bundle_key)
    return first, replace(made, **changes)  # type: ignore[arg-type] # the test says which


def named(pairs: tuple[tuple[FiledReport, FiledReport], ...]) -> list[tuple[DocumentId, DocumentId]]:
    return [(one.id, other.id) for one, other in pairs]


def test_one_of_two_rivals_replaces_the_other_and_only_its_list_counts() -> None:
    old, new = report(medicine=listing(medicine("Pinex"))), report(medicine=listing(medicine("Furix", "C03CA01")))
    came, rulings = filed(new, old), ruled((R.REPLACES, new, old))
    assert named(questions(came)) == [(new.id, old.id)]

    assert found(came, rulings) == [S.IN_FORCE, S.REPLACED]
    assert not questions(came, rulings)
    assert not is_question(came, rulings)
    assert replaced_by(new, came, rulings) == (old.id,)
    (stated,) = lists_of(STAY, came, rulings)
    assert [line.name for line in stated.lines] == ["Furix"]


def test_of_three_rivals_each_pair_is_a_question_of_its_own() -> None:
    one, two, three = report(), report(), report()
    came = filed(one, two, three)
    assert len(questions(came)) == 3

    rulings = ruled((R.BOTH_COUNT, one, two), (R.REPLACES, three, one))

    assert found(came, rulings) == [S.REPLACED, S.IN_FORCE, S.IN_FORCE]
    assert named(questions(came, rulings)) == [(two.id, three.id)]
    assert is_question(came, rulings)


def test_document_that_is_not_ours_counts_for_nothing_and_takes_nobody_out() -> None:
    ours = version(0)
    theirs = version(1)
    came, rulings = filed(ours, theirs), ruled((R.NOT_OURS, theirs, None))

    assert found(came, rulings) == [S.IN_FORCE, S.NOT_OURS]
    assert replaced_by(theirs, came, rulings) == ()
    assert not questions(came, rulings)


def test_held_document_counts_beside_the_first_or_instead_of_it() -> None:
    first, held = clash()
    came = filed(first, held)
    assert named(questions(came)) == [(first.id, held.id)]
    assert not is_question(came)

    assert found(came, ruled((R.BOTH_COUNT, held, first))) == [S.IN_FORCE, S.IN_FORCE]
    assert found(came, ruled((R.REPLACES, held, first))) == [S.REPLACED, S.IN_FORCE]
    assert found(came, ruled((R.REPLACES, first, held))) == [S.IN_FORCE, S.REPLACED]
    assert found(came, ruled((R.NOT_OURS, held, None))) == [S.IN_FORCE, S.NOT_OURS]
    assert found(came, ruled((R.NOT_OURS, first, None))) == [S.NOT_OURS, S.IN_FORCE]
    assert replaced_by(held, came) == ()


def test_held_versions_of_one_document_both_count_when_a_person_says_so() -> None:
    first, held = clash(composition_key=("urn:document", "9"), dated_at=later(1))
    first = replace(first, composition_key=held.composition_key)
    came = filed(first, held)

    assert found(came, ruled((R.BOTH_COUNT, held, first))) == [S.IN_FORCE, S.IN_FORCE]
    assert found(came, ruled((R.REPLACES, first, held))) == [S.IN_FORCE, S.REPLACED]


def test_held_document_entered_in_error_withdraws_the_first_when_a_person_says_that_it_replaces_it() -> None:
    first, held = clash(status=DocumentStatus.ENTERED_IN_ERROR)
    came = filed(first, held)

    assert found(came, ruled((R.REPLACES, held, first))) == [S.WITHDRAWN, S.WITHDRAWN]
    assert found(came, ruled((R.BOTH_COUNT, held, first))) == [S.IN_FORCE, S.WITHDRAWN]


def test_newer_of_two_that_is_withdrawn_afterwards_leaves_the_other_in_its_place() -> None:
    old, new = report(), report()
    error = naming(RelationCode.REPLACES, new, status=DocumentStatus.ENTERED_IN_ERROR)

    assert found(filed(old, new, error), ruled((R.REPLACES, new, old))) == [S.IN_FORCE, S.WITHDRAWN, S.WITHDRAWN]


def test_word_that_was_taken_back_counts_no_more() -> None:
    old, new = report(), report()
    rulings = ruled((R.REPLACES, new, old), (R.TAKEN_BACK, new, old), (R.BOTH_COUNT, new, old))
    rulings[1] = replace(rulings[1], takes_back=0)

    assert found(filed(old, new), rulings[:2]) == [S.IN_FORCE, S.IN_FORCE]
    assert is_question(filed(old, new), rulings[:2])
    assert holding(rulings) == (rulings[2],)
    assert not is_question(filed(old, new), rulings)


@pytest.mark.parametrize("hours", [0, 1])
def test_patient_summary_is_never_a_version_of_a_report_nor_in_question_with_one(hours: int) -> None:
    said = report(
        type_code="60591-5",
        composition_key=("urn:document", "1"),
        dated_at=later(hours),
        medicine=(
            replace(listing(medicine("Pinex"))[0], column=Column.BEFORE),
            listing(medicine("Furix", "C03CA01"))[0],
        ),
    )
    ours = replace(naming(RelationCode.REPLACES, said), composition_key=("urn:document", "1"))
    came = filed(ours, said)

    assert found(came, []) == [S.IN_FORCE, S.IN_FORCE]
    assert not questions(came)
    assert [each.column for each in lists_of(STAY, came)] == [Column.BEFORE]
    error = naming(RelationCode.REPLACES, ours, status=DocumentStatus.ENTERED_IN_ERROR, type_code="60591-5")
    assert found(filed(ours, error), []) == [S.IN_FORCE, S.WITHDRAWN]


@given(st.data())
def test_whatever_is_said_settles_every_question_loses_no_report_and_can_be_taken_back(data: st.DataObject) -> None:
    reports = data.draw(many())
    if data.draw(st.booleans()):
        reports[-1] = replace(reports[-1], bundle_key=reports[0].bundle_key)
    came = filed(*reports)
    before, rulings = standings(came), list[Ruling]()

    while pairs := questions(came, rulings):
        one, other = data.draw(st.permutations(data.draw(st.sampled_from(pairs))))
        is_version = may_replace(one.report, other.report)
        kind = data.draw(st.sampled_from((R.REPLACES, R.BOTH_COUNT) if is_version else (R.BOTH_COUNT,)))
        (said,) = ruled((kind, one.report, other.report))
        rulings.append(replace(said, position=len(rulings)))

    after = standings(came, rulings)
    assert after.keys() == before.keys()
    if S.HELD not in before.values():
        assert (S.IN_FORCE in after.values()) is (S.IN_FORCE in before.values())
    undone = [
        replace(each, kind=R.TAKEN_BACK, takes_back=each.position, position=len(rulings) + each.position)
        for each in rulings
    ]
    assert standings(came, [*rulings, *undone]) == before
