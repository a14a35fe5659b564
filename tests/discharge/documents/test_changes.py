"""What a newer version says otherwise: sections that came, went or changed, line by line."""

from dataclasses import replace

from discharge.documents.changes import LineChange, SectionWork, difference
from discharge.documents.report import Section, Statement
from tests.discharge.documents.made import report, section


def works(before: tuple[Section, ...], after: tuple[Section, ...]) -> list[tuple[SectionWork, str]]:
    return [(each.work, each.section.title) for each in difference(report(sections=before), report(sections=after))]


def test_same_sections_are_no_difference() -> None:
    assert works((section("a"),), (section("a"),)) == []


def test_sections_are_known_by_code_whatever_their_title_and_order() -> None:
    one, two = section("a"), section("b", code="18776-5", title="Plan")

    assert works((one, two), (two, replace(one, title="Course"))) == []


def test_sections_that_came_and_went_are_told() -> None:
    plan = section("b", code="18776-5", title="Plan")

    assert works((section("a"),), (section("a"), plan)) == [(SectionWork.ADDED, "Plan")]
    assert works((section("a"), plan), (section("a"),)) == [(SectionWork.REMOVED, "Plan")]


def test_lines_that_came_and_went_are_told() -> None:
    (change,) = difference(report(sections=(section("a", "b", "c"),)), report(sections=(section("a", "B", "c", "d"),)))

    assert change.work is SectionWork.CHANGED
    assert change.lines == (LineChange(False, "b"), LineChange(True, "B"), LineChange(True, "d"))


def test_statements_and_reasons_count_as_lines() -> None:
    said = Statement(kind="Observation", words="Gå: med rollator", place="x")

    assert works((section(),), (section(statements=(said,)),)) == [(SectionWork.CHANGED, "Forløb")]
    assert works((section(),), (section(empty_reason="nilknown"),)) == [(SectionWork.CHANGED, "Forløb")]


def test_nested_and_repeated_sections_and_those_without_code_are_kept_apart() -> None:
    vitals = section("80 kg", code="8716-3", title="Målinger")
    local = section("x", code=None, title="Særligt")
    before = (section("a", sections=(vitals,)), vitals, local)

    assert works(before, (section("a", sections=(replace(vitals, lines=("79 kg",)),)), vitals, local)) == [
        (SectionWork.CHANGED, "Målinger")
    ]
    assert works(before, (section("a", sections=(vitals, vitals)), vitals, local)) == [(SectionWork.ADDED, "Målinger")]


def test_resource_of_which_only_the_kind_is_known_is_no_line() -> None:
    silent = tuple(Statement(kind="DocumentReference", words=words, place="x") for words in ("", "DocumentReference"))
    said = Statement(kind="Condition", words="Hoftebrud", place="x")
    assert [each.says_something for each in (*silent, said)] == [False, False, True]

    before, after = section("a"), section("a", statements=(*silent, said))

    (change,) = difference(report(sections=(before,)), report(sections=(after,)))
    assert change.lines == (LineChange(True, "Hoftebrud"),)
