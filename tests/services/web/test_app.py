from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, Form, Request
from psycopg import OperationalError as PsycopgOperationalError
from starlette.responses import Response
from typing_extensions import override

from discharge.errors import NotFoundError, TaskTakenError
from discharge.policy import Caller, Role
from services.persistence.audit import AuditContext
from services.settings import Mode
from services.web.access import Body, Csrf, Party, Surface, access
from services.web.app import UnguardedRouteError
from services.web.runtime import Health
from services.web.security import audit_of, current_caller
from tests.services.web.doubles import HOSPITAL, ODENSE, FakeDatabase, Stage, caller, client_of, settings_for

router = APIRouter()
seen: list[bytes] = []
raised: list[Exception] = []


@router.get("/fhir/Thing/{thing_id}")
@access(roles=[Role.HOME_NURSE], party=Party.STAY, surface=Surface.FHIR)
async def read_thing(thing_id: str, asking: Annotated[Caller, Depends(current_caller)]) -> Response:
    if raised:
        raise raised[0]
    return Response(f"{thing_id} {asking.name}".encode())


@router.post("/fhir/$take")
@access(
    roles=[Role.SYSTEM],
    surface=Surface.FHIR,
    body=Body.MESSAGE,
    takes=("application/fhir+json", "application/json"),
)
async def take(request: Request) -> Response:
    seen.append(await request.body())
    return Response(b"{}")


@router.post("/form")
@access(roles=[Role.HOME_NURSE])
async def form(word: Annotated[str, Form()]) -> Response:
    return Response(word.encode())


@router.post("/ticket")
@access(roles=[Role.HOME_NURSE], surface=Surface.API, csrf=Csrf.ORIGIN)
async def ticket() -> Response:
    return Response(b"{}")


@router.get("/page")
@access(roles=[Role.HOME_NURSE])
async def page() -> Response:
    if raised:
        raise raised[0]
    return Response(b"page")


@router.post("/door")
@access(public=True)
async def door() -> Response:
    return Response(b"in")


@router.get("/typed")
@access(public=True, surface=Surface.API)
async def typed(number: int) -> Response:
    return Response(str(number).encode())


@pytest.fixture
def stage() -> Stage:
    seen.clear()
    raised.clear()
    return Stage()


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    stage.settings = settings_for(message_body_bytes=1000, body_bytes=100)
    async with client_of(stage.app(router)) as made:
        yield made


def issue(answer: httpx.Response) -> dict[str, Any]:
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert answer.headers["x-request-id"]
    first: dict[str, Any] = outcome["issue"][0]
    return first


async def signed_in(stage: Stage, role: Role = Role.HOME_NURSE) -> tuple[dict[str, str], str]:
    new = await stage.sessions.begin(caller(role))
    return {"cookie": f"stafet={new.cookie}"}, new.session.csrf


async def test_bearer_reaches_the_endpoint(stage: Stage, client: httpx.AsyncClient) -> None:
    answer = await client.get("/fhir/Thing/7", headers=stage.bearer(Role.HOME_NURSE, ODENSE))

    assert answer.status_code == 200
    assert answer.text.startswith("7 ")


