"""What every unit of work promises of messages, feeds and timers, whichever store it works on."""

from dataclasses import replace
from datetime import datetime, timedelta

from discharge.agreement import StepKind
from discharge.commands import Issue, Receipt, ReceiptCode
from discharge.events import TaskRedated, TaskRequested
from discharge.handlers import receive_notice
from discharge.identifiers import BundleId, FeedId, MessageId, TaskId
from discharge.notices import Effect
from discharge.planning import PlannedStep
from discharge.policy import Role
from discharge.stay import Stay
from discharge.task import HandoverTask, Proofs
from tests import factories
from tests.contracts.worlds import World, keep_stay, new_cpr
from tests.factories import MUNICIPALITY, NORTH, envelope, new_id, notice, receive

MINUTE = timedelta(minutes=1)


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────
WARNED = Receipt(
    code=ReceiptCode.OK, issues=(Issue(severity="warning", code="value", rule="r", expression="Bundle", text="Odd."),)
)


async def test_a_new_message_is_claimed_and_its_repeat_gets_the_first_answer(world: World) -> None:
    sent = envelope()
    async with world.unit_of_work() as uow:
        assert await uow.messages.claim(sent) is None
        await uow.messages.conclude(sent, WARNED, stay_id=None, patient=None, keep=False)
        await uow.commit()

    for bundle_id in (sent.bundle_id, BundleId(new_id())):
        async with world.unit_of_work() as uow:
            again = await uow.messages.claim(replace(sent, bundle_id=bundle_id, fingerprint=b"other"))
            await uow.commit()
        assert again == replace(WARNED, duplicate=True)


async def test_a_reused_bundle_id_is_fatal_again_and_again_and_the_first_keeps_its_answer(world: World) -> None:
    sent = envelope()
    reusing = replace(sent, message_id=MessageId(new_id()))
    async with world.unit_of_work() as uow:
        await uow.messages.claim(sent)
        await uow.messages.conclude(sent, WARNED, stay_id=None, patient=None, keep=True)
        await uow.commit()

    answers = []
    for message in (reusing, reusing, sent):
        async with world.unit_of_work() as uow:
            answers.append(await uow.messages.claim(message))
            await uow.commit()

    assert [answer.code for answer in answers if answer is not None] == [
        ReceiptCode.FATAL_ERROR,
        ReceiptCode.FATAL_ERROR,
        ReceiptCode.OK,
    ]


async def test_the_keys_of_a_message_are_the_senders_own(world: World) -> None:
    sent = envelope()
    async with world.unit_of_work() as uow:
        await uow.messages.claim(sent)
        await uow.messages.conclude(sent, WARNED, stay_id=None, patient=None, keep=True)
        await uow.commit()

    async with world.unit_of_work() as uow:
        assert await uow.messages.claim(replace(sent, sender=NORTH)) is None


async def test_what_was_told_is_kept_with_the_stay_in_its_order(world: World) -> None:
    kept = await keep_stay(world)
    first, second = factories.filed(follows=frozenset({MessageId("lost")})), factories.filed(effect=Effect.CANCELLED)
    for told in ((second,), (first, second)):
        async with world.unit_of_work() as uow:
            await uow.stays.save(replace(await uow.stays.get(kept.id), notices=told))
            await uow.commit()

    async with world.unit_of_work() as uow:
        found = await uow.stays.get(kept.id)
    assert found.notices == (first, second)
    assert found.known_messages == {first.id, second.id, "lost"}


# ── timers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _rung(at: datetime | None, kind: StepKind = StepKind.REMIND, after: str | None = None) -> PlannedStep:
    return PlannedStep(
        kind=kind,
        at=at,
        organization=NORTH,
        roles=frozenset({Role.HOME_NURSE}),
        after_code=after,
        span=MINUTE,
        working_days=2,
        while_unanswered=True,
    )


async def _armed(world: World, *steps: PlannedStep) -> tuple[Stay, HandoverTask]:
    kept = await keep_stay(world, tasks=(factories.task(),))
    async with world.unit_of_work() as uow:
        (task,) = await uow.tasks.of_stay(kept.id)
        await uow.timers.arm(task, steps)
        await uow.commit()
    return kept, task


async def test_rungs_come_due_in_order_and_once(world: World) -> None:
    async with world.unit_of_work() as uow:
        now = uow.now.replace(microsecond=0)
    await _armed(world, _rung(now + 2 * MINUTE), _rung(now), _rung(now + MINUTE), _rung(now + 9 * MINUTE), _rung(None))

    async with world.unit_of_work() as uow:
        assert [step.due_at for step in await uow.timers.due(now + 2 * MINUTE, 2)] == [now, now + MINUTE]
        due = await uow.timers.due(now + 2 * MINUTE, 10)
        for step in due[:2]:
            await uow.timers.fired(step.id, now)
        await uow.commit()
    async with world.unit_of_work() as uow:
        assert [step.due_at for step in await uow.timers.due(now + 2 * MINUTE, 10)] == [now + 2 * MINUTE]


