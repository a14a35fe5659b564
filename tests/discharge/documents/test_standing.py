"""Which documents of a stay hold: what they say of each other decides, and never the order in which they came."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.documents.report import DischargeReport, DocumentStatus, Relation, RelationCode
from discharge.documents.standing import Standing, is_question, lists_of, replaced_by, standings
from discharge.medication.lists import Saying
from tests.discharge.documents.made import DOCUMENT, STAY, filed, later, listing, naming, report, version
from tests.discharge.medication.lines import medicine


def replace_of(key: tuple[str, str]) -> Relation:
    """That a document takes the place of the one called ``key``."""
    return Relation(RelationCode.REPLACES, key)


S = Standing
DRAFT, ERROR = DocumentStatus.PRELIMINARY, DocumentStatus.ENTERED_IN_ERROR


def found(*reports: DischargeReport) -> list[Standing]:
    """What each counts for, in whatever order they came: the order must not matter."""
    forward, backward = standings(filed(*reports)), standings(filed(*reversed(reports)))
    assert forward == backward
    return [forward[each.id] for each in reports]


def test_report_alone_holds() -> None:
    assert found(report()) == [S.IN_FORCE]
    assert not is_question(filed(report()))


def test_later_version_of_the_same_document_replaces_whichever_came_first() -> None:
    first, second = version(0), version(1)

    assert found(first, second) == [S.REPLACED, S.IN_FORCE]
    assert replaced_by(second, filed(second, first)) == (first.id,)
    assert not is_question(filed(first, second))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (version(0, version="1"), version(0, version="2")),
        (version(5, version="1"), version(0, version="2.5")),
        (version(0, version="a"), version(1, version="b")),
        (version(0, version="NaN"), version(1, version="1")),
        (version(0), version(0, assembled_at=later(1))),
        (version(0, dated_at=None), version(0, assembled_at=later(1))),
    ],
    ids=["number", "number-before-date", "words", "no-number", "assembly", "no-date"],
)
def test_number_then_date_then_assembly_tell_the_later_version(older: DischargeReport, newer: DischargeReport) -> None:
    assert found(older, newer) == [S.REPLACED, S.IN_FORCE]


def test_two_versions_that_nothing_tells_apart_both_hold_and_are_a_question() -> None:
    both = (version(0), version(0))

    assert found(*both) == [S.IN_FORCE, S.IN_FORCE]
    assert is_question(filed(*both))


def test_report_that_names_another_replaces_it() -> None:
    first = report()
    second = naming(RelationCode.REPLACES, first)

    assert found(first, second) == [S.REPLACED, S.IN_FORCE]


def test_naming_the_document_across_versions_replaces_it() -> None:
    first = version(0)
    second = replace(naming(RelationCode.REPLACES, first), relations=(replace_of(DOCUMENT),))

    assert found(first, second) == [S.REPLACED, S.IN_FORCE]


def test_naming_the_version_before_is_enough_though_the_dates_say_otherwise() -> None:
    first = version(0)
    second = naming(RelationCode.REPLACES, first, composition_key=DOCUMENT, dated_at=first.dated_at)

    assert found(first, second) == [S.REPLACED, S.IN_FORCE]


@pytest.mark.parametrize(("hours", "standing"), [(1, S.REPLACED), (0, S.IN_FORCE)])
def test_of_two_that_replace_each_other_the_later_holds_if_there_is_one(hours: int, standing: Standing) -> None:
    first = report()
    second = naming(RelationCode.REPLACES, first, dated_at=later(hours))
    first = replace(first, relations=(replace_of(second.bundle_key),))

    assert found(first, second) == [standing, S.IN_FORCE]


def test_unrelated_reports_stand_side_by_side_as_a_question() -> None:
    both = (report(), report())

    assert found(*both) == [S.IN_FORCE, S.IN_FORCE]
    assert is_question(filed(*both))


def test_appendix_adds_and_is_no_question() -> None:
    first = report()
    both = (first, naming(RelationCode.APPENDS, first))

    assert found(*both) == [S.IN_FORCE, S.IN_FORCE]
    assert not is_question(filed(*both))


@pytest.mark.parametrize("code", [RelationCode.TRANSFORMS, RelationCode.SIGNS])
def test_same_content_in_another_form_states_nothing_of_its_own(code: RelationCode) -> None:
    first = report()

    assert found(first, naming(code, first)) == [S.IN_FORCE, S.COPY]
    assert found(naming(code, first)) == [S.IN_FORCE]


def test_preliminary_report_is_shown_as_such_and_takes_no_final_one_out() -> None:
    assert found(report(status=DRAFT)) == [S.PRELIMINARY]
    assert found(version(0, status=DRAFT), version(1)) == [S.REPLACED, S.IN_FORCE]
    assert found(version(0), version(1, status=DRAFT)) == [S.IN_FORCE, S.PRELIMINARY]


def test_entered_in_error_withdraws_the_document_and_no_version_after_it() -> None:
    assert found(report(status=ERROR)) == [S.WITHDRAWN]
    assert found(version(0), version(1, status=ERROR)) == [S.WITHDRAWN, S.WITHDRAWN]
    assert found(version(0, status=ERROR), version(1)) == [S.WITHDRAWN, S.IN_FORCE]
    first = report()
    assert found(first, naming(RelationCode.REPLACES, first, status=ERROR), report()) == [
        S.WITHDRAWN,
        S.WITHDRAWN,
        S.IN_FORCE,
    ]


def test_other_content_under_a_used_identifier_is_held() -> None:
    first = report()
    other, same = replace(report(), bundle_key=first.bundle_key), replace(first, id=report().id)

    assert list(standings(filed(first, other)).values()) == [S.IN_FORCE, S.HELD]
    assert standings(filed(first, same))[same.id] is S.IN_FORCE


def test_lists_of_what_holds_are_stated_together_in_one() -> None:
    first = report(medicine=listing(medicine("Pinex"), text="Pinex"))
    appendix = naming(RelationCode.APPENDS, first, dated_at=later(1), medicine=listing(medicine("Furix")))

    forward, backward = lists_of(STAY, filed(first, appendix)), lists_of(STAY, filed(appendix, first))

    (stated,) = forward
    assert [line.name for line in stated.lines] == ["Pinex", "Furix"]
    assert (stated.as_of, stated.text) == (later(1), "Pinex")
    assert [each.id for each in forward] == [each.id for each in backward]


def test_silence_never_takes_a_line_out_and_none_is_said_only_where_nobody_says_more() -> None:
    listed = report(medicine=listing(medicine()))
    none = report(medicine=listing(saying=Saying.NONE_KNOWN))
    words = report(medicine=listing(saying=Saying.NOT_KNOWN, why_empty="text-only", text="Pinex"))

    assert [each.saying for each in lists_of(STAY, filed(none, listed))] == [Saying.LISTED]
    assert [each.saying for each in lists_of(STAY, filed(none, words))] == [Saying.NOT_KNOWN]
    assert [each.saying for each in lists_of(STAY, filed(none))] == [Saying.NONE_KNOWN]
    assert [each.saying for each in lists_of(STAY, filed(listed, words))] == [Saying.LISTED, Saying.NOT_KNOWN]
    assert lists_of(STAY, filed(report())) == ()


def test_what_does_not_hold_states_no_medicine() -> None:
    said = listing(medicine())
    replaced, draft = version(0, medicine=said), report(status=DRAFT, medicine=said)

    assert lists_of(STAY, filed(replaced, version(1), draft)) == ()


@st.composite
def many(draw: st.DrawFn) -> list[DischargeReport]:
    """Versions of two documents, some naming others."""
    made: list[DischargeReport] = []
    for _ in range(draw(st.integers(1, 6))):
        key = draw(st.sampled_from([None, ("urn:document", "1"), ("urn:document", "2")]))
        status = draw(st.sampled_from(list(DocumentStatus)))
        each = report(composition_key=key, status=status, dated_at=later(draw(st.integers(0, 3))))
        if made:
            named, code = draw(st.sampled_from(made)), draw(st.sampled_from([None, *RelationCode]))
            if code is not None:
                each = replace(each, relations=naming(code, named).relations)
        made.append(each)
    return made


@given(st.data())
def test_order_of_arrival_decides_nothing(data: st.DataObject) -> None:
    reports = data.draw(many())
    shuffled = data.draw(st.permutations(reports))

    assert standings(filed(*reports)) == standings(filed(*shuffled))