async def test_machine_without_token_is_asked_to_log_in(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fhir/Thing/7")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert issue(answer)["code"] == "login"


async def test_refused_token_is_said_to_be_invalid(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fhir/Thing/7", headers={"authorization": "Bearer nonsense"})

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_person_without_session_is_shown_the_door(client: httpx.AsyncClient) -> None:
    answer = await client.get("/page")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_fragment_without_session_sends_the_whole_page_to_the_door(client: httpx.AsyncClient) -> None:
    answer = await client.get("/page", headers={"hx-request": "true"})

    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/")


async def test_other_role_is_forbidden_and_audited(stage: Stage, client: httpx.AsyncClient) -> None:
    answer = await client.get("/fhir/Thing/7", headers=stage.bearer(Role.GP, ODENSE))

    assert answer.status_code == 403
    assert issue(answer)["code"] == "forbidden"
    [(audit, status)] = stage.database.refusals
    assert status == 403
    assert audit.route == "GET /fhir/Thing/{thing_id}"
    assert audit.action == "read_thing"
    assert audit.caller.role is Role.GP
    assert audit.request_id == answer.headers["x-request-id"]


async def test_what_is_not_there_is_audited(stage: Stage, client: httpx.AsyncClient) -> None:
    raised.append(NotFoundError(kind="Task"))

    answer = await client.get("/fhir/Thing/7", headers=stage.bearer(Role.HOME_NURSE, ODENSE))

    assert answer.status_code == 404
    assert issue(answer)["code"] == "not-found"
    assert [status for _, status in stage.database.refusals] == [404]


async def test_a_refusal_stands_although_its_audit_failed(stage: Stage, client: httpx.AsyncClient) -> None:
    class Broken(FakeDatabase):
        @override
        async def audit_refusal(self, audit: AuditContext, status: int) -> None:
            raise PsycopgOperationalError(f"{audit.action} {status}")

    stage.database = Broken()
    async with client_of(stage.app(router)) as other:
        answer = await other.get("/fhir/Thing/7", headers=stage.bearer(Role.GP, ODENSE))

    assert answer.status_code == 403


async def test_loser_of_a_race_sees_who_won(stage: Stage, client: httpx.AsyncClient) -> None:
    raised.append(TaskTakenError(holder="Mette Krog", since=stage.wall()))

    answer = await client.get("/fhir/Thing/7", headers=stage.bearer(Role.HOME_NURSE, ODENSE))

    assert answer.status_code == 409
    assert "Mette Krog" in issue(answer)["details"]["text"]


async def test_database_away_is_transient(stage: Stage, client: httpx.AsyncClient) -> None:
    raised.append(PsycopgOperationalError("connection refused"))

    answer = await client.get("/fhir/Thing/7", headers=stage.bearer(Role.HOME_NURSE, ODENSE))

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert issue(answer)["code"] == "transient"


async def test_unforeseen_error_tells_only_its_number(stage: Stage, client: httpx.AsyncClient) -> None:
    raised.append(RuntimeError("0101901234"))

    answer = await client.get("/fhir/Thing/7", headers=stage.bearer(Role.HOME_NURSE, ODENSE))

    assert answer.status_code == 500
    assert "0101901234" not in answer.text
    assert issue(answer)["code"] == "exception"


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


async def test_page_error_is_a_page_in_danish(stage: Stage, client: httpx.AsyncClient) -> None:
    raised.append(NotFoundError(kind="Task"))

    answer = await client.get("/page", headers=stage.bearer(Role.HOME_NURSE, ODENSE))

    assert answer.status_code == 404
    assert "Siden findes ikke" in answer.text
    assert answer.headers["x-request-id"] in answer.text


async def test_unknown_addresses_and_methods_are_answered_in_kind(client: httpx.AsyncClient) -> None:
    machine = await client.get("/fhir/Nothing")
    method = await client.delete("/fhir/Thing/7")
    person = await client.get("/nothing")

    assert (machine.status_code, issue(machine)["code"]) == (404, "not-found")
    assert (method.status_code, issue(method)["code"]) == (405, "not-supported")
    assert (person.status_code, person.headers["content-type"]) == (404, "text/html; charset=utf-8")


async def test_parameter_of_the_wrong_type_is_named_but_not_repeated(client: httpx.AsyncClient) -> None:
    answer = await client.get("/typed?number=0101901234x")

    assert answer.status_code == 400
    assert "query.number" in issue(answer)["diagnostics"]
    assert "0101901234" not in answer.text


async def test_every_answer_carries_the_headers_that_protect_it(stage: Stage, client: httpx.AsyncClient) -> None:
    answer = await client.get("/page", headers=stage.bearer(Role.HOME_NURSE, ODENSE))

    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "connect-src 'self' ws://localhost:8000" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "strict-transport-security" not in answer.headers


async def test_https_is_made_to_last() -> None:
    stage = Stage(settings=settings_for(Mode.PRODUCTION, public_url="https://stafet.example"))
    async with client_of(stage.app(router), "https://stafet.example") as client:
        answer = await client.get("/livez")

    assert "max-age=31536000" in answer.headers["strict-transport-security"]
    assert "wss://stafet.example" in answer.headers["content-security-policy"]


async def test_decent_request_id_is_kept_and_others_are_replaced(client: httpx.AsyncClient) -> None:
    kept = await client.get("/livez", headers={"x-request-id": "journey-0001"})
    number = await client.get("/livez", headers={"x-request-id": "010190-1234"})
    inside = await client.get("/livez", headers={"x-request-id": "cpr-0101901234"})

    assert kept.headers["x-request-id"] == "journey-0001"
    assert number.headers["x-request-id"] != "010190-1234"
    assert inside.headers["x-request-id"] != "cpr-0101901234"


async def test_session_that_ended_shows_the_door(stage: Stage, client: httpx.AsyncClient) -> None:
    headers, _ = await signed_in(stage)
    stage.wall.pass_(timedelta(hours=11))

    assert (await client.get("/page", headers=headers)).status_code == 303


@pytest.mark.parametrize(
    ("health", "status", "word"),
    [
        (Health(postgres=True, migrated=True, redis=True), 200, "ok"),
        (Health(postgres=True, migrated=True), 200, "ok"),
        (Health(postgres=True, migrated=True, redis=False), 200, "degraded"),
        (Health(postgres=True, migrated=False, redis=True), 503, "not-ready"),
        (Health(postgres=False, migrated=False, redis=True), 503, "not-ready"),
    ],
)
async def test_readiness_says_what_is_missing(stage: Stage, health: Health, status: int, word: str) -> None:
    stage.state = health
    async with client_of(stage.app()) as client:
        answer = await client.get("/readyz")

    assert (answer.status_code, answer.json()["status"]) == (status, word)


async def test_metrics_are_text(client: httpx.AsyncClient) -> None:
    assert "stafet_intake_messages" in (await client.get("/metrics")).text


async def test_vendor_files_never_change_and_others_are_asked_for_again(client: httpx.AsyncClient) -> None:
    vendor = await client.get("/static/vendor/htmx.min.js")
    missing = await client.get("/static/nothing.js")

    assert "immutable" in vendor.headers["cache-control"]
    assert missing.status_code == 404


def test_route_without_a_rule_is_not_served() -> None:
    bare = APIRouter()

    @bare.get("/open")
    async def open_door() -> Response:
        return Response()

    with pytest.raises(UnguardedRouteError, match="/open"):
        Stage().app(bare)


def test_router_included_in_a_router_is_not_served() -> None:
    outer = APIRouter()
    outer.include_router(router)

    with pytest.raises(UnguardedRouteError):
        Stage().app(outer)


def test_rule_is_public_or_names_roles() -> None:
    with pytest.raises(ValueError, match="public or names"):
        access()
    with pytest.raises(ValueError, match="public or names"):
        access(public=True, roles=[Role.GP])


async def test_demo_routes_are_not_mounted_in_production() -> None:
    stage = Stage(settings=settings_for(Mode.PRODUCTION))
    async with client_of(stage.app()) as client:
        clock = await client.get("/demo/clock", headers=stage.bearer(Role.OPERATOR, ODENSE))
        description = await client.get("/openapi.json")

    assert (clock.status_code, description.status_code) == (404, 404)


async def test_hub_lives_as_long_as_the_app(stage: Stage) -> None:
    app = stage.app()

    async with app.router.lifespan_context(app):
        assert stage.hub.calls == ["start"]

    assert stage.hub.calls == ["start", "stop"]


def test_audit_needs_somebody() -> None:
    from services.web.refusals import LoginRequiredError  # noqa: PLC0415 - only who asks needs it

    with pytest.raises(LoginRequiredError):
        audit_of(Request({"type": "http", "headers": []}))
