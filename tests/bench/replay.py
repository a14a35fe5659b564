"""A draft tried on past stays, beside the mere reading of their rows.

A few stays are lived through the real handlers, then copied under ids of their own, with their plans sealed
anew: the store is as full as after weeks, in the time of a measurement.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from discharge.commands import BeginStay, MoveTask, RevisePlan
from discharge.directory import Directory
from discharge.handlers import begin_stay, move_task, revise_plan
from discharge.identifiers import CprNumber, PersonId, SorCode, StayId
from discharge.notices import NoticeKind
from discharge.plan import Need, PlanRevision
from discharge.policy import Caller, Role
from discharge.replay import REPLAYED_MOVES
from discharge.task import Move
from services.agreements.shipped import profile
from services.agreements.trial import Bounds, Trial, try_agreement
from services.bootstrap import database_for
from services.persistence import past
from services.persistence.audit import AuditContext, own_audit
from services.persistence.database import Database, new_id
from services.persistence.pipeline import Rows, ask_all
from services.persistence.rows import plan_from, plan_sealed
from services.persistence.tables import (
    Base,
    EncounterRow,
    EventRow,
    NoticeRow,
    PartyRow,
    PatientRow,
    PlanVersionRow,
    StayRow,
    TaskRow,
)
from tests.bench.figures import Figure
from tests.bench.place import GP, HOSPITAL, MUNICIPALITY, UNITS, WARDS, Citizen, citizens
from tests.running import RunningDemo

__all__ = ["fill", "measure_replay", "read_raw", "replayed"]

_STAYS: Final = 3000
_MODELS: Final = 8
_DAYS: Final = 90
_BATCH: Final = 100
_SHIFT: Final = timedelta(days=80)
_PARTS: Final[dict[type[Base], str]] = {
    EncounterRow: "encounter",
    NoticeRow: "notice",
    PartyRow: "party",
    PlanVersionRow: "plan_version",
    TaskRow: "task",
    EventRow: "event",
}
Row = Mapping[str, Any]


async def measure_replay(demo: RunningDemo) -> list[Figure]:
    """Three thousand stays, and what that means for a region's 90 days."""
    database = database_for(demo.settings)
    try:
        await fill(database, _STAYS)
        trial, seconds = await replayed(database)
        raw = await read_raw(database)
    finally:
        await database.close()
    tally = trial.tally
    region = seconds / tally.happenings * 250_000
    return [
        Figure(
            name=f"agreement replay, {tally.stays:,} stays, {tally.happenings:,} events, draft and in force,"
            f" per event (a region's 90 days, 250,000 events: {region:,.0f} s)",
            value=seconds / tally.happenings * 1000,
            unit="ms",
            limit_name="reading the same rows, opening and replaying nothing, one connection, per event",
            limit=raw / tally.happenings * 1000,
            goal="<= 0.48 ms (2 min)",
        )
    ]


async def replayed(database: Database) -> tuple[Trial, float]:
    """A draft of the whole agreement, in two processes; with the seconds it took."""
    document = {**profile("dk-midtjylland"), "id": "bench-draft", "version": "2.0"}
    began = time.perf_counter()
    bounds = Bounds(days=_DAYS, processes=2)
    trial = await try_agreement(database, document, bounds, own_audit("replay-agreement", "BENCH replay"))
    return trial, time.perf_counter() - began


async def read_raw(database: Database) -> float:
    """The seconds that the rows alone take."""
    now = await database.now()
    async with database.writing() as connection:
        ids = await past.past_stays(
            connection, since=now - timedelta(days=_DAYS), until=now, concerns=lambda sor: sor is not None
        )
        began = time.perf_counter()
        for start in range(0, len(ids), 200):
            which = {"ids": list(ids[start : start + 200]), "moves": [move.value for move in REPLAYED_MOVES]}
            await ask_all(connection, [(statement, which) for statement in past.STATEMENTS])
        return time.perf_counter() - began


async def fill(database: Database, stays: int) -> None:
    """Live some stays, and copy them until there are ``stays``."""
    directory = (await database.master()).directory
    models = [
        await _lived(database, directory, citizen, WARDS[number % len(WARDS)])
        for number, citizen in enumerate(citizens(_MODELS))
    ]
    rows = [await _rows_of(database, model) for model in models]
    for start in range(0, stays - _MODELS, _BATCH):
        numbers = range(start, min(start + _BATCH, stays - _MODELS))
        async with database.unit_of_work(None) as uow:
            written: dict[type[Base], list[dict[str, Any]]] = {}
            for number in numbers:
                back = _SHIFT * (number / stays)
                for table, copies in _copied(database, rows[number % _MODELS], back):
                    written.setdefault(table, []).extend(copies)
            for table, copies in written.items():
                uow.writes.insert(table, copies)
            await uow.commit()


