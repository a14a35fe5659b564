"""Bad input at `POST /fhir/$process-message` before a message can be acknowledged, each with its plain answer.

The id of a case begins with its row. What other tests show already stands in `docs/bad-input.md` alone.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final

import pytest
from structlog.testing import capture_logs

from discharge.identifiers import SorCode
from discharge.policy import Role
from fhir_mappings.wire import Format, rendered
from tests.catalogue.answers import found_in, no_number_in
from tests.catalogue.edits import PATH, Message, edited, gone
from tests.catalogue.ledger import nothing_is_written
from tests.catalogue.tokens import forged
from tests.cost import seconds
from tests.engines import Database
from tests.factories import HOSPITAL, PAPER_HOSPITAL
from tests.services.installation import FHIR, Installation, code_of, installed, notification
from tests.services.web.record_systems import RecordSystem


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What is sent, and the plain answer."""

    body: Callable[[], bytes] = field(default=lambda: notification().body())
    headers: Callable[[Installation], dict[str, str]] = field(default=lambda house: house.hospital)
    status: int = 400
    code: str
    detail: str | None = None


def _with(**headers: str) -> Callable[[Installation], dict[str, str]]:
    return lambda house: house.hospital | {name.replace("_", "-"): value for name, value in headers.items()}


def _by(role: Role, organization: SorCode) -> Callable[[Installation], dict[str, str]]:
    return lambda house: house.token(role, organization) | {"content-type": FHIR}


def _bearing(kind: str) -> Callable[[Installation], dict[str, str]]:
    return lambda house: {"authorization": f"Bearer {forged(house.settings.token, kind)}", "content-type": FHIR}


def _raw(body: bytes) -> Callable[[], bytes]:
    return lambda: body


def _named(value: bytes) -> Callable[[], bytes]:
    """A sound admission in which one value stands as it is given, whether JSON allows it or not."""
    return lambda: edited(lambda m: m.update(language="PLACE")).replace(b'"PLACE"', value)


def _in_xml() -> bytes:
    """A sound admission as XML."""
    return rendered(notification().bundle(), Format.XML)


_XML: Final = _with(content_type="application/fhir+xml", accept=FHIR)


_LAUGHS: Final = (
    b'<!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%b">' % (97 + n, b"&%c;" % (96 + n) * 10) for n in range(1, 10))
    + b']><Bundle xmlns="http://hl7.org/fhir"><id value="&j;"/></Bundle>'
)


def _two_headers(message: Message) -> None:
    message["entry"].append(message["entry"][0])


def _header_second(message: Message) -> None:
    message["entry"].insert(1, message["entry"].pop(0))


