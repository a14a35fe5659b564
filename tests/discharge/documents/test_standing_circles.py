"""Drafts, signatures and documents that name each other in a circle: something final always holds, by its content."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.documents.report import DischargeReport, DocumentStatus, Relation, RelationCode
from discharge.documents.rulings import RulingKind
from discharge.documents.standing import Standing, is_question, lists_of, replaced_by, standings
from tests.discharge.documents.made import DOCUMENT, STAY, filed, later, listing, naming, report, version
from tests.discharge.documents.test_rulings import ruled
from tests.discharge.documents.test_standing import found
from tests.discharge.medication.lines import medicine

S, C = Standing, RelationCode
DRAFT, ERROR = DocumentStatus.PRELIMINARY, DocumentStatus.ENTERED_IN_ERROR
FINAL = (DocumentStatus.FINAL, DocumentStatus.AMENDED)


def saying(made: DischargeReport, *said: tuple[RelationCode, DischargeReport]) -> DischargeReport:
    """The report with what it says it is to others."""
    return replace(made, relations=tuple(Relation(code, target.bundle_key) for code, target in said))


@pytest.mark.parametrize("key", [None, ("urn:document", "2")])
def test_draft_that_names_a_final_report_takes_nothing_out(key: tuple[str, str] | None) -> None:
    final = version(0, medicine=listing(medicine("Pinex")))
    draft = naming(C.REPLACES, final, status=DRAFT, composition_key=key, dated_at=later(1))

    assert found(final, draft) == [S.IN_FORCE, S.PRELIMINARY]
    assert replaced_by(draft, filed(final, draft)) == ()
    (stated,) = lists_of(STAY, filed(final, draft))
    assert [line.name for line in stated.lines] == ["Pinex"]


@pytest.mark.parametrize("code", [C.SIGNS, C.TRANSFORMS])
def test_final_report_that_signs_a_draft_holds_until_the_draft_has_a_newer_version(code: RelationCode) -> None:
    draft = version(0, status=DRAFT)
    signed = naming(code, draft)

    assert found(draft, signed) == [S.PRELIMINARY, S.IN_FORCE]
    assert found(draft, signed, version(1)) == [S.REPLACED, S.REPLACED, S.IN_FORCE]


def test_draft_of_the_same_content_stays_a_draft() -> None:
    final = report()

    assert found(final, naming(C.TRANSFORMS, final, status=DRAFT)) == [S.IN_FORCE, S.PRELIMINARY]


def test_copy_of_a_copy_is_one_and_goes_with_its_original() -> None:
    first = report()
    copy = naming(C.TRANSFORMS, first)
    signed = naming(C.SIGNS, copy)
    newer = naming(C.REPLACES, first)

    assert found(first, copy, signed) == [S.IN_FORCE, S.COPY, S.COPY]
    assert found(first, copy, signed, newer) == [S.REPLACED, S.REPLACED, S.REPLACED, S.IN_FORCE]


def test_copy_of_what_was_withdrawn_is_withdrawn_with_it_and_takes_nobodys_place() -> None:
    first, older = report(), report()
    signed = saying(report(), (C.SIGNS, first), (C.REPLACES, older))
    error = naming(C.REPLACES, first, status=ERROR)

    assert found(first, older, signed) == [S.IN_FORCE, S.REPLACED, S.COPY]
    assert found(first, older, signed, error) == [S.WITHDRAWN, S.IN_FORCE, S.WITHDRAWN, S.WITHDRAWN]
    other = report()
    both = saying(report(), (C.SIGNS, first), (C.SIGNS, other))
    assert found(first, other, both, error) == [S.WITHDRAWN, S.IN_FORCE, S.COPY, S.WITHDRAWN]


def test_version_that_signs_the_one_it_replaces_holds_whatever_became_of_that() -> None:
    first = version(0)
    second = saying(report(), (C.SIGNS, first), (C.REPLACES, first))
    later_version = replace(saying(version(2), (C.SIGNS, first)), relations=(Relation(C.SIGNS, DOCUMENT),))

    assert found(first, second) == [S.REPLACED, S.IN_FORCE]
    assert found(first, later_version) == [S.REPLACED, S.IN_FORCE]
    assert found(first, later_version, version(1, status=ERROR)) == [S.WITHDRAWN, S.IN_FORCE, S.WITHDRAWN]


def test_signature_of_what_is_not_ours_is_not_ours_either() -> None:
    ours, theirs = report(), report()
    signed = naming(C.SIGNS, theirs)
    came, rulings = filed(ours, theirs, signed), ruled((RulingKind.NOT_OURS, theirs, None))

    assert list(standings(came, rulings).values()) == [S.IN_FORCE, S.NOT_OURS, S.NOT_OURS]
    assert replaced_by(signed, came, rulings) == ()


def test_what_a_person_says_of_a_copy_counts_more_than_what_it_says_itself() -> None:
    first = report()
    copy = naming(C.TRANSFORMS, first)

    rulings = ruled((RulingKind.BOTH_COUNT, copy, first))

    assert list(standings(filed(first, copy), rulings).values()) == [S.IN_FORCE, S.IN_FORCE]


@pytest.mark.parametrize("code", [C.SIGNS, C.TRANSFORMS])
@pytest.mark.parametrize(("hours", "first_is"), [(1, S.COPY), (0, S.IN_FORCE)])
def test_of_two_that_repeat_each_other_the_later_holds_or_both(
    code: RelationCode, hours: int, first_is: Standing
) -> None:
    first = report()
    second = naming(code, first, dated_at=later(hours))
    first = saying(first, (code, second))

    assert found(first, second) == [first_is, S.IN_FORCE]
    assert is_question(filed(first, second)) is (hours == 0)


@pytest.mark.parametrize(("code", "others_are"), [(C.REPLACES, S.REPLACED), (C.SIGNS, S.COPY)])
def test_of_three_in_a_circle_the_latest_holds(code: RelationCode, others_are: Standing) -> None:
    one, two, three = (report(dated_at=later(hours)) for hours in (0, 2, 1))
    circle = (saying(one, (code, two)), saying(two, (code, three)), saying(three, (code, one)))

    assert found(*circle) == [others_are, S.IN_FORCE, others_are]
    assert replaced_by(circle[0], filed(*circle)) == ()


def test_circle_whose_latest_nothing_tells_is_a_question() -> None:
    one, two, three = report(), report(), report()
    circle = (saying(one, (C.REPLACES, two)), saying(two, (C.REPLACES, three)), saying(three, (C.REPLACES, one)))

    assert found(*circle) == [S.IN_FORCE] * 3
    assert is_question(filed(*circle))


def test_versions_whose_numbers_and_dates_go_in_a_circle_leave_the_last_by_date() -> None:
    numbered, highest, unnumbered = version(3, version="1"), version(1, version="2"), version(2)

    assert found(numbered, highest, unnumbered) == [S.IN_FORCE, S.REPLACED, S.REPLACED]


def test_what_a_circle_replaces_stays_replaced() -> None:
    older = report()
    one, two = report(), report(dated_at=later(1))
    circle = (saying(one, (C.SIGNS, two), (C.REPLACES, older)), saying(two, (C.SIGNS, one)))

    assert found(older, *circle) == [S.REPLACED, S.COPY, S.IN_FORCE]


@st.composite
def tangled(draw: st.DrawFn) -> list[DischargeReport]:
    """Reports, drafts and summaries that say anything of each other, but for errors."""
    made = [
        report(
            composition_key=draw(st.sampled_from([None, ("urn:document", "1"), ("urn:document", "2")])),
            status=draw(st.sampled_from([*FINAL, DRAFT])),
            version=draw(st.sampled_from([None, "1", "2"])),
            dated_at=later(draw(st.integers(0, 2))),
            type_code=draw(st.sampled_from(["34105-7", "34105-7", "60591-5"])),
        )
        for _ in range(draw(st.integers(1, 5)))
    ]
    keys = sorted({key for each in made for key in each.keys})
    relation = st.builds(Relation, st.sampled_from(RelationCode), st.sampled_from(keys))
    return [replace(each, relations=tuple(draw(st.lists(relation, max_size=2)))) for each in made]


@given(st.data())
def test_where_anything_final_is_and_nothing_in_error_something_final_holds_in_any_order(data: st.DataObject) -> None:
    reports = data.draw(tangled())
    shuffled = data.draw(st.permutations(reports))

    counted = standings(filed(*reports))

    assert counted == standings(filed(*shuffled))
    finals = {each.id for each in reports if each.status in FINAL}
    holding = {each for each, standing in counted.items() if standing is S.IN_FORCE}
    assert holding <= finals
    assert bool(holding) is bool(finals)
    assert S.WITHDRAWN not in counted.values()
    assert {each for each, standing in counted.items() if standing is S.PRELIMINARY}.isdisjoint(finals)


@given(st.data())
def test_one_in_error_takes_out_nothing_that_it_does_not_name_or_repeat(data: st.DataObject) -> None:
    reports = data.draw(tangled())
    error = report(status=ERROR)

    counted = standings(filed(*reports, error))

    assert counted == {**standings(filed(*reports)), error.id: S.WITHDRAWN}
