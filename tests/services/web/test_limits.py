from __future__ import annotations

import pytest

from fhir_mappings.wire import Format
from services.web.limits import EITHER_FORMAT, FHIR_JSON, JSON, answer_format, body_format
from services.web.refusals import NotAcceptableError

XML = "application/fhir+xml"


@pytest.mark.parametrize(
    ("kind", "media"),
    [
        ("application/fhir+json", Format.JSON),
        ("application/fhir+xml; charset=utf-8", Format.XML),
        ("Application/XML", Format.XML),
        ("text/xml", Format.XML),
        ("", Format.JSON),
    ],
)
def test_a_body_is_what_its_content_type_says(kind: str, media: Format) -> None:
    assert body_format({"content-type": kind}) is media


@pytest.mark.parametrize(
    ("sent", "accept", "media"),
    [
        (FHIR_JSON, "", Format.JSON),
        (XML, "", Format.XML),
        (XML, "*/*", Format.XML),
        (FHIR_JSON, "*/*", Format.JSON),
        (XML, "application/*", Format.XML),
        (XML, FHIR_JSON, Format.JSON),
        (FHIR_JSON, XML, Format.XML),
        (FHIR_JSON, "text/xml", Format.XML),
        (FHIR_JSON, "text/*", Format.XML),
        (FHIR_JSON, "application/xml;q=0.9, application/json;q=0.2", Format.XML),
        (XML, "application/fhir+xml;q=0.1, */*;q=0.8", Format.JSON),
        (XML, "application/fhir+xml;q=0, */*", Format.JSON),
        (XML, "text/html, application/fhir+json;q=0.001", Format.JSON),
    ],
)
def test_the_client_chooses_and_what_it_sent_decides_a_tie(sent: str, accept: str, media: Format) -> None:
    headers = {"content-type": sent} | ({"accept": accept} if accept else {})

    assert answer_format(headers, takes=EITHER_FORMAT) is media


@pytest.mark.parametrize(
    "accept", ["text/html", "application/fhir+xml;q=0, application/json;q=0", "*/*;q=0", "x;q=much"]
)
def test_a_client_that_accepts_neither_is_refused(accept: str) -> None:
    with pytest.raises(NotAcceptableError):
        answer_format({"accept": accept}, takes=EITHER_FORMAT)


def test_a_route_that_takes_no_xml_makes_none() -> None:
    with pytest.raises(NotAcceptableError) as refused:
        answer_format({"accept": XML}, takes=(FHIR_JSON, JSON))

    assert refused.value.gives == (FHIR_JSON, JSON)
