import asyncio
from dataclasses import replace
from datetime import timedelta

import orjson

from discharge.identifiers import SorCode
from discharge.policy import Role
from discharge.stay import NoticeKind
from services.persistence.clock import wall_now
from tests.engines import Database
from tests.factories import MUNICIPALITY, NEIGHBOUR, PAPER_HOSPITAL, WARD, directory
from tests.services.installation import FHIR, Installation, code_of, details_of, notification
from tests.services.persistence.store import store_on


async def test_admission_is_acknowledged_after_the_stay_is_there(house: Installation) -> None:
    message = notification()

    answer = await house.send(message)

    assert code_of(answer) == "ok"
    header = answer.json()["entry"][0]["resource"]
    assert header["response"]["identifier"] == message.message_id
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert await house.scalar("SELECT count(*) FROM stay") == 1


async def test_repeated_message_changes_nothing_and_gets_the_same_answer(house: Installation) -> None:
    message = notification()
    first = await house.send(message)

    again = await house.send(message.again(bundle_id="another-envelope", at=message.occurred_at))

    assert code_of(again) == code_of(first) == "ok"
    assert again.json()["id"] != first.json()["id"]
    assert await house.scalar("SELECT count(*) FROM stay") == 1
    assert await house.scalar("SELECT count(*) FROM message") == 1


async def test_same_bundle_id_with_another_header_is_a_duplicate(house: Installation) -> None:
    message = notification()
    await house.send(message)

    answer = await house.send(replace(notification(), bundle_id=message.bundle_id))

    assert code_of(answer) == "fatal-error"
    assert details_of(answer) == ["MSG_DUPLICATE_ID"]


async def test_sender_that_is_not_the_client_is_forbidden(house: Installation) -> None:
    stranger = house.token(Role.SYSTEM, PAPER_HOSPITAL)

    answer = await house.client.post(
        "/fhir/$process-message", content=notification().body(), headers=stranger | {"content-type": FHIR}
    )

    assert answer.status_code == 403
    assert answer.json()["issue"][0]["code"] == "forbidden"
    assert await house.scalar("SELECT count(*) FROM message") == 0


async def test_client_sends_for_the_units_below_its_organization(house: Installation) -> None:
    answer = await house.send(notification(sender=replace(directory()[WARD], gln="5790009900016"), provider=None))

    assert code_of(answer) == "ok"


async def test_person_does_not_send_messages(house: Installation) -> None:
    answer = await house.client.post(
        "/fhir/$process-message", content=notification().body(), headers=house.nurse | {"content-type": FHIR}
    )

    assert answer.status_code == 403


async def test_receiver_that_is_not_served_here_is_refused(house: Installation) -> None:
    unknown = replace(directory()[MUNICIPALITY], sor=SorCode("329341000016003"), gln="5790009900023")

    answer = await house.send(notification(receiver=unknown))

    assert code_of(answer) == "fatal-error"
    assert details_of(answer) == ["MSG_Receiver_Identifier_UNKNOWN"]
    assert await house.scalar("SELECT count(*) FROM stay") == 0
    assert await house.scalar("SELECT count(*) FROM message") == 1


async def test_receiver_that_does_not_use_stafet_is_refused(house: Installation) -> None:
    answer = await house.send(notification(receiver=replace(directory()[PAPER_HOSPITAL], gln="5790009900023")))

    assert details_of(answer) == ["MSG_Receiver_Identifier_UNKNOWN"]


async def test_unknown_citizen_is_ok_but_leaves_no_body(house: Installation) -> None:
    answer = await house.send(
        notification(
            receiver=replace(directory()[NEIGHBOUR], gln="5790009900023"),
        )
    )

    assert code_of(answer) == "ok"
    assert await house.scalar("SELECT count(*) FROM task WHERE owner = :sor", sor=NEIGHBOUR) == 0


