"""The stays that MedCom's published notifications tell, each sent in a clean store to the demo's little Denmark.

They lie beside the checkout while we develop; tests/services/hospital/test_whole_course.py tells the same with our own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

from discharge.policy import Role
from fhir_mappings.medcom.intake import NoticeRead, read_message
from services.persistence.clock import wall_now
from services.persistence.loading import put_organization_file, put_patient_file
from tests.engines import Database
from tests.services.installation import FHIR, Installation, code_of, installed

EXAMPLES: Final = Path(__file__).parents[4] / "shared" / "medcom" / "examples"
NEW: Final = "hn-3.0.2-"
TEST: Final = "hn-3.0.1-test-"
STIN: Final = f"{NEW}STIN-admit-inpatient-reportOfAdmission"
LEAVE: Final = (f"{NEW}STOR-start-leave", f"{NEW}SLOR-end-leave")
HOME: Final = f"{NEW}SLHJ-discharge-inpatient-home"

# What is sent, the states one after the other, and how many reports of admission are asked for.
FLOWS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...], int]]] = {
    "the whole stay": (
        (STIN, f"{NEW}RE_STIN-revise-admit-inpatient", *LEAVE, HOME),
        ("admitted", "admitted", "on-leave", "admitted", "ended"),
        1,
    ),
    "the admission is cancelled": ((STIN, f"{NEW}AN_STIN-cancel-admit-inpatient"), ("admitted", "cancelled"), 1),
    "acute": ((f"{NEW}STAA-admit-emergency-reportOfAdmission",), ("acute-ambulant",), 1),
    "death on arrival": ((f"{NEW}MORS-deceased-emergency",), ("dead",), 0),
    "two episode ids": ((f"{NEW}STIN-two-episodeOfCare-ids",), ("admitted",), 0),
    "version 2": (("hn-2.0.0-RE_STAA-revise-admit-emergency",), ("acute-ambulant",), 0),
    "A": ((f"{TEST}STIN_A",), ("admitted",), 1),
    "C: transfer": ((f"{TEST}STIN_C1", f"{TEST}STIN_C2"), ("admitted", "admitted"), 1),
    "D": ((f"{TEST}STAA_D",), ("acute-ambulant",), 1),
    "E: acute turned admitted": ((f"{TEST}STAA_E", f"{TEST}STIN_E"), ("acute-ambulant", "admitted"), 1),
    "F: leave": ((f"{TEST}STIN_F", f"{TEST}STOR_F"), ("admitted", "on-leave"), 1),
    "K: death": ((f"{TEST}STIN_K", f"{TEST}MORS_K"), ("admitted", "dead"), 1),
    "O: correction": ((f"{TEST}STIN_O", f"{TEST}RE_STIN_O"), ("admitted", "admitted"), 1),
    "sent twice": ((f"{TEST}TEK_DUB", f"{TEST}TEK_DUB"), ("admitted", "admitted"), 1),
    "national episode id": ((f"{TEST}TEK_ID_LPR3",), ("admitted",), 1),
    "plain": ((f"{TEST}TEK_STIN_A",), ("admitted",), 1),
}
PRESENT: Final = {path.stem: path.read_bytes() for path in EXAMPLES.glob("hn-*.json")}


@pytest.fixture
async def denmark(database: Database) -> AsyncIterator[Installation]:
    folder = files("services.demo") / "data"
    async with installed(database) as running:
        await put_organization_file(running.database, (folder / "organizations.json").read_bytes())
        await put_patient_file(running.database, (folder / "patients.json").read_bytes())
        yield running


def test_every_published_notification_is_in_a_flow() -> None:
    assert PRESENT.keys() <= {stem for sent, _, _ in FLOWS.values() for stem in sent}


@pytest.mark.parametrize("name", FLOWS)
async def test_published_stay_ends_where_its_description_says(denmark: Installation, name: str) -> None:
    sent, states, reports = FLOWS[name]
    passed = []
    for body in (PRESENT[stem] for stem in sent if PRESENT):
        read = read_message(body, now=wall_now())
        assert isinstance(read, NoticeRead)
        client = denmark.token(Role.SYSTEM, read.envelope.sender) | {"content-type": FHIR}
        answer = await denmark.client.post("/fhir/$process-message", content=body, headers=client)
        assert code_of(answer) == "ok", answer.text
        passed.append(await denmark.scalar("SELECT state FROM stay"))

    if not PRESENT:
        return
    assert tuple(passed) == states
    assert await denmark.scalar("SELECT count(*) FROM stay") == 1
    assert await denmark.scalar("SELECT count(*) FROM task WHERE code = 'send-admission-report'") == reports
