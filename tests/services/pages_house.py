"""The pages over a real store: who asks, and what stands on the page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from discharge.directory import Directory
from discharge.identifiers import SorCode
from discharge.policy import Role
from services.agreements import pages as agreements
from services.gp import pages as gp
from services.hospital import begin, inbox
from services.hospital import pages as hospital
from services.municipality import pages as municipality
from services.operator import alert_pages, message_pages
from services.operator import pages as operator
from services.operator.judging import judging_router
from services.stays import conversation_pages as conversations
from services.stays import decide_pages, medicine_lists, medicine_pages, medicine_stays
from services.stays import document_pages as documents
from services.stays import pages as stays
from services.web.signin import signin_router
from tests import engines, factories
from tests.factories import HOSPITAL, MUNICIPALITY, NORTH, PRACTICE, REGION, WARD
from tests.services.installation import Installation, installed

PLACES: dict[Role, tuple[SorCode, SorCode | None]] = {
    Role.WARD: (HOSPITAL, WARD),
    Role.DOCTOR: (HOSPITAL, WARD),
    Role.HOME_NURSE: (MUNICIPALITY, NORTH),
    Role.VISITATOR: (MUNICIPALITY, None),
    Role.GP: (PRACTICE, None),
    Role.PHARMACIST: (PRACTICE, None),
    Role.LEADER: (MUNICIPALITY, None),
    Role.OPERATOR: (HOSPITAL, None),
    Role.AGREEMENT_EDITOR: (REGION, None),
}


@dataclass
class Pages:
    """Asks for pages as somebody."""

    house: Installation

    async def get(self, role: Role, path: str, **headers: str) -> httpx.Response:
        return await self.house.client.get(path, headers=self.house.token(role, *PLACES[role]) | headers)

    async def post(
        self, role: Role, path: str, form: Mapping[str, str | list[str]] | None = None, **headers: str
    ) -> httpx.Response:
        asked = self.house.token(role, *PLACES[role]) | headers
        return await self.house.client.post(path, data=dict(form or {}), headers=asked)

    async def fragment(
        self, role: Role, path: str, form: Mapping[str, str | list[str]] | None = None
    ) -> httpx.Response:
        return await self.post(role, path, form, **{"hx-request": "true"})

    async def stay(self) -> str:
        """The stay of the citizen who was admitted by message."""
        encounter = await self.house.admitted()
        found = re.search(r"/ward/stays/([0-9a-f-]{36})", (await self.get(Role.WARD, "/ward")).text)
        assert found is not None, encounter
        return found[1]

    async def task(self, role: Role, path: str = "/municipality", words: str = "Start ydelserne igen") -> str:
        """The id of a task on a list by a part of its title."""
        text = (await self.get(role, path)).text
        found = re.search(rf'href="/tasks/([0-9a-f-]{{36}})">{words}', text)
        assert found is not None, text
        return found[1]


@asynccontextmanager
async def pages_over(where: engines.Database, **limits: Any) -> AsyncIterator[Pages]:
    """Every page, over a store with one known citizen, and ``limits`` as ``installed`` takes them."""

    async def directory() -> Directory:
        return factories.directory()

    doors = (
        hospital.router,
        begin.router,
        municipality.router,
        gp.router,
        conversations.router,
        documents.router,
        decide_pages.router,
        medicine_lists.router,
        medicine_pages.router,
        medicine_stays.router,
        stays.router,
        agreements.router,
        operator.router,
        message_pages.router,
        alert_pages.router,
        judging_router(inbox.judge_again),
        signin_router(directory),
    )
    async with installed(where, *doors, **limits) as house:
        yield Pages(house)


def words_of(answer: httpx.Response) -> str:
    """The page as words: no marks, one space between."""
    text = re.sub(r"<(script|style)[^>]*>.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).replace("\N{NO-BREAK SPACE}", " ")
