"""A body in XML is read as the same message in JSON."""

from __future__ import annotations

import pytest

from fhir_mappings import xml_text, xml_writing
from fhir_mappings.xhtml import words_of, written
from tests.cost import passes, seconds
from tests.fhir_mappings.xml_bodies import XHTML, refusal, resource, xml


def test_values_have_the_type_of_their_element() -> None:
    found = resource(
        '<deceasedBoolean value="false"/><multipleBirthInteger value="2"/><birthDate value="1950-04-04"/>'
        '<extension url="u"><valueDecimal value="1.50"/></extension><extension url="v"><valueDecimal value="3"/>'
        "</extension>",
        "Patient",
    )

    assert found == {
        "resourceType": "Patient",
        "deceasedBoolean": False,
        "multipleBirthInteger": 2,
        "birthDate": "1950-04-04",
        "extension": [{"url": "u", "valueDecimal": 1.5}, {"url": "v", "valueDecimal": 3}],
    }
    assert isinstance(found["extension"][1]["valueDecimal"], int)


@pytest.mark.parametrize(
    "content",
    [
        '<deceasedBoolean value="TRUE"/>',
        '<multipleBirthInteger value="01"/>',
        '<multipleBirthInteger value="9999999999999999999"/>',
        '<extension url="u"><valueDecimal value="1e999"/></extension>',
        '<extension url="u"><valueDecimal value="1,5"/></extension>',
        '<extension url="u"><valueDecimal value="9999999999999999999999"/></extension>',
    ],
)
def test_a_value_that_is_none_of_its_type_is_left_for_the_rules(content: str) -> None:
    found = resource(content, "Patient")

    [value] = [each for name, each in found.items() if name != "resourceType"]
    assert isinstance(value, str) or isinstance(value[0]["valueDecimal"], str)


def test_what_may_repeat_is_a_list_even_when_it_stands_once() -> None:
    found = resource('<name><family value="A"/><given value="B"/></name>', "Patient")

    assert found["name"] == [{"family": "A", "given": ["B"]}]


def test_what_may_stand_once_and_stands_again_is_a_list_which_no_rule_takes() -> None:
    found = resource('<gender value="male"/><gender value="female"/><gender value="other"/>', "Patient")

    assert found["gender"] == ["male", "female", "other"]


def test_what_stands_beside_a_primitive_is_beside_it_in_json() -> None:
    reason = '<extension url="u"><valueCode value="masked"/></extension>'
    beside = {"extension": [{"url": "u", "valueCode": "masked"}]}

    found = resource(
        f'<name><family id="f">{reason}</family><given value="A"/><given id="g" value="B"/><given>{reason}</given>'
        '<given value="C"/></name>',
        "Patient",
    )

    assert found["name"] == [
        {
            "_family": {"id": "f", **beside},
            "given": ["A", "B", None, "C"],
            "_given": [None, {"id": "g"}, beside, None],
        }
    ]
    assert xml_text.parse(xml_writing.write(found)) == found


def test_an_element_without_a_value_is_an_empty_text() -> None:
    found = resource("<gender/><name><given/></name>", "Patient")

    assert (found["gender"], found["name"]) == ("", [{"given": [""]}])


def test_ids_of_elements_are_attributes_and_ids_of_resources_are_elements() -> None:
    found = resource('<id value="p"/><name id="n"><family value="A"/></name>', "Patient")

    assert (found["id"], found["name"][0]["id"]) == ("p", "n")


def test_contained_resources_and_entries_are_resources() -> None:
    found = xml_text.parse(
        xml(
            '<entry><fullUrl value="u"/><resource><Patient><contained><Organization><id value="o"/></Organization>'
            "</contained></Patient></resource></entry><entry><resource/></entry>"
            "<entry><resource><Basic/><Basic/><Basic/></resource></entry>"
            "<entry><resource><Nonsense><a value='1'/></Nonsense></resource></entry>"
        )
    )

    assert found["entry"] == [
        {
            "fullUrl": "u",
            "resource": {"resourceType": "Patient", "contained": [{"resourceType": "Organization", "id": "o"}]},
        },
        {"resource": {}},
        {"resource": [{"resourceType": "Basic"}, {"resourceType": "Basic"}, {"resourceType": "Basic"}]},
        {"resource": {"resourceType": "Nonsense", "a": "1"}},
    ]


def test_elements_that_fhir_does_not_know_are_kept_for_the_rules() -> None:
    found = resource(
        '<colour value="red"/><shape><side value="1"/><side value="2"/></shape><empty/><name value="x"/>', "Patient"
    )

    assert found["colour"] == "red"
    assert found["shape"] == {"side": ["1", "2"]}
    assert found["empty"] == ""
    assert found["name"] == [{"value": "x"}]