async def test_number_of_the_wrong_form_is_refused_and_not_repeated(house: Installation) -> None:
    answer = await house.send(notification(cpr="3102489999"))

    assert code_of(answer) == "fatal-error"
    assert "MSG_Datatype_Wrong" in details_of(answer)
    assert "3102489999" not in answer.text


async def test_what_is_no_message_is_refused_before_the_acknowledgement_point(house: Installation) -> None:
    bodies = {
        b"": ("structure", 400),
        b"{": ("structure", 400),
        b"\xff\xfe{\x00}\x00": ("structure", 400),
        b'{"a":1,"a":2}': ("structure", 400),
        b"[" * 65 + b"]" * 65: ("structure", 400),
        b"[" * 1_000_000: ("structure", 400),
        b'{"resourceType":"Bundle","x":NaN}': ("value", 400),
        b'{"resourceType":"Bundle","x":"\\u0000"}': ("value", 400),
        b'{"resourceType":"Patient"}': ("invalid", 400),
        b'{"resourceType":"Bundle","type":"batch"}': ("invalid", 400),
    }
    for body, (code, status) in bodies.items():
        answer = await house.client.post("/fhir/$process-message", content=body, headers=house.hospital)

        assert (answer.status_code, answer.json()["issue"][0]["code"]) == (status, code), body[:40]
    assert await house.scalar("SELECT count(*) FROM message") == 0


async def test_bundle_with_too_many_entries_is_too_costly(house: Installation) -> None:
    content = notification().bundle()
    entries = content["entry"]
    assert isinstance(entries, list)
    content["entry"] = entries * 200

    answer = await house.client.post("/fhir/$process-message", content=orjson.dumps(content), headers=house.hospital)

    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (413, "too-costly")


async def test_acknowledgement_of_ours_is_not_acknowledged(house: Installation) -> None:
    receipt = (await house.send(notification())).json()
    municipality = house.token(Role.SYSTEM, MUNICIPALITY) | {"content-type": FHIR}

    answer = await house.client.post("/fhir/$process-message", json=receipt, headers=municipality)

    assert answer.status_code == 200
    outcome = answer.json()
    assert (outcome["resourceType"], outcome["issue"][0]["severity"]) == ("OperationOutcome", "information")


async def test_many_copies_at_once_make_one_stay(house: Installation) -> None:
    message = notification()
    copies = [message.again(bundle_id=f"envelope-{number}", at=message.occurred_at) for number in range(8)]

    answers = await asyncio.gather(*(house.send(copy) for copy in copies))

    assert {code_of(answer) for answer in answers} == {"ok"}
    assert await house.scalar("SELECT count(*) FROM stay") == 1


async def test_discharge_by_message_asks_the_municipality(house: Installation) -> None:
    admission = notification()
    await house.send(admission)

    answer = await house.send(
        notification(
            NoticeKind.SLHJ, episode=admission.episode, started_at=admission.started_at, history=(admission.sent,)
        )
    )

    assert code_of(answer) == "ok"
    assert {task["status"] for task in await house.tasks(house.nurse)} == {"requested"}


async def test_large_message_is_read_beside_the_loop(house: Installation) -> None:
    content = notification().bundle()
    content["implicitRules"] = None
    padded = orjson.dumps(content)[:-1] + b" " * 300_000 + b"}"

    answer = await house.client.post("/fhir/$process-message", content=padded, headers=house.hospital)

    assert answer.status_code == 200


async def test_message_is_judged_by_the_clock_of_its_transaction(house: Installation, database: Database) -> None:
    assert code_of(await house.send(notification())) == "ok", "this process has seen the clock as it stood"
    async with store_on(database) as other:
        await other.database.move_clock(wall_now() + timedelta(days=400))
    at = wall_now().replace(microsecond=0) + timedelta(days=399)

    answer = await house.send(notification(started_at=at, occurred_at=at))

    assert code_of(answer) == "ok"
    assert details_of(answer) == []
