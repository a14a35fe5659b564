"""A marked citizen goes through everything that writes; then every column of every table is searched for the marks."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Final

import orjson
import psycopg
from psycopg import sql

from discharge.commands import Citizen, HearReceipt, Issue, ReceiptCode
from discharge.handlers import FireTimers, fire_timers, hear_receipt, receive_letter, write_message
from discharge.identifiers import CprNumber, MessageId, StayId
from discharge.plan import Need, PlanRevision
from discharge.policy import Role
from discharge.stay import NoticeKind
from discharge.task import Move
from services.persistence.desk_acts import OpenMessage, open_outbound
from services.persistence.people import put_patient
from services.persistence.vault import Vault
from tests import factories, letters
from tests.services.persistence.store import OPERATOR, Store
from tests.services.test_deliveries import post

CPR: Final = CprNumber.parse("2905571234")
MARKS: Final = {
    "cpr": "2905571234",
    "cpr with hyphen": "290557-1234",
    "family": "Zebrafinkesen",
    "given": "Quetzalina",
    "relative": "Xerxesdatter",
    "phone": "98764321",
    "agreed by phone": "Ypsilontelefon",
    "destination": "Wolframhuset",
    "first 24 hours": "Kvartsmedicin",
    "bed": "Obsidianseng",
    "override": "Jaspisgrund",
    "reason": "Turmalinafvist",
    "note": "Malakitnote",
    "body": "Rubinbesked",
    "second body": "Safirbesked",
    "refused body": "Smaragdbesked",
    "body that leaves": "Ametystbrev",
    "words of a receipt": "Topaskvittering",
    "operator's reason": "Onyksgrund",
    "letter": "Opalbesked",
    "letter's topic": "Ravemne",
    "file's title": "Jadetitel",
    "file": "Onyksindhold",
    "letter's phone": "91827364",
}


def everything(store: Store) -> str:
    """Every column of every row of every table as text; bytes also as the text that they may spell."""
    found: list[str] = []
    with psycopg.connect(store.urls.admin_url) as connection:
        for table, column, kind in connection.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
        ).fetchall():
            shown = sql.SQL("encode({}, 'escape')") if kind == "bytea" else sql.SQL("{}::text")
            query = sql.SQL("SELECT {} FROM {}").format(shown.format(sql.Identifier(column)), sql.Identifier(table))
            found += [f"{table}.{column}: {row[0]}" for row in connection.execute(query)]
    return "\n".join(found)


async def test_nothing_of_a_citizen_stands_in_clear_in_any_column(store: Store) -> None:
    body = f"{MARKS['body']} {MARKS['family']} {CPR.digits}".encode()
    episode = factories.episode()
    marked = factories.notice(
        cpr=CPR, family=MARKS["family"], given=(MARKS["given"],), episodes=(episode,), report_requested=True
    )
    async with store.database.writing() as connection:
        citizen = factories.patient(
            cpr=CPR, family=MARKS["family"], given=(MARKS["given"],), relatives=(MARKS["relative"],)
        )
        await put_patient(connection, store.database.vault, citizen)

    sent = factories.envelope(body=body)
    await store.receive(factories.receive(marked, sent=sent))
    await store.receive(factories.receive(marked, sent=sent))
    await store.receive(
        factories.receive(marked, sent=replace(sent, fingerprint=b"o", body=MARKS["second body"].encode()))
    )
    await store.refuse(CPR, factories.envelope(body=MARKS["refused body"].encode()))
    await store.refuse(None, factories.envelope(body=MARKS["refused body"].encode()))
    (row,) = store.rows("SELECT id FROM stay")
    revision = PlanRevision(
        needs=frozenset({Need.HOME_NURSING}),
        destination=MARKS["destination"],
        contact_phone=MARKS["phone"],
        agreed_by_phone=MARKS["agreed by phone"],
        first_24_hours=MARKS["first 24 hours"],
        override_reason=MARKS["override"],
        bed=MARKS["bed"],
    )
    await store.revise(str(row["id"]), revision=revision)
    nurse = factories.home_nurse()
    task = await store.task(nurse, "pause-services")
    task = await store.move(nurse, task, Move.ACCEPT, note=MARKS["note"])
    await store.move(nurse, task, Move.REJECT, reason=MARKS["reason"])
    file = replace(letters.file(f"%PDF-1.7 {MARKS['file']}".encode()), title=MARKS["file's title"])
    text = replace(letters.text(MARKS["letter"]), phone=MARKS["letter's phone"])
    letter = letters.letter(text, file, topic=MARKS["letter's topic"])
    await store.run(receive_letter, letters.receive(letter, citizen=Citizen(number=CPR)))
    written = letters.write(stay_id=StayId(str(row["id"])), text=MARKS["letter"], topic=MARKS["letter's topic"])
    await store.run(write_message, written)
    home = replace(marked, kind=NoticeKind.SLHJ, ended_at=factories.NOW, history=(MessageId("m0"),))
    await store.receive(factories.receive(home, sent=factories.envelope(body=body)))
    await store.run(fire_timers, FireTimers(until=factories.NOW + timedelta(days=5)))
    async with store.reading(nurse) as session:
        session.saw(row["id"])
    leaves = orjson.dumps({"resourceType": "Bundle", "text": MARKS["body that leaves"]})
    made = await post(store, body=leaves)
    (out,) = store.rows("SELECT message_id FROM outbound_message")
    said = Issue(severity="error", code="x", rule="r", text=MARKS["words of a receipt"], detail=CPR.digits)
    receipt = HearReceipt(
        caller=factories.caller(Role.SYSTEM, factories.MUNICIPALITY),
        envelope=factories.envelope(sender=factories.MUNICIPALITY, receiver=factories.WARD),
        answers=MessageId(out["message_id"]),
        code=ReceiptCode.FATAL_ERROR,
        issues=(said,),
    )
    await store.run(hear_receipt, receipt)
    why = MARKS["operator's reason"] + ", fordi den er tom"
    await store.run(open_outbound, OpenMessage(caller=OPERATOR, request_id="r", id=made, reason=why))

    kept = everything(store)
    assert "pause-services" in kept, "the search looks at what is there"
    assert {name for name, mark in MARKS.items() if mark.lower() in kept.lower()} == set()
    like_cpr = set(re.findall(r"(?<![\w.:-])\d{6}-?\d{4}(?![\w-])", kept)) - set(factories.directory().organizations)
    assert like_cpr == set()


async def test_marks_are_found_when_they_stand_there(store: Store) -> None:
    store.rows("INSERT INTO meta (key, value) VALUES ('slip', 'Zebrafinkesen')")
    store.rows("UPDATE patient SET identity = 'Quetzalina'::bytea")

    kept = everything(store)

    assert MARKS["family"] in kept
    assert MARKS["given"] in kept


async def test_destroyed_key_leaves_nothing_that_opens(store: Store) -> None:
    episode = factories.episode()
    sent = factories.envelope(body=b"verbatim")
    await store.receive(factories.receive(factories.notice(episodes=(episode,)), sent=sent))
    await store.receive(factories.receive(sent=replace(sent, fingerprint=b"o", body=b"other")))
    (kept,) = store.rows("SELECT body, wrapped_key, patient_id FROM message")
    (aside,) = store.rows("SELECT body, wrapped_key FROM message_aside")
    assert kept["wrapped_key"] is aside["wrapped_key"] is None, "only the citizen's own key opens them"
    assert kept["body"]
    assert aside["body"]

    store.rows("UPDATE patient SET wrapped_key = ''")

    vault: Vault = store.database.vault
    keys = [row["wrapped_key"] for row in store.rows("SELECT wrapped_key FROM patient")]
    assert keys == [b""]
    assert vault.blind_index(factories.CPR) in [row["cpr_index"] for row in store.rows("SELECT cpr_index FROM patient")]


async def test_body_opens_with_the_key_of_its_citizen_in_its_own_row_only(store: Store) -> None:
    await store.receive(factories.receive(sent=factories.envelope(body=b"verbatim")))
    (kept,) = store.rows("SELECT id, body, patient_id FROM message")
    (citizen,) = store.rows("SELECT id, wrapped_key FROM patient")
    key = store.database.vault.unwrap(citizen["wrapped_key"], str(citizen["id"]))

    assert kept["patient_id"] == citizen["id"]
    assert key.open(kept["body"], f"body:{kept['id']}") == b"verbatim"
