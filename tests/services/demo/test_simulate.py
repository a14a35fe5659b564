"""The whole way: synthetic stays through the doors of a real app over a real store."""

import asyncio
from collections.abc import AsyncIterator
from io import StringIO
from typing import Any

import httpx
import pytest
from rich.console import Console

from services.bootstrap import create_app
from services.demo.seed import seed_demo
from services.demo.simulate import Tally, disagreements, play_stays, show, simulate
from services.settings import Mode, Settings, SettingsError
from tests.engines import Database
from tests.services.demo.installation import settings_over
from tests.services.web.doubles import client_of, settings_for

TASK: dict[str, Any] = {
    "resourceType": "Task",
    "id": "t1",
    "status": "accepted",
    "instantiatesUri": "urn:stafet:rule:R17",
    "code": {"coding": [{"code": "resume-services"}]},
    "businessStatus": {"coding": [{"code": "accepted"}]},
}


def proven(proof: str) -> dict[str, Any]:
    return TASK | {"businessStatus": {"coding": [{"code": proof}]}}


@pytest.fixture(scope="module")
def settings(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = settings_over(tmp_path_factory.mktemp("home"), module_database)
    asyncio.run(seed_demo(made, empty=False, now=None))
    return made


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings)
    async with client_of(app) as made:
        yield made
    await app.state.runtime.database.engine.dispose()


def quiet() -> Console:
    return Console(file=StringIO(), highlight=False, width=200)


def text_of(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


async def test_what_the_answers_said_agrees_with_what_the_searches_find(
    settings: Settings, client: httpx.AsyncClient
) -> None:
    tally, wrong = await play_stays(client, settings, stays=12, rate=200.0, seed=3, console=quiet())

    assert tally.refusals == []
    assert wrong == []
    assert sum(tally.stays.values()) == 12
    assert tally.messages["ok"] >= 12
    assert len(tally.tasks) > 25
    assert tally.stays["kept"] >= 7


async def test_a_lost_task_would_be_seen(settings: Settings, client: httpx.AsyncClient) -> None:
    tally, _ = await play_stays(client, settings, stays=2, rate=None, seed=5, console=quiet())
    lost = dict(tally.tasks)
    lost.pop(next(iter(lost)))

    assert disagreements(tally.tasks, lost) != []


def test_answers_and_searches_that_differ_are_told_apart() -> None:
    assert disagreements({"t1": TASK}, {"t1": TASK}) == []
    assert disagreements({"t1": proven("sent")}, {"t1": proven("delivered")}) == []
    assert disagreements({"t1": proven("seen")}, {"t1": proven("delivered")}) == [
        "task t1: the proof seen was told, delivered is found"
    ]
    assert disagreements({"t1": TASK}, {"t1": TASK | {"status": "completed"}}) == [
        "task t1: status accepted was told, completed is found"
    ]
    assert disagreements({"t1": TASK}, {}) == ["task t1 was told of, and no search finds it"]
    assert disagreements({}, {"t1": TASK}) == ["task t1 is found, and no answer told of it"]


def test_the_sum_names_messages_stays_and_tasks_by_rule_and_proof() -> None:
    tally = Tally(tasks={"t1": TASK, "t2": {"resourceType": "Task", "id": "t2"}})
    tally.messages["ok"] = 3
    tally.stays["kept"] = 1
    tally.refusals.append("STIN: fatal-error")
    out = quiet()

    show(out, tally, ["task t1: different"])

    printed = text_of(out)
    assert "messages: 3 ok, 0 duplicate, 0 refused" in printed
    assert "stays: 1 kept" in printed
    assert "R17" in printed
    assert "refused: STIN: fatal-error" in printed
    assert "disagree in 1 places" in printed


def test_the_sum_says_when_everything_agrees() -> None:
    out = quiet()

    show(out, Tally(), [])

    assert "the installation's searches agree" in text_of(out)


def test_an_installation_that_knows_no_demo_is_told_in_words() -> None:
    out = quiet()

    assert not simulate(settings_for(), stays=1, to="http://127.0.0.1:1", console=out)
    assert "does this demo run there?" in text_of(out)


def test_production_is_not_simulated_on() -> None:
    with pytest.raises(SettingsError, match="demo"):
        simulate(settings_for(Mode.PRODUCTION), stays=1)
