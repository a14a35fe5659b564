import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from discharge.policy import Role
from fhir_mappings.wire import Format, parse_resource, rendered
from services.demo.send import answer_of, send_files, sender_of
from services.persistence.clock import wall_now
from services.settings import Mode, SettingsError
from services.web.tokens import Tokens
from tests.services.demo.test_messages import notification
from tests.services.web.doubles import settings_for

XML = rendered(parse_resource(notification().body(), expected="Bundle"), Format.XML)


def acknowledgement(code: str, *issues: dict[str, object]) -> bytes:
    entries: list[dict[str, object]] = [{"resource": {"resourceType": "MessageHeader", "response": {"code": code}}}]
    if issues:
        entries.append({"resource": {"resourceType": "OperationOutcome", "issue": list(issues)}})
    return json.dumps({"resourceType": "Bundle", "entry": entries}).encode()


ISSUE: dict[str, object] = {
    "severity": "error",
    "code": "value",
    "diagnostics": "stafet-cpr-form",
    "expression": ["Bundle.entry[1]"],
    "details": {"text": "Not a number."},
}


def sent(
    answer: Callable[[httpx.Request], httpx.Response], *files: Path, to: str | None = None
) -> tuple[bool, list[str], list[httpx.Request]]:
    requests: list[httpx.Request] = []

    def noted(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer(request)

    out = StringIO()
    good = send_files(
        settings_for(),
        files,
        to=to,
        client=httpx.Client(transport=httpx.MockTransport(noted)),
        console=Console(file=out, highlight=False),
    )
    return good, out.getvalue().splitlines(), requests


@pytest.fixture
def message(tmp_path: Path) -> Path:
    file = tmp_path / "stin.json"
    file.write_bytes(notification().body())
    return file


def test_each_file_goes_with_a_token_of_its_sender(message: Path) -> None:
    good, lines, requests = sent(lambda _: httpx.Response(200, content=acknowledgement("ok")), message, message)

    caller = Tokens(settings_for().token, wall_now).verify(requests[0].headers["authorization"][7:]).caller
    assert good
    assert lines == [f"{message}: ok"] * 2
    assert (caller.role, caller.organization) == (Role.SYSTEM, "999000000001000")
    assert str(requests[0].url) == "http://localhost:8000/fhir/$process-message"
    assert requests[0].headers["content-type"] == "application/fhir+json"
    assert requests[0].content == message.read_bytes()


def test_a_fatal_error_is_printed_with_its_findings(message: Path) -> None:
    good, lines, _ = sent(lambda _: httpx.Response(200, content=acknowledgement("fatal-error", ISSUE)), message)

    assert not good
    assert lines == [f"{message}: fatal-error", "  error stafet-cpr-form Bundle.entry[1] Not a number."]


def test_a_refusal_is_printed_with_its_status(message: Path) -> None:
    outcome = json.dumps({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "login"}]})

    good, lines, _ = sent(lambda _: httpx.Response(401, content=outcome), message, to="http://other/")

    assert not good
    assert lines == [f"{message}: HTTP 401", "  error login -"]


def test_an_installation_that_is_away_is_named(message: Path) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("away", request=request)

    good, lines, _ = sent(away, message, to="http://other/")

    assert not good
    assert lines == [f"{message}: no answer", "  http://other: ConnectError; is it running?"]


def test_xml_is_sent_as_xml(tmp_path: Path) -> None:
    file = tmp_path / "stin.xml"
    file.write_bytes(XML)

    _, _, requests = sent(lambda _: httpx.Response(415, content=b"<html>"), file)

    assert requests[0].headers["content-type"] == "application/fhir+xml"


def test_the_sender_is_read_where_it_can_be() -> None:
    assert sender_of(XML) == "999000000001000"
    assert sender_of(b"<Bundle/>") is None
    assert sender_of(b"{") is None
    assert sender_of(notification().body()) == "999000000001000"


def test_what_is_no_acknowledgement_is_told_by_its_status() -> None:
    assert answer_of(httpx.Response(502, content=b"bad gateway")).code == "HTTP 502"
    assert answer_of(httpx.Response(200, content=b'{"resourceType":"Bundle"}')).code == "HTTP 200"


def test_an_unreadable_file_is_sent_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(b"{")

    _, lines, requests = sent(lambda _: httpx.Response(400, content=b"{}"), file)

    assert requests[0].content == b"{"
    assert lines == [f"{file}: HTTP 400"]


def test_production_has_no_key_to_sign_with(message: Path) -> None:
    with pytest.raises(SettingsError, match="demo"):
        send_files(settings_for(Mode.PRODUCTION), [message])
