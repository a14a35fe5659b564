"""Who reaches an endpoint, and what everybody else is told."""

import httpx
from psycopg import OperationalError as PsycopgOperationalError
from typing_extensions import override

from discharge.errors import NotFoundError, TaskTakenError
from discharge.policy import Role
from services.persistence.audit import AuditContext
from tests.services.web.app.doors import issue, raised, router
from tests.services.web.doubles import ODENSE, FakeDatabase, Stage, client_of


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