def test_a_narrative_is_the_text_that_json_holds() -> None:
    div = (
        f'<div xmlns="{XHTML}" class="a&quot;b" xml:lang="da"><p>Åse &amp; <b>&#60;x&#62;</b><br/></p><!-- no --></div>'
    )

    found = resource(f'<text><status value="generated"/>{div}</text>', "Patient")

    expected = f'<div xmlns="{XHTML}" class=\'a"b\' xml:lang="da"><p>Åse &amp; <b>&lt;x&gt;</b><br/></p></div>'
    assert found["text"] == {"status": "generated", "div": expected}
    assert xml_text.parse(xml_writing.write(found)) == found
    assert words_of(expected) == words_of(div.replace("<!-- no -->", "")) == "Åse & <x>"


def test_a_narrative_keeps_what_is_not_xhtml_and_loses_attributes_of_others() -> None:
    found = resource(
        f'<text><status value="generated"/><div xmlns="{XHTML}" xmlns:o="urn:o" o:a="1"><svg xmlns="urn:svg"/></div>'
        "</text>",
        "Patient",
    )

    assert found["text"]["div"] == f'<div xmlns="{XHTML}"><svg xmlns="urn:svg"/></div>'


@pytest.mark.parametrize(
    "div",
    [
        "no markup <at all",
        "<p>another element</p>",
        f'<!DOCTYPE div><div xmlns="{XHTML}">no</div>',
        f'<div xmlns="{XHTML}">&nbsp;x</div>',
    ],
)
def test_a_narrative_that_is_not_well_formed_is_written_as_its_words(div: str) -> None:
    text = written(div)

    assert text.startswith(f'<div xmlns="{XHTML}">')
    assert written(text) == text


def test_comments_instructions_and_schema_locations_are_passed_over() -> None:
    found = xml_text.parse(
        b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?><?do nothing?><!-- x -->\n'
        b'<Bundle xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        b'xsi:schemaLocation="http://hl7.org/fhir x.xsd">\n  <type value="message"/><!-- y --> </Bundle>'
    )

    assert found == {"resourceType": "Bundle", "type": "message"}


BOMB = b'<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;">]><Bundle xmlns="http://hl7.org/fhir"/>'


@pytest.mark.parametrize(
    ("body", "rule", "code"),
    [
        (BOMB, "xml-doctype", "structure"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "xml-doctype", "structure"),
        (b'<!DOCTYPE a [<!ENTITY e SYSTEM "http://x.example/">]><a>&e;</a>', "xml-doctype", "structure"),
        (xml("&undeclared;"), "xml-syntax", "structure"),
        (b"", "xml-syntax", "structure"),
        (xml("<type")[:-12], "xml-syntax", "structure"),
        (xml('<type value="&#0;"/>'), "xml-syntax", "structure"),
        (xml('<type value="&#xD800;"/>'), "xml-syntax", "structure"),
        (xml('<type value="a" value="b"/>'), "xml-syntax", "structure"),
        (b"\xff\xfe<\x00a\x00", "xml-encoding", "structure"),
        (b'<?xml version="1.0" encoding="iso-8859-1"?><a/>', "xml-encoding", "structure"),
        ("<Bundle xmlns='http://hl7.org/fhir'/>".encode("utf-16-le"), "xml-encoding", "structure"),
        ("<Bundle xmlns='http://hl7.org/fhir'/>".encode("utf-16-be"), "xml-encoding", "structure"),
        (b"<Bundle/>", "xml-namespace", "structure"),
        (xml('<type xmlns="urn:x" value="message"/>'), "xml-namespace", "structure"),
        (
            xml('<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'),
            "xml-namespace",
            "structure",
        ),
        (xml('<type colour="red" value="message"/>'), "xml-attribute", "structure"),
        (xml("<type>message</type>"), "xml-text", "structure"),
        (xml("<a>" * 64 + "</a>" * 64), "xml-depth", "structure"),
        (b'<a xmlns="http://hl7.org/fhir">' * 1_000_000, "xml-depth", "structure"),
        (
            xml(
                f'<entry><resource><Patient><text><div xmlns="{XHTML}">{"<p>" * 70}</div></text></Patient></resource>'
                "</entry>"
            ),
            "xml-depth",
            "structure",
        ),
    ],
)
def test_what_is_not_xml_as_we_take_it_is_refused(body: bytes, rule: str, code: str) -> None:
    issue = refusal(body)

    assert (issue.rule, issue.code, issue.severity) == (rule, code, "error")
    assert passes(lambda: refusal(body), len(body)) < 30


def test_a_refusal_names_the_element() -> None:
    issue = refusal(xml("<entry><resource><Patient><name>Sille</name></Patient></resource></entry>"))

    assert issue.expression == "Bundle.entry.resource.Patient.name"
    assert "Sille" not in issue.text


def test_sixty_four_levels_are_taken() -> None:
    assert xml_text.parse(xml("<a>" * 63 + "</a>" * 63))["resourceType"] == "Bundle"


@pytest.mark.no_cover
def test_a_wide_document_is_read_in_linear_time() -> None:
    def wide(width: int) -> bytes:
        return xml("<entry><fullUrl value='urn:x'/></entry>" * width + "<entry><resource><a b='" + "x" * width + "'/>")

    few, many = wide(3_000), wide(30_000)
    assert seconds(lambda: refusal(many)) < 40 * seconds(lambda: refusal(few))
