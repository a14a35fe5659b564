"""What keeps the medicine of stays promises, asked of the one in memory and of the one in PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from discharge.medication.lists import Column, MedicationList
from discharge.medication.record import Decision, MedicationReconciliation, Opened, SignOff, Verdict
from discharge.stay import Stay
from tests.contracts.worlds import World, keep_stay
from tests.discharge.medication.lines import DOCTOR, GP, HOSPITAL, PRACTICE, medicine, stated, tables
from tests.factories import NOW, new_id

round_trip = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def a_list(column: Column, *names: str, **changes: object) -> MedicationList:
    """A list under an id that the store can keep."""
    lines = tuple(medicine(name, None) for name in names)
    return stated(column, *lines, **({"id": new_id()} | changes))


def kept_as(record: MedicationReconciliation, *added: MedicationList) -> MedicationReconciliation:
    """The next version, with those lists."""
    for each in added:
        record = record.with_list(each, new_id)
    return replace(record, version=record.version + 1)


async def saved(world: World, stay: Stay, *added: MedicationList) -> MedicationReconciliation:
    """Committed."""
    async with world.unit_of_work() as uow:
        after = kept_as(await uow.medications.of_stay(await uow.stays.get(stay.id)), *added)
        await uow.medications.save(after)
        await uow.commit()
    return after


async def found(world: World, stay: Stay) -> MedicationReconciliation:
    async with world.unit_of_work() as uow:
        return await uow.medications.of_stay(await uow.stays.get(stay.id))


async def test_stay_without_lists_has_an_empty_record_of_its_citizen(world: World) -> None:
    stay = await keep_stay(world)

    assert await found(world, stay) == MedicationReconciliation(stay_id=stay.id, patient_id=stay.patient_id)


@round_trip
@given(drawn=tables())
async def test_lists_come_back_as_they_were_stated(world: World, drawn: list[MedicationList]) -> None:
    stay = await keep_stay(world)

    record = await saved(world, stay, *(replace(each, id=new_id()) for each in drawn))

    assert await found(world, stay) == record


async def test_what_people_said_of_lines_comes_back(world: World) -> None:
    stay = await keep_stay(world)
    record = await saved(world, stay, a_list(Column.BEFORE, "Pinex"), a_list(Column.AT_DISCHARGE, "Furix"))
    one, other = record.lines
    shown = {line: record.lines[line].fingerprint for line in record.lines}
    decision = Decision(
        line_id=one, verdict=Verdict.ASK, reason="Hvor længe?", at=NOW, by=GP, organization=PRACTICE, shown=shown[one]
    )
    after = record.signed(SignOff(at=NOW, by=DOCTOR, shown=shown, override_reason="Ringer i morgen"))
    after = after.decided([decision]).opened(
        Opened(line_id=other, note="Tages ikke", at=NOW, by=GP, organization=HOSPITAL)
    )
    after = replace(after, gone=frozenset({record.lists[0].id}), version=record.version + 1)

    async with world.unit_of_work() as uow:
        await uow.medications.of_stay(await uow.stays.get(stay.id))
        await uow.medications.save(after)
        await uow.commit()

    assert await found(world, stay) == after


async def test_list_is_added_beside_those_that_were_kept(world: World) -> None:
    mine, other = await keep_stay(world), await keep_stay(world)
    first = await saved(world, mine, a_list(Column.BEFORE, "Pinex"))
    await saved(world, other, a_list(Column.BEFORE, "Morfin"))

    second = await saved(world, mine, a_list(Column.NOW, "Pinex", "Furix"))

    assert second.lists[:1] == first.lists
    assert await found(world, mine) == second


@pytest.mark.parametrize("commits", [True, False])
async def test_what_is_saved_is_found_at_once_and_stays_only_if_it_is_committed(world: World, commits: bool) -> None:  # noqa: FBT001 - an example
    stay = await keep_stay(world)

    async with world.unit_of_work() as uow:
        held = await uow.stays.get(stay.id)
        after = kept_as(await uow.medications.of_stay(held), a_list(Column.BEFORE, "Pinex"))
        await uow.medications.save(after)
        assert await uow.medications.of_stay(held) == after
        if commits:
            await uow.commit()

    assert (await found(world, stay)).version == int(commits)
