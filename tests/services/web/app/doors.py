"""Doors of a small app, and what they answer."""

from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from discharge.policy import Caller, Role
from services.web.access import Body, Csrf, Party, Surface, access
from services.web.security import current_caller
from tests.services.web.doubles import Stage, caller

router = APIRouter()
seen: list[bytes] = []
raised: list[Exception] = []


@router.get("/fhir/Thing/{thing_id}")
@access(roles=[Role.HOME_NURSE], party=Party.STAY, surface=Surface.FHIR)
async def read_thing(thing_id: str, asking: Annotated[Caller, Depends(current_caller)]) -> Response:
    if raised:
        raise raised[0]
    return Response(f"{thing_id} {asking.name}".encode())


@router.post("/fhir/$take")
@access(
    roles=[Role.SYSTEM],
    surface=Surface.FHIR,
    body=Body.MESSAGE,
    takes=("application/fhir+json", "application/json"),
)
async def take(request: Request) -> Response:
    seen.append(await request.body())
    return Response(b"{}")


@router.post("/form")
@access(roles=[Role.HOME_NURSE])
async def form(word: Annotated[str, Form()]) -> Response:
    return Response(word.encode())


@router.post("/ticket")
@access(roles=[Role.HOME_NURSE], surface=Surface.API, csrf=Csrf.ORIGIN)
async def ticket() -> Response:
    return Response(b"{}")


@router.get("/page")
@access(roles=[Role.HOME_NURSE])
async def page() -> Response:
    if raised:
        raise raised[0]
    return Response(b"page")


@router.post("/door")
@access(public=True)
async def door() -> Response:
    return Response(b"in")


@router.get("/typed")
@access(public=True, surface=Surface.API)
async def typed(number: int) -> Response:
    return Response(str(number).encode())


def issue(answer: httpx.Response) -> dict[str, Any]:
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert answer.headers["x-request-id"]
    first: dict[str, Any] = outcome["issue"][0]
    return first


async def signed_in(stage: Stage, role: Role = Role.HOME_NURSE) -> tuple[dict[str, str], str]:
    new = await stage.sessions.begin(caller(role))
    return {"cookie": f"stafet={new.cookie}"}, new.session.csrf
