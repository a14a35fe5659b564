"""Every route x every role x own and other organisation, walked from the route table itself.

Nothing here lists routes: one that is added without a rule keeps the app from being built, and one that
is added with a rule is walked like all others.
"""

import base64
import secrets
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import SecretStr
from starlette.routing import BaseRoute, Route

from discharge.directory import Directory, Organization, OrganizationKind
from discharge.identifiers import SorCode
from discharge.policy import Role
from services import bootstrap
from services.persistence.database import Database
from services.settings import DatabaseSettings, KeySettings, Mode, Settings
from services.web.access import AccessRule, Party, Surface
from services.web.app import create_app, rules_of
from services.web.runtime import Runtime
from tests import engines, reports
from tests.factories import (
    CPR,
    FAMILY,
    HOSPITAL,
    MUNICIPALITY,
    NEIGHBOUR,
    PAPER_HOSPITAL,
    PAPER_WARD,
    PRACTICE,
    REGION,
    WARD,
    directory,
)
from tests.services.fhir_api.medication.course import bundle, pinex
from tests.services.installation import Installation, citizen, load
from tests.services.web.doubles import client_of, settings_for

OTHER_PRACTICE: Final = SorCode("96000000000")
Place = tuple[SorCode, SorCode | None]
OWN: Final[dict[Role, Place]] = {
    Role.WARD: (HOSPITAL, WARD),
    Role.DOCTOR: (HOSPITAL, WARD),
    Role.VISITATOR: (MUNICIPALITY, None),
    Role.HOME_NURSE: (MUNICIPALITY, None),
    Role.GP: (PRACTICE, None),
    Role.PHARMACIST: (MUNICIPALITY, None),
    Role.LEADER: (MUNICIPALITY, None),
    Role.OPERATOR: (MUNICIPALITY, None),
    Role.AGREEMENT_EDITOR: (REGION, None),
    Role.SYSTEM: (HOSPITAL, None),
}
OTHER: Final[dict[Role, Place]] = {
    Role.WARD: (PAPER_HOSPITAL, PAPER_WARD),
    Role.DOCTOR: (PAPER_HOSPITAL, PAPER_WARD),
    Role.VISITATOR: (NEIGHBOUR, None),
    Role.HOME_NURSE: (NEIGHBOUR, None),
    Role.GP: (OTHER_PRACTICE, None),
    Role.PHARMACIST: (NEIGHBOUR, None),
    Role.LEADER: (NEIGHBOUR, None),
    Role.OPERATOR: (NEIGHBOUR, None),
    Role.AGREEMENT_EDITOR: (OTHER_PRACTICE, None),
    Role.SYSTEM: (PAPER_HOSPITAL, None),
}
PLAIN_DENIALS: Final = {Surface.FHIR: 401, Surface.API: 401, Surface.PAGE: 303}


@dataclass
class Town:
    """The whole app with one discharged citizen, and the ids of what is about that citizen."""

    house: Installation
    app: FastAPI
    names: dict[str, str] = field(default_factory=dict)

    @property
    def routes(self) -> list[tuple[Route, AccessRule]]:
        return [(route, rule) for route, rule in rules_of(self.app) if isinstance(route, Route)]

    def path(self, route: BaseRoute) -> str:
        assert isinstance(route, Route)
        return route.path.format(**{name: self.names.get(name, "accept") for name in route.param_convertors})

    async def ask(self, route: Route, headers: dict[str, str]) -> httpx.Response:
        """The route as its methods want it, with a body that is empty but well-formed."""
        method = next(iter(sorted(route.methods or {"GET"})))
        rule = next(rule for known, rule in self.routes if known is route)
        wanted = {"content-type": rule.takes[0]} if rule.takes else {}
        if method == "PUT":
            wanted["if-match"] = 'W/"1"'
        body = b"" if method == "GET" else b"{}" if rule.surface is not Surface.PAGE else b"x=1"
        if method != "GET" and rule.surface is Surface.PAGE:
            wanted["content-type"] = "application/x-www-form-urlencoded"
        return await self.house.client.request(method, self.path(route), content=body, headers=headers | wanted)


