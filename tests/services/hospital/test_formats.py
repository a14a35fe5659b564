"""Messages in XML, and answers in the format that the client asks for."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from fhir_mappings.elements import Element
from fhir_mappings.wire import Format, parse_resource, rendered
from services.demo.messages import Notification
from services.persistence.clock import wall_now
from tests.services.installation import FHIR, Installation, code_of, details_of, notification

XML = "application/fhir+xml"


def as_xml(message: Notification) -> bytes:
    return rendered(parse_resource(message.body(), expected="Bundle"), Format.XML)


async def post(house: Installation, body: bytes, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await house.client.post("/fhir/$process-message", content=body, headers=house.hospital | named)


def answered(answer: httpx.Response) -> Element:
    """The response of an acknowledgement in XML."""
    assert answer.headers["content-type"] == "application/fhir+xml; charset=utf-8"
    bundle = Element("Bundle", parse_resource(answer.content, expected="Bundle", media=Format.XML))
    return bundle.all("entry")[0]["resource"]["response"]


@pytest.mark.parametrize("kind", [XML, "application/xml", "text/xml; charset=utf-8"])
async def test_a_message_in_xml_is_taken_in_and_answered_in_xml(house: Installation, kind: str) -> None:
    message = notification()

    answer = await post(house, as_xml(message), content_type=kind)

    assert answer.status_code == 200
    response = answered(answer)
    assert (response.text("code"), response.text("identifier")) == ("ok", message.message_id)
    assert await house.scalar("SELECT count(*) FROM stay") == 1


async def test_the_answer_has_the_format_that_is_asked_for(house: Installation) -> None:
    message = notification()

    in_json = await post(house, as_xml(message), content_type=XML, accept=FHIR)
    in_xml = await post(house, message.body(), accept=f"{XML}, {FHIR};q=0.5")

    assert code_of(in_json) == "ok"
    assert answered(in_xml).text("code") == "ok"


async def test_a_resend_in_the_other_format_is_a_duplicate(house: Installation) -> None:
    message = notification()
    await post(house, message.body())

    again = await post(
        house, as_xml(message.again(bundle_id="another-envelope", at=wall_now())), content_type=XML, accept=FHIR
    )

    assert code_of(again) == "ok"
    assert await house.scalar("SELECT count(*) FROM message") == 1
    assert await house.scalar("SELECT sum(repeats) FROM message") == 1
    assert await house.scalar("SELECT sum(differing_repeats) FROM message") == 0


async def test_a_fault_has_the_same_findings_in_both_formats(house: Installation) -> None:
    in_json = await post(house, notification(cpr="3102489999").body())
    in_xml = await post(house, as_xml(notification(cpr="3102489999")), content_type=XML, accept=FHIR)

    assert details_of(in_json) == details_of(in_xml)
    assert code_of(in_xml) == "fatal-error"


async def test_what_is_no_message_is_refused_in_the_format_it_came_in(house: Installation) -> None:
    bomb = b'<!DOCTYPE b [<!ENTITY a "aaaa">]><Bundle xmlns="http://hl7.org/fhir"><id value="&a;"/></Bundle>'

    answer = await post(house, bomb, content_type=XML)

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith(XML)
    assert "xml-doctype" in str(parse_resource(answer.content, expected="OperationOutcome"))
    assert await house.scalar("SELECT count(*) FROM message") == 0


async def test_a_body_is_read_as_what_it_is_said_to_be(house: Installation) -> None:
    message = notification()

    answers = [await post(house, as_xml(message)), await post(house, message.body(), content_type=XML, accept=FHIR)]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert [answer.json()["issue"][0]["diagnostics"] for answer in answers] == ["json-syntax", "xml-syntax"]


async def test_neither_format_accepted_is_told_in_json(house: Installation) -> None:
    answer = await post(house, notification().body(), accept="text/html")

    assert answer.status_code == 406
    assert answer.headers["content-type"].startswith(FHIR)


async def test_a_large_message_in_xml_is_read_beside_the_loop(house: Installation) -> None:
    message = replace(notification(), family="x" * 300_000)

    answer = await post(house, as_xml(message), content_type=XML, accept=FHIR)

    assert code_of(answer) == "ok"
