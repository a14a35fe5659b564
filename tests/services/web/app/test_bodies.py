"""What may be sent and what may be asked for."""

from collections.abc import AsyncIterator

import httpx
import pytest

from discharge.policy import Role
from tests.services.web.app.doors import (
    issue,
    seen,
)
from tests.services.web.doubles import HOSPITAL, ODENSE, Stage


async def test_body_over_the_limit_is_refused_before_it_is_read(stage: Stage, client: httpx.AsyncClient) -> None:
    headers = stage.bearer(Role.SYSTEM, HOSPITAL) | {"content-type": "application/fhir+json"}

    answer = await client.post("/fhir/$take", content=b"x" * 1001, headers=headers)

    assert answer.status_code == 413
    assert issue(answer)["code"] == "too-long"
    assert seen == []


async def test_chunked_body_is_counted_as_it_comes(stage: Stage, client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100

    headers = stage.bearer(Role.SYSTEM, HOSPITAL) | {"content-type": "application/fhir+json"}

    answer = await client.post("/fhir/$take", content=chunks(), headers=headers)

    assert answer.status_code == 413
    assert seen == []


async def test_body_is_not_read_before_the_caller_is_known(client: httpx.AsyncClient) -> None:
    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        msg = "the body was read"
        raise AssertionError(msg)

    answer = await client.post("/fhir/$take", content=never())

    assert answer.status_code == 401


async def test_form_over_the_limit_is_refused(stage: Stage, client: httpx.AsyncClient) -> None:
    answer = await client.post("/form", data={"word": "x" * 200}, headers=stage.bearer(Role.HOME_NURSE, ODENSE))

    assert answer.status_code == 413


@pytest.mark.parametrize("kind", ["text/plain", "application/fhir+xml", "application/xml", "multipart/form-data", None])
async def test_other_media_types_are_not_taken(stage: Stage, client: httpx.AsyncClient, kind: str | None) -> None:
    headers = stage.bearer(Role.SYSTEM, HOSPITAL) | ({"content-type": kind} if kind else {})

    answer = await client.post("/fhir/$take", content=b"{}", headers=headers)

    assert answer.status_code == 415
    assert issue(answer)["code"] == "not-supported"


@pytest.mark.parametrize("kind", ["application/fhir+json", "application/json", "Application/FHIR+JSON; charset=UTF-8"])
async def test_fhir_json_is_taken(stage: Stage, client: httpx.AsyncClient, kind: str) -> None:
    headers = stage.bearer(Role.SYSTEM, HOSPITAL) | {"content-type": kind}

    answer = await client.post("/fhir/$take", content=b"{}", headers=headers)

    assert answer.status_code == 200
    assert seen == [b"{}"]


async def test_compressed_body_is_not_unpacked(stage: Stage, client: httpx.AsyncClient) -> None:
    headers = stage.bearer(Role.SYSTEM, HOSPITAL) | {
        "content-type": "application/fhir+json",
        "content-encoding": "gzip",
    }

    answer = await client.post("/fhir/$take", content=b"\x1f\x8b", headers=headers)

    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/fhir+json", 200),
        ("application/json;q=0.5, text/html", 200),
        ("*/*", 200),
        ("", 200),
        ("application/fhir+xml", 406),
        ("text/html", 406),
        ("application/fhir+json;q=0, text/html", 406),
        ("application/fhir+json;q=0.0", 406),
    ],
)
async def test_client_that_accepts_no_json_is_told(
    stage: Stage, client: httpx.AsyncClient, accept: str, status: int
) -> None:
    answer = await client.get("/fhir/Thing/7", headers=stage.bearer(Role.HOME_NURSE, ODENSE) | {"accept": accept})

    assert answer.status_code == status