DOOR: Final[dict[str, Refused]] = {
    "row-01-no-token": Refused(headers=lambda _house: {"content-type": FHIR}, status=401, code="login"),
    "row-02-expired": Refused(headers=_bearing("expired"), status=401, code="login"),
    "row-02-wrong-audience": Refused(headers=_bearing("audience"), status=401, code="login"),
    "row-02-alg-none": Refused(headers=_bearing("none"), status=401, code="login"),
    "row-02-hs256-public-key": Refused(headers=_bearing("hs256"), status=401, code="login"),
    "row-04-role-lacks-the-action": Refused(headers=_by(Role.WARD, HOSPITAL), status=403, code="forbidden"),
    "row-06-truncated": Refused(body=lambda: notification().body()[:-40], code="structure"),
    "row-06-utf-16": Refused(body=lambda: notification().body().decode().encode("utf-16"), code="structure"),
    "row-06-utf-16-no-mark": Refused(body=lambda: notification().body().decode().encode("utf-16-le"), code="structure"),
    "row-06-byte-order-mark": Refused(body=lambda: b"\xef\xbb\xbf" + notification().body(), code="structure"),
    "row-06-nothing": Refused(body=_raw(b""), code="structure"),
    "row-07-text": Refused(headers=_with(content_type="text/plain"), status=415, code="not-supported"),
    "row-07-form": Refused(headers=_with(content_type="multipart/form-data"), status=415, code="not-supported"),
    "row-07-xml-said-to-be-json": Refused(body=_raw(b"<Bundle xmlns='http://hl7.org/fhir'/>"), code="structure"),
    "row-07-json-said-to-be-xml": Refused(
        headers=_with(content_type="application/fhir+xml", accept=FHIR), code="structure"
    ),
    "row-07-xml-without-end": Refused(body=lambda: _in_xml()[:-40], headers=_XML, code="structure"),
    "row-07-xml-latin-1": Refused(
        body=lambda: _in_xml().replace(b"UTF-8", b"ISO-8859-1"), headers=_XML, code="structure"
    ),
    "row-07-xml-utf-16": Refused(
        body=lambda: _in_xml().decode().replace("UTF-8", "UTF-16").encode("utf-16"), headers=_XML, code="structure"
    ),
    "row-07-xml-other-namespace": Refused(
        body=lambda: _in_xml().replace(b"http://hl7.org/fhir", b"urn:elsewhere", 1),
        headers=_XML,
        code="structure",
        detail="MSG_WRONG_NS",
    ),
    "row-07-xml-billion-laughs": Refused(body=_raw(_LAUGHS), headers=_XML, code="structure"),
    "row-07-xml-external-entity": Refused(
        body=_raw(b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'), headers=_XML, code="structure"
    ),
    "row-07-xml-external-dtd": Refused(
        body=_raw(b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>'), headers=_XML, code="structure"
    ),
    "row-07-xml-include": Refused(
        body=lambda: _in_xml().replace(
            b"<entry>", b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/passwd"/><entry>', 1
        ),
        headers=_XML,
        code="structure",
    ),
    "row-08-accepts-neither": Refused(headers=_with(accept="text/html"), status=406, code="not-supported"),
    "row-08-accepts-with-weight-0": Refused(
        headers=_with(accept="application/fhir+json;q=0, application/fhir+xml;q=0"), status=406, code="not-supported"
    ),
    "row-10-depth-65": Refused(body=_named(b"[" * 64 + b"]" * 64), code="structure"),
    "row-10-depth-1025": Refused(body=_raw(b"[" * 1_025 + b"]" * 1_025), code="structure"),
    "row-10-depth-million": Refused(body=_raw(b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000), code="structure"),
    "row-10-xml-depth-65": Refused(
        body=_raw(b'<Bundle xmlns="http://hl7.org/fhir">' + b"<a>" * 64 + b"</a>" * 64 + b"</Bundle>"),
        headers=_XML,
        code="structure",
    ),
    "row-10-xml-depth-million": Refused(
        body=_raw(b'<a xmlns="http://hl7.org/fhir">' * 1_000_000), headers=_XML, code="structure"
    ),
    "row-11-hundred-thousand-entries": Refused(
        body=lambda: edited(lambda m: m["entry"].extend([{"resource": {"resourceType": "Basic"}}] * 100_000)),
        status=413,
        code="too-costly",
    ),
    "row-12-duplicate-key": Refused(
        body=lambda: notification().body().replace(b'"type":"message"', b'"type":"message","type":"message"', 1),
        code="structure",
    ),
    "row-12-duplicate-key-inside": Refused(
        body=lambda: notification().body().replace(b'"status":"in-progress"', b'"status":"x","status":"in-progress"'),
        code="structure",
    ),
    "row-13-nan": Refused(body=_named(b"NaN"), code="value"),
    "row-13-infinite": Refused(body=_named(b"1e999"), code="value"),
    "row-13-lone-surrogate": Refused(body=_named(b'"\\ud800"'), code="value"),
    "row-13-escaped-nul": Refused(body=_named(b'"\\u0000"'), code="value"),
    "row-13-control-character": Refused(body=_named(b'"a\x07b"'), code="value"),
    "row-13-raw-nul": Refused(body=_named(b'"a\x00b"'), code="value"),
    "row-13-xml-nul": Refused(body=lambda: _in_xml().replace(b"in-progress", b"&#0;"), headers=_XML, code="structure"),
    "row-13-xml-lone-surrogate": Refused(
        body=lambda: _in_xml().replace(b"in-progress", b"&#xD800;"), headers=_XML, code="structure"
    ),
    "row-14-gzip": Refused(
        body=lambda: gzip.compress(b" " * 10_000_000 + notification().body()),
        headers=_with(content_encoding="gzip"),
        status=415,
        code="not-supported",
    ),
    "row-15-patient": Refused(
        body=_raw(b'{"resourceType":"Patient","id":"a"}'), code="invalid", detail="MSG_RESOURCE_TYPE_MISMATCH"
    ),
    "row-15-list": Refused(body=_raw(b"[]"), code="invalid", detail="MSG_RESOURCE_TYPE_MISMATCH"),
    "row-15-null": Refused(body=_raw(b"null"), code="invalid", detail="MSG_RESOURCE_TYPE_MISMATCH"),
    "row-16-batch": Refused(body=lambda: edited(lambda m: m.update(type="batch")), code="invalid"),
    "row-17-no-id": Refused(
        body=lambda: edited(lambda m: m.pop("id")), code="required", detail="MSG_RESOURCE_ID_MISSING"
    ),
    "row-17-long-id": Refused(
        body=lambda: edited(lambda m: m.update(id="x" * 65)), code="value", detail="MSG_ID_TOO_LONG"
    ),
    "row-17-bad-id": Refused(
        body=lambda: edited(lambda m: m.update(id="a b/æ")), code="value", detail="MSG_ID_INVALID"
    ),
    "row-18-header-second": Refused(
        body=lambda: edited(_header_second), code="invalid", detail="MSG_RESOURCE_REQUIRED"
    ),
    "row-18-no-header": Refused(
        body=lambda: edited(gone("MessageHeader")), code="invalid", detail="MSG_RESOURCE_REQUIRED"
    ),
    "row-18-two-headers": Refused(body=lambda: edited(_two_headers), code="invalid", detail="MSG_RESOURCE_REQUIRED"),
}


@pytest.mark.parametrize("name", DOOR)
async def test_body_or_caller_is_refused_at_the_door(house: Installation, database: Database, name: str) -> None:
    case = DOOR[name]
    async with nothing_is_written(database.admin_url):
        answer = await house.client.post(PATH, content=case.body(), headers=case.headers(house))

    assert answer.status_code == case.status, answer.text
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert case.code in {code for code, _ in found_in(answer)}
    if case.detail is not None:
        assert (case.code, case.detail) in found_in(answer)
    assert ("www-authenticate" in answer.headers) is (case.status == 401)
    no_number_in(answer)


async def test_row_03_assertion_that_is_shown_again(house: Installation, database: Database) -> None:
    system = await RecordSystem(house).registered()
    assertion = system.assertion()
    assert (await system.ask(assertion)).status_code == 200

    async with nothing_is_written(database.admin_url):
        answer = await system.ask(assertion)

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_client"
    assert (await house.audited(database.admin_url))[-1] == ("issue-token", "POST /token", 400, 0)
    no_number_in(answer)


async def test_row_05_sender_that_is_not_the_client(house: Installation, database: Database) -> None:
    with capture_logs() as logged:
        async with nothing_is_written(database.admin_url):
            answer = await house.client.post(
                PATH, content=notification().body(), headers=_by(Role.SYSTEM, PAPER_HOSPITAL)(house)
            )

    assert (answer.status_code, found_in(answer)) == (403, {("forbidden", None)})
    assert (await house.audited(database.admin_url))[-1] == ("send-message", f"POST {PATH}", 403, 0)
    assert [line["log_level"] for line in logged if line["event"] == "sender-refused"] == ["warning"]
    no_number_in(answer)


@pytest.mark.parametrize("manner", ["row-09-honest", "row-09-chunked"])
async def test_body_over_the_limit(database: Database, manner: str) -> None:
    body = notification().body()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100):
            yield body[start : start + 100]

    async with installed(database, message_body_bytes=1000) as house, nothing_is_written(database.admin_url):
        content = body if manner == "row-09-honest" else chunks()
        answer = await house.client.post(PATH, content=content, headers=house.hospital)

    assert (answer.status_code, found_in(answer)) == (413, {("too-long", None)})
    no_number_in(answer)


async def test_row_10_depth_costs_no_time_and_the_process_lives(house: Installation) -> None:
    body = b"[" * 1_000_000
    spent = []
    for _ in range(3):
        began = time.process_time()
        answer = await house.client.post(PATH, content=body, headers=house.hospital)
        spent.append(time.process_time() - began)
        assert answer.status_code == 400

    # Time of this process alone, in a measure of this machine, so that neither a busy nor a slow one judges anything.
    assert min(spent) < 30 * seconds(lambda: sum(body))
    assert code_of(await house.send(notification())) == "ok"
