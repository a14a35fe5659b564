"""Care messages for the tests of their pages: one that comes in, and the form that sends one."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import orjson

from discharge.identifiers import SorCode
from discharge.policy import Role
from tests.factories import CPR, HOSPITAL, MUNICIPALITY, WARD
from tests.fhir_mappings import care
from tests.fhir_mappings.messages import organization
from tests.services.installation import FHIR, code_of
from tests.services.pages_house import PLACES, Pages

__all__ = ["NURSE", "Files", "arrived", "message", "send", "upload", "written"]

NURSE = Role.HOME_NURSE
Files = list[tuple[str, tuple[str, bytes, str]]]


def message(sender: SorCode = WARD, receiver: SorCode = MUNICIPALITY, **changes: Any) -> dict[str, Any]:
    """A care communication about the citizen between two places of the little Denmark."""
    made = care.letter(**changes)
    header = care.of_type(made, "MessageHeader")
    header["id"], made["id"] = str(uuid.uuid4()), str(uuid.uuid4())
    header["destination"][0]["endpoint"] = f"https://sor2.sum.dsdn.dk/#id={receiver}"
    header["source"]["endpoint"] = f"https://sor2.sum.dsdn.dk/#id={sender}"
    care.of_type(made, "Provenance")["target"] = [{"reference": f"MessageHeader/{header['id']}"}]
    care.of_type(made, "Patient")["identifier"][0]["value"] = CPR.digits
    for entry in made["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Organization":
            sor = sender if resource["id"] == "hospital" else receiver
            resource["identifier"] = organization(resource["id"], sor, "")["identifier"]
        entry["fullUrl"] = f"https://nordhavn.example/fhir/{resource['resourceType']}/{resource['id']}"
    communication = care.communication(made)
    del communication["encounter"]
    made["entry"] = [each for each in made["entry"] if each["resource"]["resourceType"] != "Encounter"]
    return made


async def send(pages: Pages, body: dict[str, Any], organization_: SorCode = HOSPITAL) -> httpx.Response:
    headers = pages.house.token(Role.SYSTEM, organization_) | {"content-type": FHIR}
    return await pages.house.client.post("/fhir/$process-message", content=orjson.dumps(body), headers=headers)


async def arrived(pages: Pages, body: dict[str, Any] | None = None) -> tuple[str, str]:
    """The citizen is admitted and a letter has come: the ids of stay and thread."""
    stay_id = await pages.stay()
    assert code_of(await send(pages, body or message())) == "ok"
    conversation_id = await pages.house.scalar("SELECT id FROM conversation")
    return stay_id, str(conversation_id)


async def upload(
    pages: Pages, role: Role, path: str, form: dict[str, str], files: Files | None = None
) -> httpx.Response:
    headers = pages.house.token(role, *PLACES[role])
    # Without files the body is a multipart form all the same, as browsers send it.
    attached = files or [("files", ("", b"", "application/octet-stream"))]
    return await pages.house.client.post(path, data=form, files=attached, headers=headers)


def written(**changes: str) -> dict[str, str]:
    made = {
        "draft": str(uuid.uuid4()),
        "recipient": MUNICIPALITY,
        "category": "discharge",
        "text": "Kan I nå en seng til i morgen?",
        "phone": "70 00 01 01",
    }
    return made | changes
