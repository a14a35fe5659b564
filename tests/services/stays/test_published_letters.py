"""Every care communication that MedCom publishes, sent to the demo's little Denmark, JSON and XML alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

import pytest

from discharge.identifiers import SorCode
from discharge.policy import Role
from fhir_mappings.medcom.intake import LetterRead, read_message
from services.persistence.clock import wall_now
from services.persistence.loading import put_organization_file, put_patient_file
from tests.engines import Database
from tests.services.installation import FHIR, code_of
from tests.services.pages_house import Pages, pages_over, words_of

EXAMPLES = Path(__file__).parents[4] / "shared" / "medcom" / "examples"
PUBLISHED = sorted((*EXAMPLES.glob("cc-*.json"), *EXAMPLES.glob("xml/cc-*.xml")))
BODIES = {path: path.read_bytes() for path in PUBLISHED}
KINDS = {".json": FHIR, ".xml": "application/fhir+xml"}


@pytest.fixture
async def pages(database: Database) -> AsyncIterator[Pages]:
    folder = files("services.demo") / "data"
    async with pages_over(database) as running:
        await put_organization_file(running.house.database, (folder / "organizations.json").read_bytes())
        await put_patient_file(running.house.database, (folder / "patients.json").read_bytes())
        yield running


async def send(pages: Pages, path: Path) -> LetterRead:
    """The letter as we read it, after its sender was answered ``ok``."""
    body = BODIES[path]
    read = read_message(body, now=wall_now())
    assert isinstance(read, LetterRead), path
    headers = pages.house.token(Role.SYSTEM, read.envelope.sender)
    headers |= {"content-type": KINDS[path.suffix], "accept": FHIR}
    answer = await pages.house.client.post("/fhir/$process-message", content=body, headers=headers)
    assert code_of(answer) == "ok", (path, answer.text)
    return read


async def test_published_letters_are_all_accepted_and_kept_once_per_message(pages: Pages) -> None:
    """Several of them bear the same header id on purpose: those are one message."""
    sent: dict[tuple[SorCode, str], LetterRead] = {}
    for path in PUBLISHED:
        read = await send(pages, path)
        sent.setdefault((read.envelope.sender, read.envelope.message_id), read)

    known = [read for read in sent.values() if not read.citizen.number.is_replacement]
    kept = await pages.house.scalar("SELECT count(*) FROM care_message")
    assert kept >= len(known)
    assert await pages.house.scalar("SELECT count(*) FROM message") == len(sent)


async def test_published_thread_is_one_conversation_that_its_receiver_reads(pages: Pages) -> None:
    paths = [
        path
        for path in PUBLISHED
        if path.stem in {"cc-5.0-thread1-1st-new", "cc-5.0-thread1-2nd-reply-with-attachment"}
    ]
    for path in paths:
        await send(pages, path)

    if paths:
        assert await pages.house.scalar("SELECT count(*) FROM conversation") == 1
        thread = await pages.house.scalar("SELECT id FROM conversation")
        reader = pages.house.token(Role.HOME_NURSE, SorCode("953741000016009"))
        shown = await pages.house.client.get(f"/conversations/{thread}", headers=reader)
        words = words_of(shown)
        assert words.index("Til rette vedkommende") < words.index("Hej Michael")
        assert "Blodprøveresultater" in words


async def test_published_change_and_withdrawal_of_version_3_mark_the_first_message(pages: Pages) -> None:
    for name, words in (
        ("cc-3.0.0-modified-message", "Rettet: gælder ikke længere"),
        ("cc-3.0.0-retract-message-entered-in-error", "Trukket tilbage af afsenderen"),
    ):
        for path in (path for path in PUBLISHED if path.stem == name):
            await send(pages, path)
            thread = await pages.house.scalar("SELECT id FROM conversation ORDER BY latest_at DESC, id DESC LIMIT 1")
            reader = pages.house.token(Role.HOME_NURSE, SorCode("953741000016009"))
            shown = await pages.house.client.get(f"/conversations/{thread}", headers=reader)
            assert words in words_of(shown), name
