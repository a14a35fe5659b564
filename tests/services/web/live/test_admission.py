"""Who may open a socket, and for how long."""

from __future__ import annotations

import asyncio

import httpx
import psycopg
from websockets.asyncio.client import connect

from discharge.directory import Directory
from discharge.policy import Role
from notifications.entry import SUBPROTOCOL
from notifications.protocol import Limits
from tests.engines import Database
from tests.fakes_notifications import MUNICIPALITY, NORTH
from tests.services.web.live_house import House, closing, follow, live_house, next_entry, next_frame, refused

RECHECKED = Limits(recheck_seconds=0.2, heartbeat_seconds=0.5)


async def ticket_of(house: House, cookie: str) -> str:
    async with httpx.AsyncClient(base_url=house.origin, cookies={"stafet": cookie}) as browser:
        answer = await browser.post("/live/ticket", headers={"origin": house.origin})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["expires_in"] == 30
    ticket: str = answer.json()["ticket"]
    return ticket


async def test_page_opens_a_socket_with_cookie_origin_and_ticket(house: House) -> None:
    session = await house.sign_in()
    ticket = await ticket_of(house, session.cookie)

    async with house.open_page(session.cookie, ticket=ticket, origin=house.origin) as client:
        assert (await follow(client))["feed"] == NORTH


async def test_catalogue_45_socket_of_no_or_a_foreign_origin_is_refused_before_the_upgrade(house: House) -> None:
    session = await house.sign_in()

    for origin in (None, "https://evil.example", "null"):
        ticket = await ticket_of(house, session.cookie)
        assert await refused(house.open_page(session.cookie, ticket=ticket, origin=origin)) == 403


async def test_catalogue_45_used_ticket_is_refused(house: House) -> None:
    session = await house.sign_in()
    ticket = await ticket_of(house, session.cookie)
    async with house.open_page(session.cookie, ticket=ticket, origin=house.origin):
        pass

    assert await refused(house.open_page(session.cookie, ticket=ticket, origin=house.origin)) == 403


async def test_catalogue_45_expired_ticket_is_refused(database: Database, redis_url: str) -> None:
    async with live_house(database, redis_url, ticket_seconds=0) as house:
        session = await house.sign_in()
        async with httpx.AsyncClient(base_url=house.origin, cookies={"stafet": session.cookie}) as browser:
            ticket = (await browser.post("/live/ticket", headers={"origin": house.origin})).json()["ticket"]

        assert await refused(house.open_page(session.cookie, ticket=ticket, origin=house.origin)) == 403


async def test_ticket_of_another_session_and_no_ticket_are_refused(house: House) -> None:
    mine, theirs = await house.sign_in(), await house.sign_in()
    ticket = await ticket_of(house, theirs.cookie)

    assert await refused(house.open_page(mine.cookie, ticket=ticket, origin=house.origin)) == 403
    assert await refused(house.open_page(mine.cookie, ticket=None, origin=house.origin)) == 403


async def test_socket_without_credentials_or_with_ended_ones_is_refused(house: House) -> None:
    ended = house.token(Role.HOME_NURSE, MUNICIPALITY, NORTH, seconds=-10)

    assert await refused(connect(house.address())) == 403
    assert await refused(house.open(ended)) == 403
    assert await refused(house.open_page("made-up", ticket=None, origin=house.origin)) == 403


async def test_ticket_needs_a_session_and_our_own_origin(house: House) -> None:
    session = await house.sign_in()
    bearer = {"authorization": f"Bearer {house.token(Role.HOME_NURSE, MUNICIPALITY, NORTH)}"}
    async with httpx.AsyncClient(base_url=house.origin) as browser:
        assert (await browser.post("/live/ticket", headers=bearer)).status_code == 403
        browser.cookies.set("stafet", session.cookie)
        assert (await browser.post("/live/ticket")).status_code == 403
        foreign = {"origin": "https://evil.example"}
        assert (await browser.post("/live/ticket", headers=foreign)).status_code == 403
        assert (await browser.post("/live/ticket", headers={"sec-fetch-site": "same-origin"})).status_code == 200


async def test_socket_closes_when_its_token_ends(house: House) -> None:
    async with house.open(house.token(Role.HOME_NURSE, MUNICIPALITY, NORTH, seconds=1.5)) as client:
        await follow(client)

        assert await closing(client) == (1008, "token-expired")


async def test_socket_closes_soon_after_signing_out(database: Database, redis_url: str) -> None:
    async with live_house(database, redis_url, limits=RECHECKED) as house:
        session = await house.sign_in()
        ticket = await ticket_of(house, session.cookie)
        async with house.open_page(session.cookie, ticket=ticket, origin=house.origin) as client:
            await follow(client)
            assert (await next_frame(client))["type"] == "heartbeat"
            assert client.close_code is None

            await house.sessions.end(session.cookie)

            assert await closing(client) == (1008, "token-expired")


async def test_bearer_is_rechecked_and_stays(database: Database, redis_url: str) -> None:
    async with (
        live_house(database, redis_url, limits=RECHECKED) as house,
        house.open() as client,
    ):
        await follow(client)
        assert (await next_frame(client))["type"] == "heartbeat"
        await house.append()

        assert await next_entry(client) == 1


async def test_socket_is_refused_for_now_while_the_store_is_away(database: Database, redis_url: str) -> None:
    async def away() -> Directory:
        await asyncio.sleep(0)
        msg = "the store is away"
        raise psycopg.OperationalError(msg)

    async with live_house(database, redis_url, register=away) as house:
        assert await refused(house.open()) == 503


async def test_socket_that_comes_while_the_process_ends_is_sent_elsewhere(house: House) -> None:
    await house.hub.stop()

    async with house.open() as client:
        assert (await closing(client))[0] == 1012


async def test_wire_version_may_be_asked_for_by_name(house: House) -> None:
    async with house.open(subprotocols=[SUBPROTOCOL, "other"]) as client:
        assert client.subprotocol == SUBPROTOCOL
    async with house.open() as client:
        assert client.subprotocol is None
