"""Wards, nurses, practices and record systems as HTTP clients: the public interface, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import httpx
import orjson

from discharge.directory import Directory
from discharge.identifiers import SorCode
from discharge.policy import ACTING_ROLES, Role
from fhir_mappings.elements import Element, Json, JsonObject
from fhir_mappings.errors import MappingError
from fhir_mappings.json_text import parse
from fhir_mappings.systems import SOR_SYSTEM
from services.demo.people import AT_WORK, TOP
from services.demo.send import Answer, answer_of
from services.persistence.clock import wall_now
from services.settings import Settings
from services.web.tokens import issue_demo_token

__all__ = ["Actors", "NoAnswerError", "RefusedError"]

_LIFE: Final = timedelta(hours=6)
_WAITS: Final = (0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
"""Seconds between one try and the next."""
_BUSY: Final = frozenset({429, 502, 503, 504})
_FHIR: Final = "application/fhir+json"


class NoAnswerError(Exception):
    """The installation did not answer, also not after waiting."""


class RefusedError(Exception):
    """The installation refused what an actor asked for."""

    def __init__(self, status: int, answer: Answer) -> None:
        super().__init__(f"HTTP {status}: {'; '.join(answer.issues)}")
        self.status = status


class Actors:
    """Everybody who has something to do with a stay, each with a token of its own.

    Args:
        client: reaches the installation; its base address is set.
        settings: of a demo, whose key signs the tokens.
        directory: who belongs to whom.
        waits: seconds after each try that found the installation away or busy.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        settings: Settings,
        directory: Directory,
        waits: tuple[float, ...] = _WAITS,
    ) -> None:
        self._client = client
        self._waits = waits
        self._heard = False
        self._settings = settings
        self._directory = directory
        self._tokens: dict[tuple[Role, SorCode], str] = {}

    async def clock(self) -> datetime:
        """What time it is in the demo."""
        response = await self._send("GET", "/demo/clock", Role.OPERATOR, TOP)
        return datetime.fromisoformat(str(_content(response).text("now")))

    async def message(self, sender: SorCode, body: bytes) -> Answer:
        """Post a message as the sender's record system."""
        response = await self._send("POST", "/fhir/$process-message", Role.SYSTEM, sender, content=body)
        return answer_of(response)

    async def encounter(self, ward: SorCode, episode: str) -> Element | None:
        """The latest contact of a course, as the ward sees it."""
        response = await self._send(
            "POST", "/fhir/Encounter/_search", Role.WARD, ward, data={"episode-of-care": episode}
        )
        found = _matches(_content(response))
        return found[-1] if found else None

    async def plan(self, ward: SorCode, encounter_id: str, parameters: list[Json]) -> None:
        """Change the ward's plan by machine.

        Raises:
            RefusedError: the installation says no.
        """
        body = orjson.dumps({"resourceType": "Parameters", "parameter": parameters})
        await self._send("POST", f"/fhir/Encounter/{encounter_id}/$plan", Role.WARD, ward, content=body)

    async def tasks_of_patient(self, ward: SorCode, patient: str) -> list[JsonObject]:
        """All duties of a citizen's stays that the ward may see."""
        return await self._pages(Role.WARD, ward, {"patient": patient, "_count": "500"})

    async def tasks_owned(self, owner: SorCode) -> list[JsonObject]:
        """All duties of an organisation and its units, as its own staff see them."""
        role = AT_WORK[self._directory[owner].kind]
        return await self._pages(role, owner, {"owner:identifier": f"{SOR_SYSTEM}|{owner}", "_count": "500"})

    async def put(self, task: JsonObject, changes: Mapping[str, Json]) -> JsonObject:
        """Change a task as its owner's staff, and return it as it then stands.

        Raises:
            RefusedError: the installation says no, for instance because somebody else was quicker.
        """
        element = Element("Task", task)
        owner = SorCode(str(element["owner"]["identifier"].text("value")))
        response = await self._send(
            "PUT",
            f"/fhir/Task/{element.text('id')}",
            _role_for(element, AT_WORK[self._directory[owner].kind]),
            owner,
            content=orjson.dumps({**task, **changes}),
            headers={"if-match": f'W/"{element["meta"].text("versionId")}"'},
        )
        return _content(response).fields

    async def _pages(self, role: Role, place: SorCode, parameters: Mapping[str, str]) -> list[JsonObject]:
        response = await self._send("GET", "/fhir/Task", role, place, params=parameters)
        found: list[JsonObject] = []
        while True:
            bundle = _content(response)
            found += [each.fields for each in _matches(bundle)]
            link = next((each.text("url") for each in bundle.all("link") if each.text("relation") == "next"), None)
            if link is None:
                return found
            # The installation may know itself by another name than we do.
            response = await self._send("GET", httpx.URL(link).raw_path.decode(), role, place)

    async def _send(
        self,
        method: str,
        path: str,
        role: Role,
        place: SorCode,
        *,
        content: bytes | None = None,
        data: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        given = {"authorization": f"Bearer {self._token(role, place)}", "accept": _FHIR, **(headers or {})}
        if content is not None:
            given["content-type"] = _FHIR
        # Who was never heard of is not waited for long.
        for wait in self._waits if self._heard else self._waits[:2]:
            try:
                response = await self._client.request(
                    method, path, content=content, data=data, params=params, headers=given
                )
            except httpx.TransportError:
                response = None
            if response is not None and response.status_code not in _BUSY:
                self._heard = True
                if response.is_error:
                    raise RefusedError(response.status_code, answer_of(response))
                return response
            await asyncio.sleep(wait)
        raise NoAnswerError(f"{method} {path.partition('?')[0]}")

    def _token(self, role: Role, place: SorCode) -> str:
        key = (role, place)
        if key not in self._tokens:
            root = self._directory.root(place)
            self._tokens[key] = issue_demo_token(
                self._settings.token,
                role=role,
                organization=root,
                unit=None if root == place else place,
                ttl=_LIFE,
                now=wall_now(),
            )
        return self._tokens[key]


def _content(response: httpx.Response) -> Element:
    try:
        return Element("Bundle", parse(response.content))
    except MappingError:
        raise RefusedError(response.status_code, Answer(code="unreadable")) from None


def _matches(bundle: Element) -> list[Element]:
    return [entry["resource"] for entry in bundle.all("entry") if entry["search"].text("mode") in {None, "match"}]


def _role_for(task: Element, at_work: Role) -> Role:
    """Who at the owner the task is meant for: whoever does the daily work there, if it is meant for them too."""
    named = [coding.text("code") for each in task.all("performerType") for coding in each.all("coding")]
    roles = [role for role in ACTING_ROLES - {Role.SYSTEM} if role.value in named]
    return at_work if at_work in roles or not roles else min(roles)
