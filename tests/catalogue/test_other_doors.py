"""Bad input at the other doors: tasks, searches, forms, and a store that is away."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from discharge.policy import Role
from services.persistence.database import engine_for
from tests.catalogue.answers import found_in, no_number_in
from tests.catalogue.ledger import ledger_of, nothing_is_written
from tests.engines import Database
from tests.factories import CPR, MUNICIPALITY, NEIGHBOUR, NORTH, WARD
from tests.services.installation import Installation, code_of, notification
from tests.services.pages_house import Pages, pages_over

CPR_SYSTEM = "urn:oid:1.2.208.176.1.2"
ORIGIN = "http://localhost:8000"


@pytest.fixture
async def task(house: Installation) -> dict[str, Any]:
    """A duty of the northern unit after a discharge."""
    await house.home()
    return next(found for found in await house.tasks(house.nurse) if found["owner"]["identifier"]["value"] == NORTH)


@asynccontextmanager
async def store_away(house: Installation) -> AsyncIterator[None]:
    """Nobody listens where the store should be."""
    running = house.database.engine
    house.database.engine = engine_for("postgresql://stafet_app@127.0.0.1:9/stafet", pool_size=1)
    yield
    await house.database.engine.dispose()
    house.database.engine = running


async def test_row_37_store_away_is_transient_and_the_same_message_is_taken_later(
    house: Installation, database: Database
) -> None:
    message = notification()
    before = await ledger_of(database.admin_url)
    async with store_away(house):
        answers = [
            await house.send(message),
            await house.client.get("/fhir/Task", headers=house.nurse),
            await house.client.post("/fhir/Patient/_search", data={"identifier": CPR.digits}, headers=house.nurse),
        ]

    assert (await ledger_of(database.admin_url)).changed_since(before) == set()
    for answer in answers:
        assert (answer.status_code, found_in(answer)) == (503, {("transient", None)})
        assert int(answer.headers["retry-after"]) > 0
        no_number_in(answer)
    assert code_of(await house.send(message)) == "ok"


async def test_row_37_store_away_is_said_to_people_in_danish(database: Database) -> None:
    async with pages_over(database) as pages, store_away(pages.house):
        page = await pages.get(Role.WARD, "/ward")

    assert page.status_code == 503
    assert page.headers["retry-after"]
    assert "Systemet er utilgængeligt lige nu" in page.text


async def test_row_39_old_version_is_a_conflict_and_none_is_asked_for(
    house: Installation, database: Database, task: dict[str, Any]
) -> None:
    own = (await house.put(task, house.nurse, status="accepted")).json()
    assert (await house.put(own, house.nurse, status="in-progress")).status_code == 200
    async with nothing_is_written(database.admin_url):
        stale = await house.put(own, house.nurse, status="completed")
        without = await house.client.put(
            f"/fhir/Task/{task['id']}", json=own | {"status": "completed"}, headers=house.nurse
        )

    assert (stale.status_code, found_in(stale)) == (412, {("conflict", None)})
    assert (without.status_code, found_in(without)) == (428, {("conflict", None)})
    no_number_in(stale)


async def test_row_40_of_two_nurses_at_once_the_loser_reads_who_won(
    house: Installation, database: Database, task: dict[str, Any]
) -> None:
    colleague = house.token(Role.HOME_NURSE, MUNICIPALITY)
    before = await ledger_of(database.admin_url)
    answers = await asyncio.gather(
        house.put(task, house.nurse, status="accepted"), house.put(task, colleague, status="accepted")
    )
    after = await ledger_of(database.admin_url)

    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (200, 409)
    assert found_in(lost) == {("conflict", None)}
    named = next(e for e in won.json()["extension"] if e["url"] == "urn:stafet:assignee")
    assert named["valueReference"]["display"] in lost.json()["issue"][0]["details"]["text"]
    assert after.count("event") - before.count("event") == 1
    assert after.count("task_version") - before.count("task_version") == 1
    no_number_in(lost)


async def test_row_41_task_of_others_is_not_there_and_the_attempt_is_audited(
    house: Installation, database: Database, task: dict[str, Any]
) -> None:
    async with nothing_is_written(database.admin_url):
        answer = await house.client.get(f"/fhir/Task/{task['id']}", headers=house.token(Role.HOME_NURSE, NEIGHBOUR))
        nobodys = await house.client.get("/fhir/Task/nothing", headers=house.nurse)

    assert (answer.status_code, found_in(answer)) == (404, {("not-found", None)})
    assert [{**answer.json(), "text": ""}] == [{**nobodys.json(), "text": ""}]
    assert (await house.audited(database.admin_url))[-2] == ("read-task", "GET /fhir/Task/{task_id}", 404, 0)
    no_number_in(answer)


@pytest.mark.parametrize("value", [f"{CPR_SYSTEM}|{CPR.digits}", CPR.digits], ids=["row-42-token", "row-42-bare"])
async def test_number_in_an_address_is_a_matter_of_security(
    house: Installation, database: Database, task: dict[str, Any], value: str
) -> None:
    async with nothing_is_written(database.admin_url):
        answer = await house.client.get("/fhir/Patient", params={"identifier": value}, headers=house.nurse)

    assert (answer.status_code, found_in(answer)) == (400, {("security", None)})
    assert "POST" in answer.text
    assert "_search" in answer.text
    no_number_in(answer)


async def test_row_43_unknown_parameter_is_left_out_or_refused(
    house: Installation, database: Database, task: dict[str, Any]
) -> None:
    async with nothing_is_written(database.admin_url):
        lenient = await house.client.get("/fhir/Task?colour=red", headers=house.nurse)
        strict = await house.client.get("/fhir/Task?colour=red", headers=house.nurse | {"prefer": "handling=strict"})

    entries = lenient.json()["entry"]
    assert lenient.status_code == 200
    assert [e["resource"]["issue"][0]["code"] for e in entries if e["search"]["mode"] == "outcome"] == ["not-supported"]
    assert task["id"] in [e["resource"]["id"] for e in entries if e["search"]["mode"] == "match"]
    assert (strict.status_code, found_in(strict)) == (400, {("not-supported", None)})


# ── forms ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Desk:
    """The ward's browser in front of the citizen's plan."""

    pages: Pages
    stay: str
    csrf: str

    async def discharge(self, form: dict[str, str], **headers: str) -> httpx.Response:
        sent = {"version": "0", "leaves": "now", "reason": "Sengen skal bruges", **form}
        return await self.pages.house.client.post(f"/ward/stays/{self.stay}/discharge", data=sent, headers=headers)


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with pages_over(database) as pages:
        stay = await pages.stay()
        client = pages.house.client
        signed_in = await client.post("/demo/sign-in", data={"person": f"ward|{WARD}"}, headers={"origin": ORIGIN})
        assert signed_in.status_code == 303, signed_in.text
        shown = re.search(r'name="csrf"[^>]*value="([^"]+)"', (await client.get(f"/ward/stays/{stay}")).text)
        assert shown is not None
        yield Desk(pages=pages, stay=stay, csrf=shown[1])


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ({}, {"origin": ORIGIN}),
        ({"csrf": "made-up"}, {"origin": ORIGIN}),
        ({"csrf": "OWN"}, {"origin": "https://evil.example"}),
        ({"csrf": "OWN"}, {"sec-fetch-site": "cross-site"}),
    ],
    ids=["row-47-no-token", "row-47-wrong-token", "row-47-foreign-origin", "row-47-cross-site"],
)
async def test_form_that_is_not_demonstrably_ours_changes_nothing(
    desk: Desk, database: Database, form: dict[str, str], headers: dict[str, str]
) -> None:
    shown = {name: desk.csrf if value == "OWN" else value for name, value in form.items()}
    async with nothing_is_written(database.admin_url):
        answer = await desk.discharge(shown, **headers)

    assert answer.status_code == 403
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="da"' in answer.text
    assert "Intet er ændret" in answer.text
    no_number_in(answer)


async def test_same_form_with_the_sessions_token_from_our_own_page_counts(desk: Desk, database: Database) -> None:
    before = await ledger_of(database.admin_url)
    answer = await desk.discharge({"csrf": desk.csrf}, origin=ORIGIN)

    assert answer.status_code in {200, 303}, answer.text
    assert "stay" in (await ledger_of(database.admin_url)).changed_since(before)