def places() -> Directory:
    other = Organization(sor=OTHER_PRACTICE, name="Andet Lægehus", kind=OrganizationKind.GP, region="DK-83")
    return Directory.of([*directory().organizations.values(), other])


def settings(where: engines.Database) -> Settings:
    def key() -> SecretStr:
        return SecretStr(base64.b64encode(secrets.token_bytes(32)).decode())

    made = settings_for(Mode.DEMO)
    return made.model_copy(
        update={
            "database": DatabaseSettings(url=SecretStr(where.app_url), pool_size=4),
            "keys": KeySettings(master=key(), index=key()),
        }
    )


@pytest.fixture
async def town(database: engines.Database) -> AsyncIterator[Town]:
    app = bootstrap.create_app(settings(database))
    runtime: Runtime = app.state.runtime
    store = runtime.database
    assert isinstance(store, Database)
    await load(store, citizen(), places=places())
    async with client_of(app) as client:
        house = Installation(settings=runtime.settings, database=store, client=client)
        encounter = await house.home()
        task = (await house.tasks(house.token(Role.HOME_NURSE, MUNICIPALITY)))[0]
        names = {
            "task_id": task["id"],
            "stay_id": task["groupIdentifier"]["value"],
            "encounter_id": encounter["id"],
            "patient_id": task["for"]["reference"].removeprefix("Patient/"),
        }
        names |= await _a_thread(house, names["stay_id"])
        names |= await _a_list(house, names["stay_id"])
        names |= await _a_report(house, names["stay_id"])
        names["entry_id"] = await _on_call(house)
        names["line_id"] = await _a_line(house)
        yield Town(house=house, app=app, names=names)
    await store.engine.dispose()


async def _a_thread(house: Installation, stay_id: str) -> dict[str, str]:
    """The ward wrote to the municipality and attached a file: the ids of both."""
    draft = {"draft": str(uuid.uuid4()), "recipient": MUNICIPALITY, "category": "nursing"}
    sent = await house.client.post(
        f"/stays/{stay_id}/conversations",
        data=draft | {"text": "Se planen.", "phone": "70000101"},
        files={"files": ("plan.pdf", b"%PDF-1.7", "application/pdf")},
        headers=house.token(Role.WARD, HOSPITAL, WARD),
    )
    assert sent.status_code == 303, sent.text
    return {
        "conversation_id": str(await house.scalar("SELECT id FROM conversation")),
        "attachment_id": str(await house.scalar("SELECT id FROM attachment")),
    }


async def _a_line(house: Installation) -> str:
    """The hospital said what the citizen goes home with: the id of the line."""
    sent = await house.client.post("/fhir/Bundle", json=bundle(pinex()), headers=house.hospital)
    assert sent.status_code == 201, sent.text
    return str(await house.scalar("SELECT id FROM medication_line"))


async def _a_list(house: Installation, stay_id: str) -> dict[str, str]:
    """The ward wrote down a medicine: the id of its line, and which list."""
    form = {"do": "line", "list": "", "name": "Furosemid", "amount": "1", "times": "1"}
    path = f"/stays/{stay_id}/medicine/lists/before"
    sent = await house.client.post(path, data=form, headers=house.token(Role.WARD, HOSPITAL, WARD))
    assert sent.status_code == 303, sent.text
    return {"line_id": str(await house.scalar("SELECT id FROM medication_line")), "column": "before"}


async def _a_report(house: Installation, stay_id: str) -> dict[str, str]:
    """The ward filed a discharge report: its id, and a file of it."""
    headers = house.token(Role.WARD, HOSPITAL, WARD) | {"content-type": "application/fhir+json"}
    sent = await house.client.post(
        f"/fhir/Bundle?stay={stay_id}", content=reports.body(reports.whole()), headers=headers
    )
    assert sent.status_code == 201, sent.text
    return {"bundle_id": sent.json()["id"], "document_id": sent.json()["id"], "number": "0"}


async def _on_call(house: Installation) -> str:
    """The municipality has somebody on call: the id of the entry."""
    sent = await house.client.post(
        "/alerts/on-call",
        data={"place": MUNICIPALITY, "address": "vagt@kommune.example"},
        headers=house.token(Role.LEADER, MUNICIPALITY),
    )
    assert sent.status_code == 303, sent.text
    return str(await house.scalar("SELECT id FROM on_call"))


