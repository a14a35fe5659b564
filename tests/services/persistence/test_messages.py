"""Every message once, every answer the same, nothing kept where the law does not allow it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from discharge.commands import Receipt, ReceiptCode
from discharge.errors import NotAllowedError
from discharge.identifiers import BundleId, SorCode
from discharge.stay import NoticeKind
from tests import factories
from tests.factories import NEIGHBOUR, OTHER_WARD, PAPER_WARD
from tests.services.persistence.store import HOUR, Store, cpr
from tests.waiting import until_blocked

OK = Receipt(code=ReceiptCode.OK)
AGAIN = Receipt(code=ReceiptCode.OK, duplicate=True)


def messages(store: Store) -> list[dict[str, object]]:
    return store.rows("SELECT * FROM message ORDER BY id")


async def test_same_message_again_changes_nothing_and_gets_the_first_answer(store: Store) -> None:
    command = factories.receive(factories.notice(report_requested=True))
    first = await store.receive(command)
    before = store.counts()

    again = await store.receive(command)

    after = store.counts()
    assert (first, again) == (OK, AGAIN)
    assert {table for table in after if after[table] != before[table]} == {"audit"}
    assert [(row["repeats"], row["differing_repeats"]) for row in messages(store)] == [(1, 0)]


async def test_same_message_in_a_new_envelope_is_a_repeat(store: Store) -> None:
    command = factories.receive()
    await store.receive(command)

    again = await store.receive(
        replace(command, envelope=replace(command.envelope, bundle_id=BundleId(factories.new_id())))
    )

    assert again == AGAIN
    assert len(messages(store)) == 1


async def test_another_message_in_a_used_envelope_is_fatal_and_the_first_keeps_its_yes(store: Store) -> None:
    command = factories.receive()
    await store.receive(command)
    reusing = factories.receive(
        factories.notice(cpr=cpr(1)), sent=factories.envelope(bundle_id=command.envelope.bundle_id)
    )

    answers = [await store.receive(reusing), await store.receive(reusing), await store.receive(command)]

    assert [answer.code for answer in answers] == [ReceiptCode.FATAL_ERROR, ReceiptCode.FATAL_ERROR, ReceiptCode.OK]
    assert answers[0].issues == answers[1].issues
    assert [(issue.code, issue.expression) for issue in answers[0].issues] == [("duplicate", "Bundle.id")]
    first, refused = messages(store)
    assert (first["receipt"], first["bundle_reused"]) == ("ok", False)
    assert (refused["receipt"], refused["bundle_reused"]) == ("fatal-error", True)
    assert store.counts()["stay"] == 1
    (told,) = store.rows("SELECT detail->>'message_id' AS id FROM event WHERE kind = 'message-refused'")
    assert told["id"] == reusing.envelope.message_id


async def test_two_senders_may_use_the_same_ids(store: Store) -> None:
    command = factories.receive()
    await store.receive(command)
    other = factories.receive(factories.notice(cpr=cpr(1)), sent=replace(command.envelope, sender=OTHER_WARD))

    assert await store.receive(other) == OK
    assert len(messages(store)) == 2


async def test_same_id_with_other_content_is_put_aside_and_never_applied(store: Store) -> None:
    command = factories.receive()
    await store.receive(command)
    changed = replace(
        command,
        envelope=replace(command.envelope, fingerprint=b"other", body=b"other"),
        notice=factories.notice(NoticeKind.SLHJ, episodes=command.notice.episodes),
    )

    assert await store.receive(changed) == AGAIN

    (first,) = messages(store)
    assert (first["repeats"], first["differing_repeats"]) == (1, 1)
    assert [row["state"] for row in store.rows("SELECT state FROM stay")] == ["admitted"]
    (aside,) = store.rows("SELECT * FROM message_aside")
    (citizen,) = store.rows("SELECT id, wrapped_key FROM patient")
    key = store.database.vault.unwrap(citizen["wrapped_key"], str(citizen["id"]))
    assert key.open(aside["body"], f"body:{aside['id']}") == b"other"
    assert aside["message"] == first["id"]
    (told,) = store.rows("SELECT at FROM event WHERE kind = 'message-refused'")
    assert factories.NOW <= told["at"] < factories.NOW + HOUR


async def test_hundred_copies_at_once_make_one_set_of_tasks_and_equal_answers(store: Store) -> None:
    command = factories.receive(factories.notice(report_requested=True))

    answers = await asyncio.gather(*(store.receive(command) for _ in range(100)))

    assert sum(not answer.duplicate for answer in answers) == 1
    assert {(answer.code, answer.issues) for answer in answers} == {(ReceiptCode.OK, ())}
    counts = store.counts()
    assert (counts["message"], counts["stay"], counts["task"], counts["patient"]) == (1, 1, 2, 1)
    assert [row["repeats"] for row in messages(store)] == [99]


async def test_copies_and_reused_envelopes_at_once_are_told_apart(store: Store) -> None:
    first = factories.receive()
    second = factories.receive(sent=factories.envelope(bundle_id=first.envelope.bundle_id))

    answers = await asyncio.gather(*(store.receive(command) for _ in range(10) for command in (first, second)))

    codes = {answers[0].code, answers[1].code}
    assert codes == {ReceiptCode.OK, ReceiptCode.FATAL_ERROR}
    assert {answer.code for answer in answers[::2]} == {answers[0].code}
    assert {answer.code for answer in answers[1::2]} == {answers[1].code}
    assert len(messages(store)) == 2


async def test_copies_of_a_message_in_a_used_envelope_are_refused_alike(store: Store) -> None:
    first = factories.receive()
    await store.receive(first)
    reusing = factories.receive(sent=factories.envelope(bundle_id=first.envelope.bundle_id))

    answers = await asyncio.gather(*(store.receive(reusing) for _ in range(30)))

    assert {(answer.code, answer.issues) for answer in answers} == {(ReceiptCode.FATAL_ERROR, answers[0].issues)}
    assert [(row["bundle_reused"], row["repeats"]) for row in messages(store)] == [(False, 0), (True, 29)]


async def test_copy_that_waited_for_one_that_failed_is_taken_in(store: Store) -> None:
    command = factories.receive()
    async with store.database.unit_of_work(None) as uow:
        assert await uow.messages.claim(command.envelope) is None
        waiting = asyncio.create_task(store.receive(command))
        await until_blocked(store.urls.admin_url)
        assert not waiting.done()

    assert await waiting == OK


@pytest.mark.parametrize("receiver", [NEIGHBOUR, factories.UNREGISTERED, None])
async def test_without_legal_basis_only_metadata_stay(store: Store, receiver: SorCode | None) -> None:
    command = factories.receive(
        factories.notice(cpr=cpr(2), service_provider=PAPER_WARD),
        sent=factories.envelope(sender=PAPER_WARD, receiver=receiver, body=b"verbatim"),
        client=factories.record_system(PAPER_WARD),
    )
    before = store.counts()

    assert await store.receive(command) == OK

    after = store.counts()
    assert {table: after[table] - before[table] for table in after if after[table] != before[table]} == {
        "message": 1,
        "audit": 1,
    }
    (kept,) = messages(store)
    assert {name for name, value in kept.items() if value is None} >= {"body", "wrapped_key", "patient_id", "stay_id"}
    assert kept["fingerprint"] not in {command.envelope.fingerprint, None}


async def test_differing_repeat_without_legal_basis_keeps_no_body_either(store: Store) -> None:
    command = factories.receive(
        factories.notice(cpr=cpr(2), service_provider=PAPER_WARD),
        sent=factories.envelope(sender=PAPER_WARD, receiver=NEIGHBOUR),
        client=factories.record_system(PAPER_WARD),
    )
    await store.receive(command)

    await store.receive(replace(command, envelope=replace(command.envelope, fingerprint=b"o", body=b"other")))

    (aside,) = store.rows("SELECT body, wrapped_key FROM message_aside")
    assert aside == {"body": None, "wrapped_key": None}


async def test_refused_message_of_nobody_we_can_name_is_kept_under_its_own_key(store: Store) -> None:
    answer = await store.refuse(None, factories.envelope(body=b"verbatim"))

    assert answer.code is ReceiptCode.FATAL_ERROR
    (kept,) = messages(store)
    assert isinstance(kept["wrapped_key"], bytes)
    assert isinstance(kept["body"], bytes)
    key = store.database.vault.unwrap(kept["wrapped_key"], str(kept["id"]))
    assert key.open(kept["body"], f"body:{kept['id']}") == b"verbatim"
    assert kept["issues"] == [
        {
            "severity": "error",
            "code": "invalid",
            "detail": None,
            "rule": "rule",
            "expression": None,
            "text": "It breaks a rule.",
        }
    ]


async def test_refused_message_repeated_with_other_content_is_put_aside_under_its_own_key(store: Store) -> None:
    sent = factories.envelope(body=b"one")
    await store.refuse(None, sent)

    again = await store.refuse(None, replace(sent, fingerprint=b"o", body=b"two"))

    assert again.code is ReceiptCode.FATAL_ERROR
    (aside,) = store.rows("SELECT * FROM message_aside")
    key = store.database.vault.unwrap(aside["wrapped_key"], str(aside["id"]))
    assert key.open(aside["body"], f"body:{aside['id']}") == b"two"


async def test_refused_message_about_a_citizen_nobody_knows_keeps_no_body(store: Store) -> None:
    sent = factories.envelope(sender=PAPER_WARD, body=b"verbatim")

    answer = await store.refuse(cpr(3), sent, client=factories.record_system(PAPER_WARD))

    assert answer.code is ReceiptCode.FATAL_ERROR
    (kept,) = messages(store)
    assert (kept["body"], kept["wrapped_key"], kept["patient_id"]) == (None, None, None)


async def test_client_that_may_not_send_for_the_sender_leaves_nothing(store: Store) -> None:
    with pytest.raises(NotAllowedError):
        await store.refuse(None, factories.envelope(sender=PAPER_WARD))

    assert messages(store) == []


async def test_old_news_changes_nothing(store: Store) -> None:
    episode = factories.episode()
    early = factories.receive(factories.notice(episodes=(episode,)))
    await store.send_home(episodes=(episode,), history=(early.envelope.message_id,))
    before = store.counts()

    assert await store.receive(early) == OK

    after = store.counts()
    assert after["task"] == before["task"]
    assert [row["state"] for row in store.rows("SELECT state FROM stay")] == ["ended"]
