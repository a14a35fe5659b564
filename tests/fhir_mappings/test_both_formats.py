"""What is said in one format is said in the other, and comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_mappings import wire, xml_text, xml_writing
from fhir_mappings.elements import Json
from fhir_mappings.errors import JsonTextError, MappingError, XmlTextError
from fhir_mappings.medcom.intake import LetterRead, NoticeRead, Read, Refused, read_message
from fhir_mappings.wire import Format, format_of, parse_resource, rendered
from tests.fhir_mappings.medcom.rich import rich_notification, rich_receipt
from tests.fhir_mappings.messages import NOW, acknowledgement, body, notification
from tests.fhir_mappings.xml_bodies import canonical, xml

EXAMPLES = Path(__file__).parents[3] / "shared" / "medcom" / "examples"
PUBLISHED = sorted(EXAMPLES.glob("*.json"))
PUBLISHED_XML = sorted((EXAMPLES / "xml").glob("*.xml"))
FIXTURES = sorted((Path(__file__).parents[1] / "fixtures" / "fhir").glob("*.json"))


@pytest.mark.parametrize("made", [notification(kind) for kind in ("STIN", "STOR", "SLHJ")] + [rich_notification()])
def test_the_same_notification_in_both_formats_gives_the_same_result(made: dict[str, Json]) -> None:
    as_json = read_message(body(made), now=NOW, media=Format.JSON)
    as_xml = read_message(xml_writing.write(made), now=NOW, media=Format.XML)

    assert isinstance(as_json, NoticeRead)
    assert_same(as_json, as_xml)


@pytest.mark.parametrize("made", [acknowledgement(), rich_receipt()])
def test_the_same_receipt_in_both_formats_gives_the_same_result(made: dict[str, Json]) -> None:
    assert_same(read_message(body(made), now=NOW), read_message(xml_writing.write(made), now=NOW))


def assert_same(first: Read, second: Read) -> None:
    """Everything but the bytes."""
    assert first.envelope.fingerprint == second.envelope.fingerprint
    assert type(first) is type(second)
    for name in ("notice", "letter", "citizen", "warnings", "issues", "answers", "code", "broken", "cpr"):
        assert getattr(first, name, None) == getattr(second, name, None)


def test_every_published_message_says_the_same_in_both_formats() -> None:
    for file in (*PUBLISHED, *FIXTURES):
        as_json = file.read_bytes()
        as_xml = xml_writing.write(parse_resource(as_json, expected="Bundle"))
        try:
            expected = read_message(as_json, now=NOW)
        except MappingError as refused:
            with pytest.raises(MappingError) as again:
                read_message(as_xml, now=NOW)
            assert again.value.issues == refused.issues  # noqa: PT017 - the published ones may be refused
        else:
            assert_same(expected, read_message(as_xml, now=NOW))


def test_every_published_xml_is_read_and_says_what_its_json_says() -> None:
    for file in PUBLISHED_XML:
        found = read_message(file.read_bytes(), now=NOW)
        assert not isinstance(found, Refused), file.name
        twin = EXAMPLES / f"{file.stem}.json"
        if twin.exists():
            assert_same(read_message(twin.read_bytes(), now=NOW), found)


def test_json_through_xml_is_the_same_json() -> None:
    for file in (*PUBLISHED, *FIXTURES):
        content = parse_resource(file.read_bytes(), expected="Bundle")

        assert xml_text.parse(xml_writing.write(content)) == canonical(content), file.name


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1).filter(
    lambda text: not set(text) & {"\ufffe", "\uffff"}
)
_CODINGS = st.fixed_dictionaries({"system": _TEXTS, "code": _TEXTS}, optional={"userSelected": st.booleans()})
_BESIDE = st.fixed_dictionaries(
    {"extension": st.lists(st.fixed_dictionaries({"url": _TEXTS, "valueString": _TEXTS}), min_size=1, max_size=2)}
)
_NAMES = st.fixed_dictionaries(
    {"given": st.lists(_TEXTS, min_size=1, max_size=3)}, optional={"family": _TEXTS, "_family": _BESIDE, "id": _TEXTS}
)
_PATIENTS = st.fixed_dictionaries(
    {"resourceType": st.just("Patient"), "name": st.lists(_NAMES, min_size=1, max_size=2)},
    optional={
        "id": _TEXTS,
        "active": st.booleans(),
        "multipleBirthInteger": st.integers(-(2**63), 2**63 - 1),
        "maritalStatus": st.fixed_dictionaries({"coding": st.lists(_CODINGS, min_size=1, max_size=2)}),
        "extension": st.lists(
            st.fixed_dictionaries({"url": _TEXTS, "valueDecimal": st.floats(allow_nan=False, allow_infinity=False)}),
            min_size=1,
            max_size=2,
        ),
        "contained": st.lists(
            st.fixed_dictionaries({"resourceType": st.just("Organization"), "name": _TEXTS}), min_size=1, max_size=2
        ),
    },
)


@pytest.mark.no_cover
@settings(deadline=None, max_examples=300)
@given(_PATIENTS)
def test_whatever_json_holds_comes_back_from_xml(patient: dict[str, Any]) -> None:
    assert xml_text.parse(xml_writing.write(patient)) == patient


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=400) | st.text(alphabet="<>/&;='\" abBundle![]-?x", max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused_with_a_finding(body: bytes) -> None:
    for text in (body, xml(body.decode("utf-8", "replace"))):
        try:
            xml_text.parse(text)
        except XmlTextError as refused:
            assert refused.issue.rule.startswith("xml-")  # noqa: PT017 - most bytes are refused, some are read


def test_what_xml_cannot_hold_is_replaced_when_it_is_written() -> None:
    made: dict[str, Json] = {"resourceType": "Patient", "name": [{"family": "a\x07b\ufffe"}], "active": True}

    assert xml_text.parse(xml_writing.write(made))["name"] == [{"family": "a\ufffdb\ufffd"}]


def test_unknown_elements_are_written_and_impossible_names_are_not() -> None:
    odd: Any = {"resourceType": "Nonsense", "shape": {"side": [1, 2]}, "n": None}

    assert xml_text.parse(xml_writing.write(odd)) == {"resourceType": "Nonsense", "shape": {"side": ["1", "2"]}}
    with pytest.raises(ValueError, match="name of an element"):
        xml_writing.write({"resourceType": "Patient", "a b": "x"})


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"", Format.JSON),
        (b"{", Format.JSON),
        (b" \n<Bundle/>", Format.XML),
        (b"\xef\xbb\xbf\n<Bundle/>", Format.XML),
        (b"\xef\xbb\xbf{}", Format.JSON),
    ],
)
def test_the_format_shows_in_the_first_character(body: bytes, media: Format) -> None:
    assert format_of(body) is media


def test_a_body_is_read_as_what_it_was_said_to_be() -> None:
    with pytest.raises(JsonTextError):
        parse_resource(xml(""), expected="Bundle", media=Format.JSON)
    with pytest.raises(XmlTextError):
        parse_resource(b"{}", expected="Bundle", media=Format.XML)


def test_another_resource_is_refused_in_xml_too() -> None:
    with pytest.raises(XmlTextError) as refused:
        parse_resource(xml("", root="Patient"), expected="Bundle")

    assert refused.value.issue.detail == "MSG_RESOURCE_TYPE_MISMATCH"


def test_a_resource_is_rendered_in_the_format_that_is_asked_for() -> None:
    made: dict[str, Json] = {"resourceType": "Patient", "id": "a"}

    assert orjson.loads(rendered(made, Format.JSON)) == made
    assert wire.parse_resource(rendered(made, Format.XML), expected="Patient") == made


def test_a_letter_is_the_same_in_both_formats() -> None:
    letters = [file for file in PUBLISHED if file.name.startswith("cc-5.0-")]
    for file in letters:
        found = read_message(xml_writing.write(parse_resource(file.read_bytes(), expected="Bundle")), now=NOW)
        assert isinstance(found, LetterRead), file.name
