"""Trying a draft on what happened: past stays go through it once more, and only counts come out.

The work is done in processes of its own, each with its own connection that cannot write, so that neither a
web process nor its clients feel it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from multiprocessing import get_context
from typing import Final
from uuid import UUID

from discharge.agreement import HealthAgreement
from discharge.agreement_values import Document, as_texts
from discharge.directory import Directory
from discharge.errors import AgreementError
from discharge.identifiers import SorCode
from discharge.layer_format import is_layer, parse_layer
from discharge.replay import really, replay
from discharge.replay_tally import Side, Tally
from discharge.words import Title
from services.memory import collect_seldom
from services.persistence.audit import AuditContext
from services.persistence.database import Database, engine_for
from services.persistence.master import Master
from services.persistence.past import note_reading, past_stays, read_past
from services.persistence.vault import Vault

__all__ = ["Bounds", "Trial", "draft_among", "regions_of", "try_agreement"]

_BATCH: Final = 200
"""Stays that are read and kept in memory at a time."""
_ALWAYS: Final = "2000-01-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much a trial may do."""

    days: int
    processes: int = 1
    most: int | None = None
    """Stays, the newest first; None: all of them."""
    seconds: float | None = None
    """After which no further stays are begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of it."""

    draft: str
    """Id and version."""
    in_force: tuple[str, ...]
    """What is in force today in the draft's regions."""
    titles: Mapping[tuple[str, str], Title]
    """Rule and code -> what people call it, in the draft or in what is in force."""
    since: datetime
    until: datetime
    directory: Directory
    tally: Tally
    left_out: int
    """Stays of the span that the bounds left no room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What a process needs to know."""

    url: str = field(repr=False)
    vault: Vault = field(repr=False)
    document: Document = field(repr=False)
    ids: tuple[UUID, ...]
    until: datetime


def regions_of(document: Document, master: Master) -> frozenset[str]:
    """Where a draft holds: an agreement says so itself, a layer holds where its agreement does.

    Raises:
        AgreementError: nothing is stored that the layer could be laid upon.
    """
    if not is_layer(document):
        return frozenset(as_texts(document.get("regions", ()), "$.regions"))
    layer = parse_layer(document)
    bases = [each for each in master.agreements if each.id == layer.base]
    if not bases:
        raise AgreementError(path="$.base", problem=f"no agreement {layer.base} is stored; load it first")
    return layer.regions or bases[-1].regions


def draft_among(master: Master, document: Document) -> Master:
    """The master data as they would be, had the draft been in force all the time.

    An agreement takes the place of those of its regions, and what was laid upon it is laid upon the draft;
    a layer takes the place of its other versions.
    """
    draft = {**document, "valid-from": _ALWAYS, "valid-to": None}
    regions = frozenset() if is_layer(document) else regions_of(document, master)
    others = (each for each in master.documents if not _gives_way(each, document, regions))
    return replace(master, version=None, documents=(*others, draft), _made={}, _of_day={})


def _gives_way(stored: Document, draft: Document, regions: frozenset[str]) -> bool:
    if is_layer(stored) != is_layer(draft):
        return False
    if is_layer(draft):
        return stored.get("id") == draft.get("id")
    return not regions.isdisjoint(as_texts(stored.get("regions", ()), "$.regions"))


def _everybody(_: Directory, __: SorCode) -> bool:
    return True


