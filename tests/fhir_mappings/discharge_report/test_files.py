"""Files of a document: what they show counts, HTML is never handed out, addresses are never fetched."""

import pytest

from fhir_mappings.discharge_report.files import file_content
from tests.fhir_mappings.discharge_report.reading import found_in, read
from tests.reports import PDF, Json, attachment, body, composition, report, section, whole


def with_file(attached: Json) -> Json:
    return whole(file={"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": attached}]})


def test_file_is_known_by_its_content_and_stands_in_its_section() -> None:
    made = read(whole()).report

    (file,) = made.files
    assert (file.title, file.media_type, file.size) == ("Epikrise", "application/pdf", len(PDF))
    assert [each.title for each in made.all_sections if each.files == (0,)] == ["Bilag"]


@pytest.mark.parametrize(
    ("attached", "shown"),
    [
        (attachment(b"\x89PNG\r\n\x1a\nx", "image/png"), "image/png"),
        (attachment(b"hej", "text/plain; charset=utf-8"), "text/plain"),
    ],
)
def test_allowed_files_are_taken(attached: Json, shown: str) -> None:
    made = with_file(attached)

    assert [each.media_type for each in read(made).report.files] == [shown]
    assert found_in(made) == {}


@pytest.mark.parametrize(
    ("attached", "element"),
    [
        (attachment(b"<!DOCTYPE html><script>1</script>"), "contentType"),
        (attachment(b" \n<html>", "text/plain"), "contentType"),
        (attachment(b"PK\x03\x04", "application/zip"), "contentType"),
        (attachment(b"GIF89a", "image/gif"), "contentType"),
        (attachment(b"\xff\x00", "text/plain"), "contentType"),
        (attachment(b"a\x00b", "text/plain"), "contentType"),
        (attachment() | {"data": "not base64!"}, "data"),
        ({"contentType": "application/pdf", "url": "https://evil.example/x.pdf"}, "url"),
    ],
    ids=["pdf-that-is-html", "text-that-is-html", "zip", "gif", "no-utf-8", "nul", "no-base64", "address"],
)
def test_other_files_are_kept_and_never_shown(attached: Json, element: str) -> None:
    made = with_file(attached)

    (file,) = read(made).report.files
    assert file.media_type is None
    assert found_in(made)["stafet-document-file"] == f"{file.place}.{element}"


def test_file_that_is_called_another_type_is_what_it_shows() -> None:
    made = with_file(attachment(kind="image/png"))

    assert [each.media_type for each in read(made).report.files] == ["application/pdf"]
    assert set(found_in(made)) == {"stafet-document-file"}


def test_file_of_which_only_the_name_came_is_named() -> None:
    made = with_file({"title": "Epikrise"})

    assert [(each.title, each.sha256) for each in read(made).report.files] == [("Epikrise", None)]
    assert found_in(made) == {}


def test_authors_rendering_and_binaries_are_files_too() -> None:
    rendered = {"url": "https://hl7.cz/fhir/core/StructureDefinition/presentedForm", "valueAttachment": attachment()}
    header = composition(section("77599-9", "Bilag", None, "binary"), extension=[{"url": "x"}, rendered])
    binary = {"resourceType": "Binary", "contentType": "application/pdf", "data": attachment()["data"]}
    made = report(header=header, binary=binary)

    found = read(made).report
    assert [each.media_type for each in found.files] == ["application/pdf"] * 2
    assert found.sections[0].files == (1,)
    assert [file_content(body(made), number) for number in (0, 1, 2)] == [PDF, PDF, None]


def test_report_may_be_a_file_and_nothing_else() -> None:
    rendered = {"url": "https://hl7.cz/fhir/core/StructureDefinition/presentedForm", "valueAttachment": attachment()}
    header = composition(extension=[rendered])
    del header["section"]

    found = read(report(header=header)).report
    assert (len(found.files), found.sections, found.medicine) == (1, (), ())
