"""A report as it was sent: its names, its sections in order, and the time that it speaks of."""

from discharge.documents.report import DocumentId
from tests.discharge.documents.made import DOCUMENT, filed, later, report, section


def test_report_is_named_by_version_and_by_document() -> None:
    alone, named = report(), report(composition_key=DOCUMENT)

    assert alone.keys == {alone.bundle_key}
    assert named.keys == {named.bundle_key, DOCUMENT}


def test_sections_are_walked_in_their_order() -> None:
    inner = section(title="b", sections=(section(title="c"),))
    made = report(sections=(section(title="a", sections=(inner,)), section(title="d")))

    assert [each.title for each in made.all_sections] == ["a", "b", "c", "d"]


def test_report_without_a_full_date_speaks_of_its_assembly() -> None:
    assert report(dated_at=None, assembled_at=later(2)).stated_at == later(2)
    assert report(dated_at=later(1), assembled_at=later(2)).stated_at == later(1)


def test_filed_report_has_the_id_of_its_report() -> None:
    (made,) = filed(report(id=DocumentId("x")))

    assert made.id == "x"
