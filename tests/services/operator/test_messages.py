"""What operators do with messages at their desk, over a real store."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
import psycopg
import pytest
from psycopg.rows import dict_row

from discharge.identifiers import MessageId
from discharge.policy import Role
from tests.engines import Database
from tests.factories import (
    CPR,
    FAMILY,
    HOSPITAL,
    MUNICIPALITY,
    NEIGHBOUR,
    OTHER_WARD,
    PAPER_HOSPITAL,
    PAPER_WARD,
    WARD,
    directory,
)
from tests.services.faulty_system import receipt_for
from tests.services.installation import FHIR, code_of, notification
from tests.services.outgoing import STAYS, put_out
from tests.services.pages_house import Pages, pages_over, words_of

WHY = "Modtageren ringer og siger, at den er tom"


@pytest.fixture
async def pages(database: Database) -> AsyncIterator[Pages]:
    async with pages_over(database) as running:
        running.house.__dict__["urls"] = database
        yield running


def rows(pages: Pages, query: str, **parameters: object) -> list[dict[str, Any]]:
    """What a superuser sees."""
    url = pages.house.__dict__["urls"].admin_url
    with psycopg.connect(url, row_factory=dict_row, autocommit=True) as connection:
        cursor = connection.execute(query.encode(), parameters)
        return [] if cursor.description is None else cursor.fetchall()


async def key_of(pages: Pages, message_id: str) -> str:
    return str((rows(pages, "SELECT id FROM message WHERE message_id = %(id)s", id=message_id))[0]["id"])


async def failed(pages: Pages, **changes: Any) -> str:
    """A message of the ward that did not arrive; our id of it."""
    (stay,) = rows(pages, STAYS)
    made = await put_out(pages.house.database, stay, **changes)
    rows(pages, "UPDATE outbound_message SET state = 'in-error', reason = 'no-receipt', turn = 5, due_at = NULL")
    return made


async def test_raw_form_needs_a_reason_and_leaves_a_trace(pages: Pages) -> None:
    message = notification()
    await pages.house.send(message)
    address = f"/operator/messages/{await key_of(pages, message.message_id)}"

    shown = await pages.get(Role.OPERATOR, address)
    refused = await pages.post(Role.OPERATOR, f"{address}/open", {"reason": "fordi"})
    opened = await pages.post(Role.OPERATOR, f"{address}/open", {"reason": WHY})

    assert CPR.digits not in shown.text
    assert FAMILY not in shown.text
    assert (refused.status_code, opened.status_code) == (422, 200)
    assert CPR.digits not in refused.text
    assert CPR.digits in opened.text
    assert FAMILY in opened.text
    assert "no-store" in opened.headers["cache-control"]
    assert WHY in words_of(await pages.get(Role.OPERATOR, address))
    audited = rows(pages, "SELECT role, outcome, cardinality(stays) AS n FROM audit WHERE action = 'open-message'")
    assert {(row["role"], row["outcome"], row["n"]) for row in audited} == {("operator", 422, 0), ("operator", 200, 1)}
    (act,) = rows(pages, "SELECT kind, by_name, reason FROM message_act")
    assert act["kind"] == "open"
    assert WHY.encode() not in act["reason"]


@pytest.mark.parametrize("role", [Role.WARD, Role.LEADER, Role.HOME_NURSE])
async def test_nobody_but_operators_opens_a_message(pages: Pages, role: Role) -> None:
    message = notification()
    await pages.house.send(message)

    answer = await pages.post(
        role, f"/operator/messages/{await key_of(pages, message.message_id)}/open", {"reason": WHY}
    )

    assert answer.status_code == 403
    assert rows(pages, "SELECT * FROM message_act") == []


async def test_operator_of_another_organization_finds_nothing(pages: Pages) -> None:
    message = notification()
    await pages.house.send(message)
    key = await key_of(pages, message.message_id)
    delivery = await failed(pages)
    stranger = pages.house.token(Role.OPERATOR, NEIGHBOUR)

    assert message.message_id not in (await pages.house.client.get("/operator", headers=stranger)).text
    for address in (f"/operator/messages/{key}", f"/operator/outbox/{delivery}"):
        assert (await pages.house.client.get(address, headers=stranger)).status_code == 404
        for act in ("open", "replay", "discard"):
            form = {"reason": WHY, "discard_reason": WHY}
            answer = await pages.house.client.post(f"{address}/{act}", data=form, headers=stranger)
            assert answer.status_code == 404, (address, act)
    assert rows(pages, "SELECT * FROM message_act") == []


async def test_message_without_legal_basis_is_never_shown(pages: Pages) -> None:
    sender = replace(directory()[PAPER_HOSPITAL], gln="5790009900016")
    message = notification(
        sender=sender,
        provider=directory()[PAPER_WARD],
        receiver=replace(directory()[NEIGHBOUR], gln="5790009900023"),
    )
    headers = pages.house.token(Role.SYSTEM, PAPER_HOSPITAL) | {"content-type": FHIR}
    answer = await pages.house.client.post("/fhir/$process-message", content=message.body(), headers=headers)
    assert code_of(answer) == "ok"
    address = f"/operator/messages/{await key_of(pages, message.message_id)}"
    theirs = pages.house.token(Role.OPERATOR, NEIGHBOUR)

    shown = await pages.house.client.get(address, headers=theirs)
    opened = await pages.house.client.post(f"{address}/open", data={"reason": WHY}, headers=theirs)

    assert "Indholdet er ikke gemt" in words_of(shown)
    assert "Åbn hele beskeden" not in words_of(shown)
    assert opened.status_code == 404
    assert CPR.digits not in shown.text + opened.text


async def test_copy_that_was_put_aside_can_be_opened(pages: Pages) -> None:
    message = notification()
    await pages.house.send(message)
    await pages.house.send(replace(message, family="Anderledes"))
    address = f"/operator/messages/{await key_of(pages, message.message_id)}"
    page = await pages.get(Role.OPERATOR, address)
    (copy,) = re.findall(r'<option value="([0-9a-f-]{36})">', page.text)

    opened = await pages.post(Role.OPERATOR, f"{address}/open", {"reason": WHY, "copy": copy})

    assert "Kom igen med andet indhold" in words_of(page)
    assert "Anderledes" in opened.text


async def test_erased_citizens_message_cannot_be_opened(pages: Pages) -> None:
    message = notification()
    await pages.house.send(message)
    rows(pages, "UPDATE patient SET wrapped_key = ''")

    answer = await pages.post(
        Role.OPERATOR, f"/operator/messages/{await key_of(pages, message.message_id)}/open", {"reason": WHY}
    )

    assert answer.status_code == 404


async def test_failed_message_is_sent_again(pages: Pages) -> None:
    await pages.house.send(notification())
    made = await failed(pages)
    listed = words_of(await pages.get(Role.OPERATOR, "/operator?show=stuck"))

    answer = await pages.post(Role.OPERATOR, f"/operator/outbox/{made}/replay")
    again = await pages.post(Role.OPERATOR, f"/operator/outbox/{made}/replay")

    assert "Modtageren har ikke kvitteret" in listed
    assert answer.status_code == 303
    assert again.status_code == 422
    (row,) = rows(pages, "SELECT state, turn, sendings, due_at IS NOT NULL AS due FROM outbound_message")
    assert row == {"state": "sent", "turn": 6, "sendings": 0, "due": True}
    assert rows(pages, "SELECT args->>'turn' AS turn FROM procrastinate_jobs ORDER BY id")[-1]["turn"] == "6"


async def test_all_failed_messages_of_ones_own_are_sent_again_at_once(pages: Pages) -> None:
    await pages.house.send(notification())
    for sender in (WARD, HOSPITAL, MUNICIPALITY):
        await failed(pages, sender=sender)

    await pages.post(Role.OPERATOR, "/operator/outbox/replay")

    states = rows(pages, "SELECT sender, state FROM outbound_message ORDER BY sender")
    assert [(row["sender"], row["state"]) for row in states] == [
        (HOSPITAL, "sent"),
        (WARD, "sent"),
        (MUNICIPALITY, "in-error"),
    ]


async def test_failed_message_is_given_up_with_a_reason_only(pages: Pages) -> None:
    await pages.house.send(notification())
    made = await failed(pages)

    refused = await pages.post(Role.OPERATOR, f"/operator/outbox/{made}/discard", {"discard_reason": "nej"})
    answer = await pages.post(Role.OPERATOR, f"/operator/outbox/{made}/discard", {"discard_reason": WHY})

    assert (refused.status_code, answer.status_code) == (422, 303)
    shown = words_of(await pages.get(Role.OPERATOR, f"/operator/outbox/{made}"))
    assert "Kasseret" in shown
    assert WHY in shown


async def test_own_message_is_opened_with_a_reason(pages: Pages) -> None:
    await pages.house.send(notification())
    made = await failed(pages)

    opened = await pages.post(Role.OPERATOR, f"/operator/outbox/{made}/open", {"reason": WHY})

    assert CPR.digits in opened.text


@pytest.mark.parametrize("field", ["id", "sender", "date"])
async def test_search_finds_by_id_sender_and_time(pages: Pages, field: str) -> None:
    wanted, other = notification(), notification()
    await pages.house.send(wanted)
    await pages.house.send(other)
    moved = "UPDATE message SET sender = %(by)s, received_at = '2026-11-01T10:00Z' WHERE message_id = %(id)s"
    rows(pages, moved, by=OTHER_WARD, id=wanted.message_id)
    words = {"id": wanted.message_id, "sender": "kirurgisk", "date": "1.11.2026"}[field]

    answer = await pages.post(Role.OPERATOR, "/operator/search", {field: words, "show": "in"})
    found = await pages.get(Role.OPERATOR, answer.headers["location"])

    assert answer.status_code == 303
    assert wanted.message_id in found.text
    assert other.message_id not in found.text


async def test_search_never_puts_a_cpr_number_into_an_address(pages: Pages) -> None:
    for field in ("id", "sender"):
        answer = await pages.post(Role.OPERATOR, "/operator/search", {field: f"{CPR.digits[:6]}-{CPR.digits[6:]}"})

        assert answer.status_code == 422
        assert "location" not in answer.headers
        assert CPR.digits[6:] not in answer.text


async def test_time_that_cannot_be_read_is_told(pages: Pages) -> None:
    answer = await pages.post(Role.OPERATOR, "/operator/search", {"date": "snart", "from": "kl. 99"})

    assert answer.status_code == 422
    assert "Der blev ikke søgt" in words_of(answer)


async def test_second_page_goes_on_where_the_first_ended(pages: Pages) -> None:
    await pages.house.send(notification())
    await failed(pages)
    rows(
        pages,
        "INSERT INTO message (id, sender, message_id, bundle_id, bundle_reused, receiver, fingerprint, received_at,"
        " receipt, issues, repeats, differing_repeats) SELECT gen_random_uuid(), %(by)s, 'm' || n, 'b' || n, false,"
        " %(to)s, ''::bytea, '2026-11-01T10:00Z'::timestamptz + (n / 2) * interval '1 minute', 'ok', '[]', 0, 0"
        " FROM generate_series(1, 203) n",
        by=WARD,
        to=MUNICIPALITY,
    )
    seen: list[str] = []
    address = "/operator"
    while address:
        text = (await pages.get(Role.OPERATOR, address)).text
        seen += re.findall(r'<a class="id" href="[^"]*">([^<]+)</a>', text)
        more = re.search(r'href="([^"]+)" rel="next"', text)
        address = more[1].replace("&amp;", "&") if more else ""

    assert len(seen) == len(set(seen)) == 205


async def test_fault_of_ours_is_answered_not_now_and_judged_again_by_an_operator(pages: Pages) -> None:
    first = notification()
    await pages.house.send(first)
    (kept,) = rows(pages, "SELECT wrapped_key FROM patient")
    rows(pages, "UPDATE patient SET wrapped_key = repeat('damaged', 9)::bytea")
    message = notification()

    parked = await pages.house.send(message)

    assert code_of(parked) == "transient-error"
    (row,) = rows(pages, "SELECT id, receipt, body FROM message WHERE receipt <> 'ok'")
    assert row["body"] is None, "whose it is cannot be told, so it is not kept"
    rows(pages, "UPDATE patient SET wrapped_key = %(key)s", key=kept["wrapped_key"])
    assert code_of(await pages.house.send(message)) == "ok"


async def test_parked_message_with_its_body_is_judged_by_a_press(pages: Pages) -> None:
    message = notification()
    await pages.house.send(message)
    rows(pages, "UPDATE message SET receipt = 'transient-error'")
    address = f"/operator/messages/{await key_of(pages, message.message_id)}"

    answer = await pages.post(Role.OPERATOR, f"{address}/replay")

    assert answer.status_code == 303
    assert [row["receipt"] for row in rows(pages, "SELECT receipt FROM message")] == ["ok"]
    assert rows(pages, "SELECT * FROM outbound_message") == [], "there is no way out here"
    assert (await pages.post(Role.OPERATOR, f"{address}/replay")).status_code == 422


async def test_receipts_of_a_message_are_listed_and_their_words_only_with_a_reason(pages: Pages) -> None:
    await pages.house.send(notification())
    body = notification().body()
    made = await failed(pages, body=body, message_id=MessageId(orjson.loads(body)["entry"][0]["resource"]["id"]))
    rows(pages, "UPDATE outbound_message SET state = 'awaiting-ack', reason = NULL")
    system = pages.house.token(Role.SYSTEM, MUNICIPALITY) | {"content-type": FHIR}
    for what in ("transient", "fatal", "ok"):
        receipt = receipt_for(body, what)
        await pages.house.client.post("/fhir/$process-message", content=receipt, headers=system)

    shown = await pages.get(Role.OPERATOR, f"/operator/outbox/{made}")
    opened = await pages.post(Role.OPERATOR, f"/operator/outbox/{made}/open", {"reason": WHY})

    words = words_of(shown)
    assert all(said in words for said in ("beder om at få den igen", "afviste beskeden", "gentagelse, kun noteret"))
    assert "MSG_BAD_FORMAT" in words
    assert "Rubinord" not in shown.text
    assert "Rubinord" in opened.text


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("http-401", "Modtagerens system svarede HTTP 401"),
        ("fault-InvalidTag", "Fejl hos os selv: InvalidTag"),
        ("ConnectError", "Ingen forbindelse til modtageren: ConnectError"),
    ],
)
async def test_desk_says_why_in_words(pages: Pages, reason: str, words: str) -> None:
    await pages.house.send(notification())
    await failed(pages)
    rows(pages, "UPDATE outbound_message SET reason = %(reason)s", reason=reason)

    assert words in words_of(await pages.get(Role.OPERATOR, "/operator?show=out"))


@pytest.mark.parametrize("copy", ["no-uuid", "00000000-0000-4000-8000-00000000ffff"])
async def test_copy_that_is_not_there_is_not_found(pages: Pages, copy: str) -> None:
    message = notification()
    await pages.house.send(message)
    address = f"/operator/messages/{await key_of(pages, message.message_id)}/open"

    assert (await pages.post(Role.OPERATOR, address, {"reason": WHY, "copy": copy})).status_code == 404


async def test_message_of_ours_whose_citizen_was_erased_cannot_be_opened(pages: Pages) -> None:
    await pages.house.send(notification())
    made = await failed(pages)
    rows(pages, "UPDATE patient SET wrapped_key = ''")

    answer = await pages.post(Role.OPERATOR, f"/operator/outbox/{made}/open", {"reason": WHY})

    assert answer.status_code == 404


async def test_only_what_failed_is_given_up(pages: Pages) -> None:
    await pages.house.send(notification())
    made = await failed(pages)
    rows(pages, "UPDATE outbound_message SET state = 'acknowledged'")

    answer = await pages.post(Role.OPERATOR, f"/operator/outbox/{made}/discard", {"discard_reason": WHY})

    assert answer.status_code == 422


async def test_final_answer_of_a_judged_message_is_sent_where_there_is_a_way(database: Database) -> None:
    async with pages_over(database, gateway="https://net.example/") as pages:
        pages.house.__dict__["urls"] = database
        message = notification()
        await pages.house.send(message)
        rows(pages, "UPDATE message SET receipt = 'transient-error'")

        await pages.post(Role.OPERATOR, f"/operator/messages/{await key_of(pages, message.message_id)}/replay")

        (sent,) = rows(pages, "SELECT sender, receiver, event_code, wants_receipt, state FROM outbound_message")
        assert sent == {
            "sender": MUNICIPALITY,
            "receiver": HOSPITAL,
            "event_code": "acknowledgement-message",
            "wants_receipt": False,
            "state": "sent",
        }
