import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, Key, RSAKey
from starlette.routing import Route
from structlog.testing import capture_logs

from discharge.identifiers import SorCode
from discharge.policy import Role
from services import bootstrap
from services.persistence.clock import wall_now
from services.settings import Settings
from services.web.app import rules_of
from services.web.tokens import Tokens
from tests.engines import Database
from tests.factories import HOSPITAL, NEIGHBOUR, PRACTICE
from tests.services.installation import FHIR, Installation, code_of, notification
from tests.services.test_access_matrix import settings
from tests.services.web.record_systems import URL, RecordSystem, new_key


@pytest.fixture
async def system(house: Installation) -> RecordSystem:
    return await RecordSystem(house).registered()


def refused(answer: httpx.Response) -> str:
    """OAuth's code of a refusal."""
    body = answer.json()
    assert answer.status_code == 400, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert set(body) == {"error", "error_description"}
    code: str = body["error"]
    return code


async def audited(database: Database) -> list[tuple[Any, ...]]:
    async with await psycopg.AsyncConnection.connect(database.admin_url) as connection:
        rows = await connection.execute(
            "SELECT person_id, role, organization, outcome FROM audit WHERE action = 'issue-token'"
            " AND route = 'POST /token' ORDER BY at, id"
        )
        return await rows.fetchall()


async def test_signed_assertion_gets_a_token_of_five_minutes(system: RecordSystem, database: Database) -> None:
    answer = await system.ask()

    body = answer.json()
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert (body["token_type"], body["expires_in"]) == ("bearer", 300)
    assert body["scope"].split() == [
        "system/Bundle.cr",
        "system/Encounter.rs",
        "system/MedicationStatement.rs",
        "system/Patient.rs",
        "system/Task.rus",
    ]
    bearer = Tokens(system.house.settings.token, wall_now).verify(body["access_token"])
    assert (bearer.caller.role, bearer.caller.organization) == (Role.SYSTEM, HOSPITAL)
    assert (bearer.caller.person_id, bearer.client_id) == ("ehr.example", "ehr.example")
    assert bearer.expires_at - wall_now() <= timedelta(minutes=5)
    assert await audited(database) == [("ehr.example", "system", HOSPITAL, 200)]


async def test_issued_token_sends_a_message(system: RecordSystem) -> None:
    token = (await system.ask()).json()["access_token"]

    answer = await system.house.client.post(
        "/fhir/$process-message",
        content=notification().body(),
        headers={"authorization": f"Bearer {token}", "content-type": FHIR},
    )

    assert code_of(answer) == "ok"


@pytest.mark.parametrize(("grants", "status"), [(frozenset({HOSPITAL}), 200), (frozenset({PRACTICE}), 403)])
async def test_broker_sends_for_whom_it_was_granted_only(
    house: Installation, grants: frozenset[SorCode], status: int
) -> None:
    broker = await RecordSystem(house, client_id="broker", organization=NEIGHBOUR, grants=grants).registered()
    token = (await broker.ask()).json()["access_token"]

    answer = await house.client.post(
        "/fhir/$process-message",
        content=notification().body(),
        headers={"authorization": f"Bearer {token}", "content-type": FHIR},
    )

    assert answer.status_code == status
    assert Tokens(house.settings.token, wall_now).verify(token).caller.grants == grants


async def test_grants_let_nobody_read_more(house: Installation) -> None:
    await house.home()
    broker = await RecordSystem(
        house, client_id="broker", organization=NEIGHBOUR, grants=frozenset({HOSPITAL})
    ).registered()
    token = (await broker.ask()).json()["access_token"]

    assert await house.tasks({"authorization": f"Bearer {token}"}) == []


@pytest.mark.parametrize(
    ("key", "alg"),
    [(ECKey.generate_key("P-256", auto_kid=True), "ES256"), (RSAKey.generate_key(2048, auto_kid=True), "RS384")],
)
async def test_other_allowed_algorithms_are_taken(house: Installation, key: Key, alg: str) -> None:
    system = await RecordSystem(house, key=key, alg=alg).registered()

    assert (await system.ask()).status_code == 200


async def test_assertion_is_believed_once(system: RecordSystem, database: Database) -> None:
    assertion = system.assertion()

    first, second = await system.ask(assertion), await system.ask(assertion)

    assert first.status_code == 200
    assert refused(second) == "invalid_client"
    assert "jti" in second.json()["error_description"]
    assert [row[3] for row in await audited(database)] == [200, 400]


async def test_of_the_same_assertion_many_times_at_once_one_gets_a_token(system: RecordSystem) -> None:
    assertion = system.assertion()

    answers = await asyncio.gather(*(system.ask(assertion) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400, 400]


async def test_two_clients_may_use_the_same_jti(system: RecordSystem) -> None:
    other = await RecordSystem(system.house, client_id="other").registered()

    answers = [await each.ask(each.assertion(jti="1")) for each in (system, other)]

    assert [answer.status_code for answer in answers] == [200, 200]


async def test_assertions_long_past_are_swept(system: RecordSystem) -> None:
    async with system.house.database.writing() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO client_assertion VALUES ('x', 'old', now() - interval '2 hours'), ('x', 'new', now())"
        )

    await system.ask()

    assert await system.house.scalar("SELECT string_agg(jti, ',') FROM client_assertion WHERE client_id = 'x'") == "new"


