from __future__ import annotations

import httpx
import pytest

from discharge.policy import Role
from fhir_mappings.wire import Format, parse_resource, rendered
from tests.engines import Database
from tests.factories import MUNICIPALITY
from tests.services.installation import FHIR, Installation, notification

XML = "application/fhir+xml"


def rules(answer: httpx.Response) -> list[str]:
    return [issue["diagnostics"] for issue in answer.json()["issue"]]


async def validate(house: Installation, body: bytes, **headers: str) -> httpx.Response:
    answer = await house.client.post("/fhir/Bundle/$validate", content=body, headers=house.hospital | headers)
    assert answer.status_code == 200, answer.text
    return answer


async def test_a_sound_message_has_no_findings_and_leaves_nothing_but_its_audit(
    house: Installation, database: Database
) -> None:
    answer = await validate(house, notification().body())

    assert rules(answer) == ["stafet-no-findings"]
    assert answer.json()["issue"][0]["severity"] == "information"
    assert await house.scalar("SELECT count(*) FROM message") == 0
    assert await house.audited(database.admin_url) == [("validate-message", "POST /fhir/Bundle/$validate", 200, 0)]


async def test_every_finding_is_told_whoever_sends_it(house: Installation) -> None:
    body = notification(cpr="3102489999").body().replace(b'"in-progress"', b'"finished"')

    answer = await house.client.post(
        "/fhir/Bundle/$validate", content=body, headers=house.token(Role.SYSTEM, MUNICIPALITY) | {"content-type": FHIR}
    )

    assert answer.status_code == 200
    assert {"stafet-cpr-form", "stafet-status-fits"} <= set(rules(answer))
    assert "3102489999" not in answer.text


@pytest.mark.parametrize(
    ("body", "rule"), [(b"{", "json-syntax"), (b"[]", "stafet-resource-type"), (b"", "json-syntax")]
)
async def test_what_is_no_message_is_a_finding_too(house: Installation, body: bytes, rule: str) -> None:
    assert rules(await validate(house, body)) == [rule]


async def test_xml_is_validated_and_answered_in_xml(house: Installation) -> None:
    content = parse_resource(notification(cpr="3102489999").body(), expected="Bundle")

    answer = await validate(house, rendered(content, Format.XML), **{"content-type": XML})

    assert answer.headers["content-type"] == "application/fhir+xml; charset=utf-8"
    outcome = parse_resource(answer.content, expected="OperationOutcome")
    assert "stafet-cpr-form" in str(outcome["issue"])


async def test_a_person_does_not_validate(house: Installation) -> None:
    answer = await house.client.post(
        "/fhir/Bundle/$validate", content=b"{}", headers=house.nurse | {"content-type": FHIR}
    )

    assert answer.status_code == 403
