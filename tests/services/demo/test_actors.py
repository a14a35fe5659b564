from collections.abc import Callable

import httpx
import pytest

from discharge.identifiers import SorCode
from services.demo.actors import Actors, NoAnswerError, RefusedError
from tests.services.demo.test_data import DIRECTORY
from tests.services.web.doubles import settings_for

WARD = SorCode("999000000001001")


def actors(answer: Callable[[httpx.Request], httpx.Response]) -> Actors:
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://localhost:8000")
    return Actors(client, settings_for(), DIRECTORY, waits=(0, 0, 0))


async def test_a_busy_installation_is_asked_again() -> None:
    answers = iter([200, 503, 429, 200])
    asked = actors(lambda _: httpx.Response(next(answers), json={"resourceType": "Bundle"}))

    found = [await asked.encounter(WARD, "e") for _ in range(2)]

    assert found == [None, None]


async def test_an_installation_that_stays_away_is_given_up() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("away", request=request)

    with pytest.raises(NoAnswerError, match="/demo/clock"):
        await actors(away).clock()


async def test_a_refusal_says_why() -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "details": {"text": "No."}}]}

    with pytest.raises(RefusedError, match=r"HTTP 422: error .* No\.") as refused:
        await actors(lambda _: httpx.Response(422, json=outcome)).plan(WARD, "e", [])

    assert refused.value.status == 422


async def test_an_answer_that_cannot_be_read_is_a_refusal() -> None:
    with pytest.raises(RefusedError):
        await actors(lambda _: httpx.Response(200, content=b"<html>")).clock()


async def test_pages_are_followed_to_the_last_by_path_alone() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        page: dict[str, object] = {"resourceType": "Bundle", "entry": [{"resource": {"id": str(len(asked))}}]}
        if len(asked) == 1:
            page["link"] = [{"relation": "next", "url": "https://other.example/fhir/Task?_cursor=1"}]
        return httpx.Response(200, json=page)

    tasks = await actors(answer).tasks_owned(WARD)

    assert [task["id"] for task in tasks] == ["1", "2"]
    assert asked[1] == "http://localhost:8000/fhir/Task?_cursor=1"
