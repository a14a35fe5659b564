"""Forms of our own pages pass, those of other sites do not."""

import httpx
import pytest

from tests.services.web.app.doors import signed_in
from tests.services.web.doubles import Stage


async def test_form_with_the_sessions_token_passes(stage: Stage, client: httpx.AsyncClient) -> None:
    headers, csrf = await signed_in(stage)

    answer = await client.post("/form", data={"word": "æøå", "csrf": csrf}, headers=headers)

    assert (answer.status_code, answer.text) == (200, "æøå")


async def test_script_shows_the_token_in_a_header(stage: Stage, client: httpx.AsyncClient) -> None:
    headers, csrf = await signed_in(stage)

    answer = await client.post("/form", data={"word": "x"}, headers=headers | {"x-csrf": csrf})

    assert answer.status_code == 200


@pytest.mark.parametrize("shown", [{}, {"csrf": "wrong"}, {"csrf": "æ"}])
async def test_form_without_the_sessions_token_is_refused(
    stage: Stage, client: httpx.AsyncClient, shown: dict[str, str]
) -> None:
    headers, _ = await signed_in(stage)

    answer = await client.post("/form", data={"word": "x", **shown}, headers=headers)

    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert "Intet er ændret" in answer.text


@pytest.mark.parametrize(
    "foreign",
    [
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "null"},
    ],
)
async def test_form_of_another_site_is_refused_even_with_the_token(
    stage: Stage, client: httpx.AsyncClient, foreign: dict[str, str]
) -> None:
    headers, csrf = await signed_in(stage)

    answer = await client.post("/form", data={"word": "x", "csrf": csrf}, headers=headers | foreign)

    assert answer.status_code == 403


async def test_sign_in_form_of_another_site_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post("/door", headers={"origin": "https://evil.example"})).status_code == 403
    assert (await client.post("/door", headers={"origin": "http://127.0.0.1:8000"})).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"origin": "http://localhost:8000"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": "http://localhost:8001"}, 403),
    ],
)
async def test_ticket_needs_our_own_origin_but_no_token(
    stage: Stage, client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    cookie, _ = await signed_in(stage)

    answer = await client.post("/ticket", headers=cookie | headers)

    assert answer.status_code == status