async def _lived(database: Database, directory: Directory, citizen: Citizen, ward: SorCode) -> StayId:
    """A stay of a week's facts: admitted, planned twice, gone home, and two duties done."""
    nurse = Caller(person_id=PersonId("bench"), name="Bench", role=Role.WARD, organization=HOSPITAL, unit=ward)
    now = await database.now()
    begun = BeginStay(
        caller=nurse,
        cpr=CprNumber.parse(citizen.cpr),
        family="Målesen",
        given=("Test",),
        municipality=MUNICIPALITY,
        gp=GP,
        ward=ward,
        started_at=now - timedelta(hours=30),
        kind=NoticeKind.STIN,
    )
    stay = await database.run(_audit(nurse), begin_stay, begun)
    plans: tuple[tuple[PlanRevision, datetime | None], ...] = (
        (PlanRevision(needs=frozenset({Need.HOME_NURSING}), expected_discharge_at=now + timedelta(days=2)), None),
        (PlanRevision(expected_discharge_at=now + timedelta(days=1), functional_level="walks"), None),
        (PlanRevision(contact_phone="70000101", agreed_by_phone="Bente", override_reason="hjem"), now),
    )
    for revision, gone in plans:
        command = RevisePlan(caller=nurse, stay_id=stay.id, revision=revision, discharged_at=gone)
        await database.run(_audit(nurse), revise_plan, command)
    for code in ("resume-services", "pause-services"):
        await _done(database, directory, stay.id, code)
    return stay.id


async def _done(database: Database, directory: Directory, stay_id: StayId, code: str) -> None:
    async with database.unit_of_work(None) as uow:
        task = next((each for each in await uow.tasks.of_stay(stay_id) if each.code == code and each.is_open), None)
    if task is None:
        return
    unit = task.owner if task.owner in UNITS else None
    who = Caller(
        person_id=PersonId(f"bench-{code}"),
        name="Bench",
        role=min(task.audience),
        organization=directory.root(task.owner),
        unit=unit,
    )
    for move in (Move.ACCEPT, Move.COMPLETE):
        await database.run(_audit(who), move_task, MoveTask(caller=who, task_id=task.id, move=move))


def _audit(caller: Caller) -> AuditContext:
    return replace(own_audit("bench", "BENCH fill"), caller=caller)


async def _rows_of(database: Database, stay_id: StayId) -> dict[str, Rows]:
    which = {"ids": [UUID(stay_id)]}
    statements = {
        "patient": "SELECT p.* FROM patient p JOIN stay s ON s.patient_id = p.id WHERE s.id = ANY(%(ids)s)",
        "stay": "SELECT * FROM stay WHERE id = ANY(%(ids)s)",
        **{name: f"SELECT * FROM {name} WHERE stay_id = ANY(%(ids)s)" for name in _PARTS.values()},
    }
    async with database.writing() as connection:
        found = await ask_all(connection, [(statement, which) for statement in statements.values()])
    return dict(zip(statements, found, strict=True))


def _copied(
    database: Database, rows: Mapping[str, Sequence[Row]], back: timedelta
) -> Iterator[tuple[type[Base], list[dict[str, Any]]]]:
    """The same stay of another citizen, some days earlier."""
    (patient,), (stay,) = rows["patient"], rows["stay"]
    ids = {patient["id"]: UUID(new_id()), stay["id"]: UUID(new_id())}
    ids |= {task["id"]: UUID(new_id()) for task in rows["task"]}
    old = database.vault.unwrap(patient["wrapped_key"], str(patient["id"]))
    key, wrapped = database.vault.new_key(str(ids[patient["id"]]))

    def moved(row: Row, **changes: object) -> dict[str, Any]:
        values = {name: _moved(value, ids, back) for name, value in row.items()}
        return {**values, **changes}

    yield PatientRow, [moved(patient, wrapped_key=wrapped, cpr_index=ids[patient["id"]].bytes, identity=b"")]
    yield StayRow, [moved(stay)]
    for table, name in _PARTS.items():
        copies = []
        for row in rows[name]:
            changes: dict[str, object] = {}
            if table is PlanVersionRow:
                plan = plan_from(row["plan"], StayId(str(stay["id"])), row["version"], old)
                changes["plan"] = plan_sealed(plan, StayId(str(ids[stay["id"]])), key)
            if table is EncounterRow:
                changes["id"] = UUID(new_id())
            copy = moved(row, **changes)
            copy.pop("number", None)
            copies.append(copy)
        yield table, copies


def _moved(value: object, ids: Mapping[UUID, UUID], back: timedelta) -> object:
    if isinstance(value, UUID):
        return ids.get(value, value)
    return value - back if isinstance(value, datetime) else value
