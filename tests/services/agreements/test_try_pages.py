"""``/agreements/try`` for the editor of an agreement."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from discharge.policy import Role
from services.agreements.try_pages import TrialDesk, trying_router
from services.persistence.database import Database as Store
from services.persistence.database import engine_for
from tests import engines
from tests.factories import REGION
from tests.services.installation import Installation, installed
from tests.services.pages_house import words_of
from tests.services.persistence.store import VAULT

DRAFT = """\
id: udkast
version: "2"
title: Udkast
regions: [DK-83]
valid-from: 2030-01-01
rules:
- id: R17
  source: her
  trigger: discharged
  addressee: municipality
  roles: [home-nurse]
  code: resume-services
  title: {da: Start ydelserne igen, en: Resume services}
  content: plan
  deadline: {kind: elapsed, span: PT2H}
"""


@pytest.fixture
async def house(database: engines.Database) -> AsyncIterator[Installation]:
    store = Store(engine_for(database.app_url), VAULT, access_days=30, demo=True)
    try:
        async with installed(database, trying_router(TrialDesk(store))) as made:
            yield made
    finally:
        await store.close()


async def tried(house: Installation, draft: str, **fields: str) -> httpx.Response:
    editor = house.token(Role.AGREEMENT_EDITOR, REGION)
    return await house.client.post("/agreements/try", data={"draft": draft, "days": "30", **fields}, headers=editor)


async def test_form_is_there_for_editors_only(house: Installation) -> None:
    editor = house.token(Role.AGREEMENT_EDITOR, REGION)

    assert "Afprøv et udkast" in words_of(await house.client.get("/agreements/try", headers=editor))
    assert (await house.client.get("/agreements/try", headers=house.nurse)).status_code == 403


async def test_draft_is_tried_beside_what_is_in_force(house: Installation) -> None:
    await house.home()

    answer = await tried(house, DRAFT)

    assert answer.status_code == 200, words_of(answer)
    # The stay was sealed with another installation's key: it is counted, and not read.
    assert "1 forløb kunne ikke læses" in words_of(answer)
    assert "udkast 2" in words_of(answer)


async def test_wrong_draft_is_refused_with_its_line_and_kept_in_the_field(house: Installation) -> None:
    answer = await tried(house, DRAFT.replace("discharged", "teleported"))

    assert answer.status_code == 422
    assert "line 9, rule R17" in words_of(answer)
    assert "teleported" in answer.text


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        ("", "Indsæt et udkast"),
        (DRAFT.replace("DK-83", "DK-81"), "gælder ikke i jeres region"),
    ],
)
async def test_what_cannot_be_tried_is_said_why(house: Installation, draft: str, words: str) -> None:
    answer = await tried(house, draft)

    assert answer.status_code == 422
    assert words in words_of(answer)


async def test_file_that_is_too_large_is_said_to_be(house: Installation) -> None:
    editor = house.token(Role.AGREEMENT_EDITOR, REGION)
    file = {"file": ("udkast.yaml", b"#" * (1024 * 1024 + 1), "application/yaml")}

    answer = await house.client.post("/agreements/try", data={"days": "7"}, files=file, headers=editor)

    assert answer.status_code == 422
    assert "Udkastet er for stort" in words_of(answer)


async def test_file_is_taken_before_what_was_pasted(house: Installation) -> None:
    editor = house.token(Role.AGREEMENT_EDITOR, REGION)
    file = {"file": ("udkast.yaml", DRAFT.encode(), "application/yaml")}

    answer = await house.client.post("/agreements/try", data={"draft": "no: agreement"}, files=file, headers=editor)

    assert "udkast 2" in words_of(answer)