def ahead(seconds: int) -> int:
    return int(wall_now().timestamp()) + seconds


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://another.example/token"},
        {"aud": f"{URL}/"},
        {"aud": None},
        {"aud": 5},
        {"aud": {}},
        {"sub": "other"},
        {"sub": None},
        {"exp": -5},
        {"exp": 310},
        {"exp": 3600},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"nbf": 60},
        {"nbf": "x"},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"jti": "x" * 201},
        {"jti": "a\u0000b"},
    ],
    ids=repr,
)
async def test_assertion_with_a_wrong_claim_is_refused_and_audited(
    system: RecordSystem, database: Database, changes: dict[str, Any]
) -> None:
    made: dict[str, Any] = {
        name: ahead(value) if name in {"exp", "nbf"} and type(value) is int and value < 10_000 else value
        for name, value in changes.items()
    }

    assert refused(await system.ask(system.assertion(**made))) == "invalid_client"
    assert await audited(database) == [("ehr.example", "system", HOSPITAL, 400)]
    assert await system.house.scalar("SELECT count(*) FROM client_assertion") == 0


@pytest.mark.parametrize(
    "changes", [{"exp": float("nan")}, {"exp": float("inf")}, {"exp": 10**400}, {"jti": "\ud800"}], ids=repr
)
async def test_assertion_that_is_no_plain_json_is_refused(system: RecordSystem, changes: dict[str, Any]) -> None:
    assert refused(await system.ask(system.assertion(**changes))) == "invalid_client"


async def test_audience_may_stand_in_a_list(system: RecordSystem) -> None:
    assert (await system.ask(system.assertion(aud=["urn:other", URL]))).status_code == 200


@pytest.mark.parametrize("iss", ["nobody", "", "a b", "x" * 101, "a\u0000", 5, None, ["ehr.example"]])
async def test_client_that_is_not_registered_is_refused(system: RecordSystem, database: Database, iss: object) -> None:
    assert refused(await system.ask(system.assertion(iss=iss))) == "invalid_client"
    assert await audited(database) == []


async def test_assertion_signed_by_another_key_is_refused(system: RecordSystem) -> None:
    stranger = new_key()

    for header in ({"alg": "ES384", "kid": system.key.kid}, {"alg": "ES384", "kid": stranger.kid}, {"alg": "ES384"}):
        assert refused(await system.ask(system.assertion(key=stranger, header=header))) == "invalid_client"


async def test_assertion_that_does_not_name_its_key_is_refused(system: RecordSystem) -> None:
    assert refused(await system.ask(system.assertion(header={"alg": "ES384"}))) == "invalid_client"


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_weaker_algorithms_and_broken_texts_are_refused(system: RecordSystem) -> None:
    whole = system.assertion()
    payload = whole.split(".")[1]
    deep = jws.serialize_compact({"alg": "ES384", "kid": system.key.kid}, b"[" * 4500, system.key, algorithms=["ES384"])
    key = RSAKey.generate_key(2048, auto_kid=True)
    rsa = await RecordSystem(system.house, "rsa", key=key, alg="RS256").registered()

    for assertion in (
        f"{part({'alg': 'none'})}.{payload}.",
        f"{part({'alg': 'HS256', 'kid': system.key.kid})}.{payload}.{part(b'x' * 32)}",
        rsa.assertion(),
        whole[:-4],
        "x" * 9000,
        "a.b.c",
        "æ.ø.å",
        "..",
        f"{part({})}.{part(5)}.",
        f"{part(5)}.{payload}.x",
        deep,
    ):
        assert refused(await system.ask(assertion)) == "invalid_client", assertion[:60]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": None}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion_type": None}, "invalid_client"),
        ({"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}, "invalid_client"),
        ({"client_assertion": None}, "invalid_client"),
        ({"scope": "system/Observation.rs"}, "invalid_scope"),
        ({"scope": "user/Task.rs"}, "invalid_scope"),
        ({"scope": "system/Task.rus openid"}, "invalid_scope"),
        ({"scope": "system/Task.cruds"}, "invalid_scope"),
        ({"scope": "system/Task.sr"}, "invalid_scope"),
        ({"scope": "system/Task."}, "invalid_scope"),
        ({"scope": "system/*.rs"}, "invalid_scope"),
    ],
)
async def test_request_that_is_not_ours_to_grant_is_refused(
    system: RecordSystem, changes: dict[str, str | None], error: str
) -> None:
    assert refused(await system.ask(**changes)) == error


async def test_scopes_that_are_asked_for_are_answered(system: RecordSystem) -> None:
    answer = await system.ask(scope="system/Task.rs system/Patient.r system/Task.rs")

    assert answer.json()["scope"] == "system/Task.rs system/Patient.r"


async def test_parameter_that_comes_twice_is_refused(system: RecordSystem) -> None:
    answer = await system.house.client.post(
        "/token",
        content="grant_type=client_credentials&grant_type=client_credentials",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )

    assert refused(answer) == "invalid_request"


async def test_body_that_is_no_form_is_not_taken(system: RecordSystem) -> None:
    assert (await system.house.client.post("/token", json={"grant_type": "client_credentials"})).status_code == 415


async def test_assertion_and_token_are_never_logged(system: RecordSystem) -> None:
    assertion = system.assertion()
    with capture_logs() as logged:
        token = (await system.ask(assertion)).json()["access_token"]
        await system.ask(assertion)
        await system.ask(system.assertion(aud="urn:secret-audience"))

    assert len(logged) >= 2
    for secret in (assertion, token, "urn:secret-audience", assertion.split(".")[2]):
        assert secret not in str(logged)


async def test_endpoint_exists_only_with_a_signing_key(database: Database) -> None:
    house_settings = settings(database)

    def paths(settings: Settings) -> set[str]:
        return {route.path for route, _ in rules_of(bootstrap.create_app(settings)) if isinstance(route, Route)}

    without = house_settings.token.model_copy(update={"signing_key": None})
    assert "/token" in paths(house_settings)
    assert "/token" not in paths(house_settings.model_copy(update={"token": without}))
