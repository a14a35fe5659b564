"""A report as it was sent: its names, its sections in order, and the time that it speaks of."""

from dataclasses import replace

from discharge.documents.report import DocumentFile, DocumentId
from discharge.documents.standing import lists_of
from discharge.medication.lists import Column, Saying
from tests.discharge.documents.made import DOCUMENT, STAY, filed, later, listing, report, section
from tests.discharge.medication.lines import medicine


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


def a_file(
    title: str | None = None, media_type: str | None = None, said_type: str | None = None, sha256: str | None = None
) -> DocumentFile:
    place = "Bundle.entry[3].resource"
    return DocumentFile(title=title, media_type=media_type, said_type=said_type, size=9, sha256=sha256, place=place)


def test_file_is_called_by_its_title_else_by_its_type() -> None:
    files = (
        a_file("Brev.pdf", "application/pdf"),
        a_file(None, "image/png"),
        a_file(None, None, "text/html"),
        a_file(),
    )

    assert [each.name for each in files] == ["Brev.pdf", "image/png", "text/html", "?"]


def test_report_that_only_brings_files_states_that_somebody_has_to_read_them() -> None:
    made = report(files=(a_file("Udskrivningsbrev.pdf", "application/pdf"), a_file(None, "image/png")))

    (stated,) = lists_of(STAY, filed(made))

    assert (stated.column, stated.saying, stated.why_empty) == (Column.AT_DISCHARGE, Saying.NOT_REPORTED, "in-file")
    assert stated.text == "Udskrivningsbrev.pdf\nimage/png"
    (line,) = stated.all_lines
    assert line.is_words


def test_other_content_under_the_same_name_is_something_else_to_read_and_the_same_content_is_not() -> None:
    read, resent, other = (report(files=(a_file("Brev.pdf", sha256=digest * 64),)) for digest in "aab")

    said = [lists_of(STAY, filed(each))[0].all_lines[0].said for each in (read, resent, other)]

    assert said[0] == said[1] != said[2]
    (file,) = read.files
    assert file.marked_name.startswith("Brev.pdf (")
    assert not any(character.isdigit() for character in file.marked_name)


def test_files_beside_a_list_or_none_at_all_state_nothing_more() -> None:
    listed = report(files=(a_file("Brev.pdf"),), medicine=listing(medicine("Pinex")))

    assert listed.stated == listed.medicine
    assert report().stated == ()


def test_patient_summary_states_what_was_taken_before_and_nothing_of_its_files() -> None:
    (after,) = listing(medicine("Furix", "C03CA01"))
    before = replace(after, column=Column.BEFORE)
    made = report(type_code="60591-5", files=(a_file("Resumé.pdf"),), medicine=(before, after))

    assert made.stated == (before,)
    assert replace(made, medicine=()).stated == ()


def test_header_says_what_it_is_and_nothing_of_anybody() -> None:
    made = report(composition_key=DOCUMENT, medicine=listing(medicine("Pinex")), authors=("Ida Læge",))

    header = made.header

    assert (header.keys, header.type_code, header.stated_at) == (made.keys, made.type_code, made.stated_at)
    assert (header.title, header.authors, header.sections, header.stated) == ("", (), (), ())