async def test_nobody_gets_in_without_credentials(town: Town) -> None:
    expired = town.house.token(Role.OPERATOR, REGION, ttl=timedelta(seconds=-5))
    for route, rule in town.routes:
        if rule.public:
            continue
        for headers in ({}, expired, {"authorization": "Bearer nonsense"}, {"cookie": "stafet=nonsense"}):
            answer = await town.ask(route, headers)

            assert answer.status_code == PLAIN_DENIALS[rule.surface], (route.path, headers)


async def test_other_roles_are_refused_at_their_own_organization_too(town: Town) -> None:
    for route, rule in town.routes:
        for role in set(Role) - rule.roles:
            if rule.public:
                continue
            answer = await town.ask(route, town.house.token(role, *OWN[role]))

            assert answer.status_code == 403, (route.path, role)


async def test_roles_that_are_named_get_in(town: Town) -> None:
    for route, rule in town.routes:
        for role in rule.roles:
            answer = await town.ask(route, town.house.token(role, *OWN[role]))

            assert answer.status_code not in {401, 500, 503}, (route.path, role, answer.text)
            if answer.status_code == 403:
                # Let in by the route, stopped by the domain: it says which rule.
                assert rule.party is not Party.NONE, (route.path, role)


async def test_other_organizations_learn_nothing(town: Town) -> None:

    for route, rule in town.routes:
        for role in rule.roles:
            answer = await town.ask(route, town.house.token(role, *OTHER[role]))

            assert answer.status_code < 500, (route.path, role, answer.text)
            for secret in (FAMILY, "Furosemid", "Furix", CPR.digits, CPR.digits[:6], "70 00 01 01"):
                assert secret not in answer.text, (route.path, role)
            if rule.party is Party.STAY:
                assert town.names["patient_id"] not in answer.text.replace(town.path(route), ""), (route.path, role)
            if rule.party is Party.STAY and route.param_convertors and "GET" in (route.methods or set()):
                assert answer.status_code == 404, (route.path, role)


async def test_change_by_another_organization_leaves_everything_as_it_was(town: Town) -> None:
    async def state() -> object:
        return await town.house.scalar(
            "SELECT md5(string_agg(t, '|')) FROM (SELECT task::text AS t FROM task"
            " UNION ALL SELECT stay::text FROM stay UNION ALL SELECT plan_version::text FROM plan_version"
            " UNION ALL SELECT care_message::text FROM care_message"
            " UNION ALL SELECT document::text FROM document"
            " UNION ALL SELECT medication::text FROM medication"
            " UNION ALL SELECT medication_list::text FROM medication_list"
            " UNION ALL SELECT medication::text FROM medication"
            " UNION ALL SELECT medication_list::text FROM medication_list"
            " UNION ALL SELECT on_call::text FROM on_call UNION ALL SELECT alert_mail::text FROM alert_mail"
            " ORDER BY 1) AS rows"
        )

    before = await state()
    for route, rule in town.routes:
        if not rule.public and "GET" not in (route.methods or set()) and route.param_convertors:
            for role in Role:
                await town.ask(route, town.house.token(role, *OTHER[role]))

    assert await state() == before


async def test_every_route_declares_a_rule(town: Town) -> None:
    for route, rule in rules_of(town.app):
        path = getattr(route, "path", "")
        assert rule.public or rule.roles, path
        if path.startswith("/fhir/"):
            assert rule.surface in {Surface.FHIR, Surface.API}, path
        if rule.demo_only:
            assert path.startswith("/demo/") or path == "/openapi.json", path


async def test_demo_routes_exist_in_demo_mode_only(town: Town) -> None:
    demo: Runtime = town.app.state.runtime
    production = replace(demo, settings=demo.settings.model_copy(update={"mode": Mode.PRODUCTION}))
    app = create_app(production, [APIRouter(routes=[route for route, _ in rules_of(town.app)])])

    assert [route for route, rule in rules_of(town.app) if rule.demo_only]
    assert [route for route, rule in rules_of(app) if rule.demo_only] == []
