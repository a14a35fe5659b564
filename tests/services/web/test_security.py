from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from services.settings import Mode
from services.web.refusals import LoginRequiredError
from services.web.security import (
    allowed_origins,
    authenticate,
    authenticate_bearer,
    clear_session_cookie,
    csrf_protected,
    current_caller,
    current_identity,
    is_own_origin,
    set_session_cookie,
)
from tests.services.web.doubles import Stage, caller, settings_for


def connection(stage: Stage, kind: str = "http", method: str = "GET", **headers: str) -> dict[str, Any]:
    app = FastAPI()
    app.state.runtime = stage.runtime()
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": kind, "method": method, "headers": raw, "app": app, "path": "/"}


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer  ", "", "Digest x"])
def test_other_schemes_are_not_believed(header: str) -> None:
    with pytest.raises(LoginRequiredError):
        authenticate_bearer(Stage().runtime(), header)


async def test_who_asks_is_found_out_once_per_request() -> None:
    stage = Stage()
    new = await stage.sessions.begin(caller())
    scope = connection(stage, cookie=f"stafet={new.cookie}")

    first = await authenticate(HTTPConnection(scope))
    await stage.sessions.end(new.cookie)

    assert await current_identity(Request(scope)) is first
    assert await current_caller(Request(scope)) == caller()


@pytest.mark.parametrize(
    ("headers", "required", "own"),
    [
        ({}, True, False),
        ({}, False, True),
        ({"origin": "http://localhost:8000"}, True, True),
        ({"origin": "http://127.0.0.1:8000"}, True, True),
        ({"origin": "http://[::1]:8000"}, True, True),
        ({"origin": "http://localhost:8001"}, True, False),
        ({"origin": "https://localhost:8000"}, True, False),
        ({"origin": "null"}, False, False),
        ({"sec_fetch_site": "same-origin"}, True, True),
        ({"sec_fetch_site": "none"}, True, True),
        ({"sec_fetch_site": "same-site"}, False, False),
        ({"sec_fetch_site": "cross-site", "origin": "http://localhost:8000"}, False, False),
    ],
)
def test_own_origin_is_told_from_others(headers: dict[str, str], required: bool, own: bool) -> None:  # noqa: FBT001 - a parameter of the cases
    assert is_own_origin(HTTPConnection(connection(Stage(), **headers)), required=required) is own


def test_socket_must_name_an_origin_from_the_list() -> None:
    foreign = connection(Stage(), "websocket", origin="https://evil.example", sec_fetch_site="same-origin")

    assert not is_own_origin(HTTPConnection(foreign), required=True)


def test_only_a_demo_answers_to_every_loopback_name() -> None:
    production = settings_for(Mode.PRODUCTION)
    named = settings_for(Mode.DEMO, public_url="https://demo.example")

    assert allowed_origins(production) == {"http://localhost:8000"}
    assert allowed_origins(named) == {"https://demo.example"}
    assert len(allowed_origins(settings_for(Mode.DEMO, public_url="http://localhost"))) == 3


async def test_reading_needs_no_token() -> None:
    await csrf_protected(Request(connection(Stage(), origin="https://evil.example")))


async def test_cookie_holds_nothing_and_cannot_be_read_by_scripts() -> None:
    stage = Stage(settings=settings_for(Mode.PRODUCTION, public_url="https://stafet.example"))
    new = await stage.sessions.begin(caller())
    given, taken = Response(), Response()

    set_session_cookie(given, stage.settings, new)
    clear_session_cookie(taken, stage.settings)

    cookie = given.headers["set-cookie"]
    assert cookie.startswith(f"__Host-stafet={new.cookie};")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    assert "Max-Age=0" in taken.headers["set-cookie"]


async def test_demo_cookie_goes_over_plain_http() -> None:
    stage = Stage()
    given = Response()

    set_session_cookie(given, stage.settings, await stage.sessions.begin(caller()))

    assert given.headers["set-cookie"].startswith("stafet=")
    assert "Secure" not in given.headers["set-cookie"]