async def test_arming_again_replaces_what_has_not_fired(world: World) -> None:
    async with world.unit_of_work() as uow:
        now = uow.now.replace(microsecond=0)
    _, task = await _armed(world, _rung(now), _rung(now + MINUTE))
    async with world.unit_of_work() as uow:
        (first,) = await uow.timers.due(now, 10)
        await uow.timers.fired(first.id, now)
        await uow.commit()

    async with world.unit_of_work() as uow:
        await uow.timers.arm(task, [_rung(now + 5 * MINUTE, StepKind.OVERDUE)])
        await uow.commit()

    async with world.unit_of_work() as uow:
        due = await uow.timers.due(now + 9 * MINUTE, 10)
        assert [(step.kind, step.due_at) for step in due] == [(StepKind.OVERDUE, now + 5 * MINUTE)]


async def test_a_rung_waits_for_another_task_of_its_stay(world: World) -> None:
    async with world.unit_of_work() as uow:
        now = uow.now.replace(microsecond=0)
    kept, task = await _armed(world, _rung(None, StepKind.ESCALATE, after="send-letter"))

    async with world.unit_of_work() as uow:
        assert not await uow.timers.due(now + 9 * MINUTE, 10)
        assert not await uow.timers.waiting_for(kept.id, "sing")
        (waiting,) = await uow.timers.waiting_for(kept.id, "send-letter")
        await uow.timers.set_due(waiting.id, now)
        await uow.commit()

    async with world.unit_of_work() as uow:
        assert not await uow.timers.waiting_for(kept.id, "send-letter")
        (due,) = await uow.timers.due(now, 10)
        assert due == replace(waiting, due_at=now)
        assert (due.task_id, due.span, due.working_days, due.while_unanswered) == (task.id, MINUTE, 2, True)


async def test_only_what_a_feed_told_is_undelivered(world: World) -> None:
    kept = await keep_stay(world)
    async with world.unit_of_work() as uow:
        task = factories.task(id=TaskId(uow.new_id()), stay_id=kept.id, patient_id=kept.patient_id)
        await uow.tasks.save(task)
        uow.record(TaskRequested(at=uow.now, stay_id=kept.id, task=task))
        await uow.commit()

    async with world.unit_of_work() as uow:
        assert [found.id for found in await uow.tasks.undelivered(FeedId(NORTH), 1)] == [task.id]
        assert not await uow.tasks.undelivered(FeedId(NORTH), 0)
        assert not await uow.tasks.undelivered(FeedId(MUNICIPALITY), 9)
        await uow.tasks.save(task.delivered(uow.now))
        await uow.commit()
    async with world.unit_of_work() as uow:
        assert not await uow.tasks.undelivered(FeedId(NORTH), 9)


async def test_entry_of_an_earlier_round_delivers_nothing_of_the_next(world: World) -> None:
    kept = await keep_stay(world)
    async with world.unit_of_work() as uow:
        task = factories.task(
            id=TaskId(uow.new_id()), stay_id=kept.id, patient_id=kept.patient_id, proofs=Proofs(sent_at=uow.now)
        )
        await uow.tasks.save(task)
        uow.record(TaskRequested(at=uow.now, stay_id=kept.id, task=task))
        await uow.commit()
    async with world.unit_of_work() as uow:
        at = uow.now + MINUTE
        renewed = (await uow.tasks.get(task.id)).renewed(at)
        await uow.tasks.save(renewed)
        uow.record(TaskRedated(at=at, stay_id=kept.id, task=renewed))
        await uow.commit()

    async with world.unit_of_work() as uow:
        assert not await uow.tasks.undelivered(FeedId(NORTH), 1)
        assert [found.id for found in await uow.tasks.undelivered(FeedId(NORTH), 2)] == [task.id]


async def test_a_postponed_stay_is_named_once_and_its_rungs_wait_unless_it_is_asked_for(world: World) -> None:
    cpr = new_cpr()
    async with world.unit_of_work() as uow:
        patient = await uow.patients.add(factories.patient(cpr=cpr))
        await uow.commit()
    async with world.unit_of_work() as uow:
        await receive_notice(receive(notice(cpr=cpr, report_requested=True)), uow)
    async with world.unit_of_work() as uow:
        (stay,) = await uow.stays.of_patient(patient.id)
        await uow.commit()
    until = uow.now + 60 * MINUTE * 24

    told = []
    for _ in range(2):
        async with world.unit_of_work() as uow:
            told.append(await uow.timers.postpone(stay.id))
            await uow.commit()

    async with world.unit_of_work() as uow:
        assert told == [(stay.hospital, stay.receiver), ()]
        assert not [
            step for step in await uow.timers.due(until, 100) if await uow.tasks.stay_of(step.task_id) == stay.id
        ]
        assert await uow.timers.due(until, 100, stay.id)
