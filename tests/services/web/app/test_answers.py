"""Errors in kind, headers, and what is served beside the endpoints."""

from datetime import timedelta

import httpx
import pytest
from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.errors import NotFoundError
from discharge.policy import Role
from services.settings import Mode
from services.web.access import access
from services.web.app import UnguardedRouteError
from services.web.runtime import Health
from services.web.security import audit_of
from tests.services.web.app.doors import issue, raised, router, signed_in
from tests.services.web.doubles import ODENSE, Stage, client_of, settings_for


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