async def try_agreement(
    database: Database,
    document: Document,
    bounds: Bounds,
    audit: AuditContext,
    *,
    concerns: Callable[[Directory, SorCode], bool] = _everybody,
    progress: Callable[[int, int], None] | None = None,
) -> Trial:
    """Replay the stays of the last days under ``document``; leaves one audit row and changes nothing else.

    Args:
        database: the store.
        document: of an agreement or a layer, checked.
        bounds: how far back, and how much at most.
        audit: who asks.
        concerns: tells which stays, by their receiver or hospital, the asker may have counted.
        progress: is told how many stays are done, and of how many.

    Raises:
        AgreementError: the draft does not fit to what is laid upon it, or to what it is laid upon.
    """
    master, until = await database.master(), await database.now()
    regions = regions_of(document, master)
    await _require_fit(draft_among(master, document), regions, until)
    since = until - timedelta(days=bounds.days)
    directory = master.directory

    def asked(sor: SorCode) -> bool:
        return directory.region_of(sor) in regions and concerns(directory, sor)

    async with database.writing() as connection:
        found = await past_stays(connection, since=since, until=until, concerns=asked)
        ids = found[: bounds.most]
        await note_reading(connection, audit, ids)
    url = database.engine.url.render_as_string(hide_password=False)
    jobs = [
        _Job(url=url, vault=database.vault, document=document, ids=chunk, until=until)
        for chunk in _chunks(ids, bounds.processes)
    ]
    tally, begun = await _counted(jobs, bounds, progress, len(ids))
    in_force = await _in_force(master, regions, until)
    drafted = await _in_force(draft_among(master, document), regions, until)
    return Trial(
        draft=f"{document.get('id')} {document.get('version')}",
        in_force=tuple(dict.fromkeys(f"{each.id} {each.version}" for each in in_force)),
        titles={(rule.id, rule.code): rule.title for each in (*in_force, *drafted) for rule in each.rules},
        since=since,
        until=until,
        directory=master.directory,
        tally=tally,
        left_out=len(found) - begun,
    )


async def _require_fit(drafted: Master, regions: frozenset[str], until: datetime) -> None:
    """Resolve it once for everybody it concerns, before anything is read: what is wrong is told in words."""
    municipalities = {party for layer in drafted.layers for party in layer.parties}
    for region in sorted(regions):
        for municipality in (None, *sorted(municipalities)):
            sor = None if municipality is None else SorCode(municipality)
            await drafted.in_force(region=region, municipality=sor, day=until.date())


async def _in_force(master: Master, regions: frozenset[str], until: datetime) -> list[HealthAgreement]:
    found = [await master.in_force(region=region, municipality=None, day=until.date()) for region in sorted(regions)]
    return [each for each in found if each is not None]


def _chunks(ids: Sequence[UUID], processes: int) -> Iterator[tuple[UUID, ...]]:
    """Pieces that are large enough to be worth a process's start, and small enough to share fairly."""
    size = max(_BATCH, min(2000, -(-len(ids) // (processes * 4))))
    return (tuple(ids[start : start + size]) for start in range(0, len(ids), size))


async def _counted(
    jobs: Sequence[_Job], bounds: Bounds, progress: Callable[[int, int], None] | None, total: int
) -> tuple[Tally, int]:
    """What the processes counted, and how many stays they took on before the time was over."""
    tally, begun, taken = Tally(), 0, 0
    loop = asyncio.get_running_loop()
    ends = None if bounds.seconds is None else loop.time() + bounds.seconds
    waiting = list(reversed(jobs))
    running: dict[asyncio.Future[Tally], int] = {}
    with ProcessPoolExecutor(max_workers=bounds.processes, mp_context=get_context("spawn")) as pool:
        while waiting or running:
            while waiting and len(running) < bounds.processes and (ends is None or loop.time() < ends):
                job = waiting.pop()
                running[loop.run_in_executor(pool, _count, job)] = len(job.ids)
                begun += len(job.ids)
            if not running:
                break
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                taken += running.pop(each)
                tally.add(each.result())
            if progress is not None:
                progress(taken, total)
    return tally, begun


def _count(job: _Job) -> Tally:
    """In a process of its own."""
    collect_seldom()
    return asyncio.run(_count_stays(job))


async def _count_stays(job: _Job) -> Tally:
    database = Database(engine_for(job.url, pool_size=1), job.vault, access_days=0, demo=False)
    try:
        master = await database.master()
        drafted, tally = draft_among(master, job.document), Tally()
        for start in range(0, len(job.ids), _BATCH):
            async with database.past() as connection:
                past = await read_past(connection, database.vault, master.directory, job.ids[start : start + _BATCH])
            tally.unreadable += past.unreadable
            for stay in past.stays:
                tally.stays += 1
                tally.happenings += len(stay.happenings)
                tally.count(Side.HAPPENED, really(stay, job.until), master.directory)
                for side, agreements in ((Side.IN_FORCE, master), (Side.DRAFT, drafted)):
                    made = await replay(stay, agreements, directory=master.directory, until=job.until)
                    tally.count(side, made, master.directory)
        return tally
    finally:
        await database.close()
