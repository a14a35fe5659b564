"""The machines' doors over a real store: a little Denmark, its messages, and tokens for everybody in it."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
from fastapi import APIRouter
from sqlalchemy import text

from discharge.agreement_format import parse_agreement
from discharge.directory import Directory
from discharge.identifiers import CprNumber, PatientId, SorCode
from discharge.patient import Patient
from discharge.policy import Caller, Role
from discharge.stay import NoticeKind
from services import fhir_api
from services.demo.messages import Notification
from services.hospital import inbox
from services.observability import Metrics
from services.persistence.browser_sessions import SqlSessionStore
from services.persistence.clock import wall_now
from services.persistence.database import Database, engine_for, new_id
from services.persistence.master import put_agreement, put_organizations
from services.persistence.people import put_patient
from services.persistence.system_clients import SqlSystemClients
from services.persistence.vault import Vault
from services.settings import GatewaySettings, Mode, RateSettings, Settings
from services.web.app import create_app
from services.web.health import Checkup
from services.web.rates import ClientRates
from services.web.runtime import Runtime
from services.web.sessions import Sessions
from services.web.token_endpoint import token_router
from services.web.tokens import Tokens, issue_demo_token
from tests import engines, factories
from tests.factories import CPR, FAMILY, HOSPITAL, MUNICIPALITY, NORTH, PRACTICE, WARD
from tests.services.web.doubles import FakeHub, client_of, settings_for

FHIR = "application/fhir+json"


@dataclass
class Installation:
    """One web process over one database, and a client for it."""

    settings: Settings
    database: Database
    client: httpx.AsyncClient
    sent: list[httpx.Response] = field(default_factory=list)
    _tokens: dict[tuple[Role, SorCode, SorCode | None, timedelta], str] = field(default_factory=dict)

    def token(
        self, role: Role, organization: SorCode, unit: SorCode | None = None, ttl: timedelta = timedelta(hours=1)
    ) -> dict[str, str]:
        """The header that names somebody; signed once, as a system keeps its token until it ends."""
        who = (role, organization, unit, ttl)
        if who not in self._tokens:
            self._tokens[who] = issue_demo_token(
                self.settings.token, role=role, organization=organization, unit=unit, ttl=ttl, now=wall_now()
            )
        return {"authorization": f"Bearer {self._tokens[who]}"}

    def of(self, caller: Caller) -> dict[str, str]:
        """The header that names this role at this place."""
        return self.token(caller.role, caller.organization, caller.unit)

    @property
    def hospital(self) -> dict[str, str]:
        """The hospital's record system."""
        return self.token(Role.SYSTEM, HOSPITAL) | {"content-type": FHIR}

    @property
    def nurse(self) -> dict[str, str]:
        """A nurse of the northern unit."""
        return self.token(Role.HOME_NURSE, MUNICIPALITY, NORTH)

    @property
    def gp(self) -> dict[str, str]:
        """The citizen's own doctor."""
        return self.token(Role.GP, PRACTICE)

    async def send(self, message: Notification, **headers: str) -> httpx.Response:
        """Post a message as the hospital's record system."""
        return await self.client.post("/fhir/$process-message", content=message.body(), headers=self.hospital | headers)

    async def admitted(self) -> dict[str, Any]:
        """The citizen is in hospital: the encounter as the ward's system reads it."""
        assert code_of(await self.send(notification())) == "ok"
        return await self.encounter()

    async def encounter(self) -> dict[str, Any]:
        """The citizen's latest encounter."""
        answer = await self.client.post(
            "/fhir/Encounter/_search",
            data={"patient:identifier": f"urn:oid:1.2.208.176.1.2|{CPR.digits}"},
            headers=self.token(Role.SYSTEM, HOSPITAL),
        )
        found: dict[str, Any] = answer.json()["entry"][-1]["resource"]
        return found

    async def plan(self, encounter: dict[str, Any], *parameters: dict[str, Any], **headers: str) -> httpx.Response:
        """Revise the plan as the hospital's record system."""
        return await self.client.post(
            f"/fhir/Encounter/{encounter['id']}/$plan",
            json={"resourceType": "Parameters", "parameter": list(parameters)},
            headers=self.hospital | headers,
        )

    async def home(self) -> dict[str, Any]:
        """The citizen was discharged with home nursing to come; the encounter."""
        encounter = await self.admitted()
        answer = await self.plan(
            encounter,
            {"name": "need", "valueCode": "home-nursing"},
            {"name": "contact-phone", "valueString": "70 00 01 01"},
            {"name": "discharged", "valueDateTime": wall_now().isoformat(timespec="seconds")},
        )
        assert answer.status_code == 200, answer.text
        return encounter

    async def tasks(self, headers: dict[str, str], query: str = "") -> list[dict[str, Any]]:
        """Tasks as somebody finds them."""
        answer = await self.client.get(f"/fhir/Task{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        return [entry["resource"] for entry in answer.json().get("entry", [])]

    async def put(
        self, task: dict[str, Any], headers: dict[str, str], *, version: str | None = None, **changes: Any
    ) -> httpx.Response:
        """Put a task back with changes, decided on the version that was read."""
        decided = {"if-match": f'W/"{version or task["meta"]["versionId"]}"', "content-type": FHIR}
        return await self.client.put(f"/fhir/Task/{task['id']}", json=task | changes, headers=headers | decided)

    async def scalar(self, sql: str, **parameters: object) -> Any:
        """What one question of the store answers, asked as the writer."""
        async with self.database.writing() as connection:
            return (await connection.execute(text(sql), parameters)).scalar()

    async def audited(self, url: str) -> list[tuple[str, str, int, int]]:
        """Action, route, outcome and number of stays of each audit row, asked as a superuser."""
        import psycopg  # noqa: PLC0415 - only who asks needs it

        async with await psycopg.AsyncConnection.connect(url) as connection:
            rows = await connection.execute(
                "SELECT action, route, outcome, cardinality(stays) FROM audit ORDER BY at, id"
            )
            return [(row[0], row[1], row[2], row[3]) for row in await rows.fetchall()]


def code_of(answer: httpx.Response) -> str:
    """The response code of an Acknowledgement."""
    assert answer.status_code == 200, answer.text
    code: str = answer.json()["entry"][0]["resource"]["response"]["code"]
    return code


def details_of(answer: httpx.Response) -> list[str]:
    """The detail codes of an Acknowledgement's findings."""
    outcomes = [e["resource"] for e in answer.json()["entry"] if e["resource"]["resourceType"] == "OperationOutcome"]
    return [coding["code"] for each in outcomes for i in each["issue"] for coding in i["details"].get("coding", [])]


def notification(kind: NoticeKind = NoticeKind.STIN, **changes: Any) -> Notification:
    """A message of the ward to the municipality about the citizen, an hour old."""
    places = factories.directory()
    now = wall_now().replace(microsecond=0)
    made = Notification(
        kind=kind,
        message_id=new_id(),
        bundle_id=new_id(),
        cpr=CPR.digits,
        family=FAMILY,
        given=("Ane",),
        sender=replace(places[HOSPITAL], gln="5790009900016"),
        receiver=replace(places[MUNICIPALITY], gln="5790009900023"),
        provider=places[WARD],
        episode=new_id(),
        started_at=now - timedelta(hours=1),
        ended_at=now if kind is NoticeKind.SLHJ else None,
        occurred_at=now,
    )
    return replace(made, **changes)


async def load(database: Database, *citizens: Patient, places: Directory | None = None) -> None:
    """Put the little Denmark into the store."""
    directory = places or factories.directory()
    async with database.writing() as connection:
        await put_organizations(connection, directory.organizations.values())
        document = factories.small_document()
        parse_agreement(document)
        await put_agreement(connection, document)
        for citizen in citizens:
            await put_patient(connection, database.vault, citizen)


def citizen(number: int = 1, **changes: Any) -> Patient:
    """A citizen whom the municipality's northern unit serves."""
    digits = f"{CPR.digits[:6]}{int(CPR.digits[6:]) - number + 1:04d}"
    return factories.patient(id=PatientId(new_id()), cpr=CprNumber.parse(digits), **changes)


@asynccontextmanager
async def installed(
    where: engines.Database,
    *routers: APIRouter,
    gateway: str | None = None,
    rate: RateSettings | None = None,
    patience: float = 5.0,
    **http: object,
) -> AsyncIterator[Installation]:
    """An installation over ``where`` with one citizen known to the municipality, and such limits as ``http`` says."""
    settings = settings_for(Mode.DEMO, **http)
    settings = settings.model_copy(update={"gateway": GatewaySettings(url=gateway), "rate": rate or RateSettings()})
    engine = engine_for(where.app_url, pool_size=4, overflow=8, timeout=patience)
    vault = Vault(secrets.token_bytes(32), secrets.token_bytes(32))
    database = Database(engine, vault, access_days=30, demo=True)
    runtime = Runtime(
        settings=settings,
        clock=database,
        database=database,
        hub=FakeHub(),
        tokens=Tokens(settings.token, wall_now),
        sessions=Sessions(SqlSessionStore(database.writing), settings.session, wall_now),
        rates=ClientRates(settings.rate, wall_now),
        metrics=Metrics.create(),
        health=Checkup(engine, None),
        wall=wall_now,
    )
    await load(database, citizen())
    try:
        doors = [inbox.router, fhir_api.router, token_router(SqlSystemClients(database.writing)), *routers]
        async with client_of(create_app(runtime, doors)) as client:
            yield Installation(settings=settings, database=database, client=client)
    finally:
        await engine.dispose()
