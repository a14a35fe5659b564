"""``stafet simulate``: lifelike stays through the public interface, summed up and held against its own searches."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from discharge.directory import Directory, OrganizationKind
from discharge.identifiers import SorCode
from discharge.stay import NoticeKind
from discharge.task import CLOSED, Proof, TaskStatus
from fhir_mappings.elements import Element, Json, JsonObject
from fhir_mappings.instants import write_instant
from services.demo.actors import Actors, NoAnswerError, RefusedError
from services.demo.courses import courses
from services.demo.messages import Notification
from services.demo.seed import master_file
from services.demo.synthetic import Ending, Fate, Script, scripts
from services.demo.task_words import is_waiting, proof_of, status_of, stay_of
from services.persistence.clock import wall_now
from services.persistence.master_files import read_organizations, read_patients
from services.settings import Settings, SettingsError

__all__ = ["Tally", "disagreements", "play_stays", "show", "simulate"]

_AT_ONCE: Final = 12
_PROOFS: Final = tuple(Proof)
_ROUNDS: Final = 3
_EVER: Final = datetime(1900, 1, 1, tzinfo=UTC)
_WAYS: Final[dict[Fate, tuple[TaskStatus, ...]]] = {
    Fate.IGNORED: (),
    Fate.SEEN: (TaskStatus.RECEIVED,),
    Fate.ACCEPTED: (TaskStatus.RECEIVED, TaskStatus.ACCEPTED),
    Fate.STARTED: (TaskStatus.ACCEPTED, TaskStatus.IN_PROGRESS),
    Fate.DONE: (TaskStatus.RECEIVED, TaskStatus.ACCEPTED, TaskStatus.COMPLETED),
    Fate.REJECTED: (TaskStatus.REJECTED,),
}
_REASONS: Final = ("Borgeren hører til et andet distrikt", "Ydelsen er afsluttet", "Ingen ledig tid i dag")
_EARLY: Final = "Givet efter hospitalets underskrevne liste"


@dataclass(slots=True)
class Tally:
    """What the answers said."""

    messages: Counter[str] = field(default_factory=Counter)
    """By ``ok``, ``duplicate`` and ``refused``."""
    stays: Counter[str] = field(default_factory=Counter)
    """By ``kept`` (shown to the ward), ``not kept`` and ``broken off``."""
    refusals: list[str] = field(default_factory=list)
    tasks: dict[str, JsonObject] = field(default_factory=dict)
    """The duties of the stays that were played, each as the last answer showed it."""
    stay_ids: set[str] = field(default_factory=set)


def simulate(
    settings: Settings,
    *,
    stays: int,
    rate: float | None = None,
    seed: int = 1,
    to: str | None = None,
    console: Console | None = None,
) -> bool:
    """Play ``stays`` synthetic stays and print the sum; True when answers and searches agree.

    Args:
        settings: of a demo.
        stays: how many.
        rate: stays begun per second; None: as fast as it goes.
        seed: the same makes the same stays.
        to: the installation's address; None: that of ``settings``.
        console: where to print; None: standard output.

    Raises:
        SettingsError: the settings are not a demo's.
    """
    if not settings.is_demo:
        raise SettingsError("simulate works on a demo: give --home")
    out = console or Console(highlight=False)
    base = (to or settings.http.public_url).rstrip("/")
    try:
        tally, wrong = asyncio.run(_run(settings, base, out, stays=stays, rate=rate, seed=seed))
    except (NoAnswerError, RefusedError) as error:
        out.print(f"{base} cannot be simulated on ({error}): does this demo run there?", markup=False, soft_wrap=True)
        return False
    show(out, tally, wrong)
    return not wrong and not tally.refusals


def disagreements(counted: Mapping[str, JsonObject], found: Mapping[str, JsonObject]) -> list[str]:
    """Where the duties that the searches found differ from those that the answers told of.

    A proof may have grown meanwhile: a device of somebody else's has got the duty.
    """
    wrong = [f"task {task_id} was told of, and no search finds it" for task_id in counted.keys() - found.keys()]
    wrong += [f"task {task_id} is found, and no answer told of it" for task_id in found.keys() - counted.keys()]
    for task_id in counted.keys() & found.keys():
        told, shown = Element("Task", counted[task_id]), Element("Task", found[task_id])
        for name in ("status", "instantiatesUri"):
            if told.text(name) != shown.text(name):
                wrong.append(f"task {task_id}: {name} {told.text(name)} was told, {shown.text(name)} is found")
        if _PROOFS.index(proof_of(shown)) < _PROOFS.index(proof_of(told)):
            wrong.append(f"task {task_id}: the proof {proof_of(told)} was told, {proof_of(shown)} is found")
    return sorted(wrong)


async def play_stays(
    client: httpx.AsyncClient, settings: Settings, *, stays: int, rate: float | None, seed: int, console: Console
) -> tuple[Tally, list[str]]:
    """Play the stays through ``client``; returns what the answers said, and where the searches disagree.

    Raises:
        NoAnswerError: the installation is away.
    """
    directory = Directory.of(read_organizations(master_file("organizations.json")))
    told = {course.family for course in courses(wall_now())} | {"Elmer"}
    citizens = [
        citizen
        for citizen in read_patients(master_file("patients.json"), lambda: "")
        if citizen.municipality is not None and citizen.family not in told
    ]
    actors = Actors(client, settings, directory)
    play = _Play(actors=actors, directory=directory, ahead=await actors.clock() - wall_now())
    with _progress(console) as progress:
        bar = progress.add_task("stays", total=stays)
        async with asyncio.TaskGroup() as group:
            async for script in _paced(scripts(directory, citizens, stays=stays, seed=seed), rate):
                await play.room.acquire()
                task = group.create_task(play.script(script))
                task.add_done_callback(_then(play.room.release, lambda: progress.advance(bar)))
    return play.tally, disagreements(play.tally.tasks, await play.found())


async def _run(
    settings: Settings, base: str, out: Console, *, stays: int, rate: float | None, seed: int
) -> tuple[Tally, list[str]]:
    limits = httpx.Limits(max_connections=_AT_ONCE * 2)
    async with httpx.AsyncClient(base_url=base, timeout=60, limits=limits, trust_env=False) as client:
        return await play_stays(client, settings, stays=stays, rate=rate, seed=seed, console=out)


async def _paced(made: Iterator[Script], rate: float | None) -> AsyncIterator[Script]:
    for script in made:
        yield script
        if rate is not None:
            await asyncio.sleep(1 / rate)


def _then(*steps: Callable[[], None]) -> Callable[[asyncio.Task[None]], None]:
    def done(_task: asyncio.Task[None]) -> None:
        for step in steps:
            step()

    return done


def _progress(out: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=out,
        disable=not out.is_terminal,
    )


@dataclass(slots=True, kw_only=True)
class _Play:
    """All stays of one run."""

    actors: Actors
    directory: Directory
    ahead: timedelta
    """How far the demo's clock is ahead of ours."""
    tally: Tally = field(default_factory=Tally)
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    _began: dict[str, datetime] = field(default_factory=dict)
    _citizens: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def script(self, script: Script) -> None:
        """Play one stay. A citizen is in one hospital at a time."""
        async with self._citizens[script.cpr]:
            try:
                await self._stay(script)
            except (NoAnswerError, RefusedError) as error:
                self.tally.refusals.append(f"stay {script.number}: {error}")
                self.tally.stays["broken off"] += 1

    async def found(self) -> dict[str, JsonObject]:
        """The duties of these stays, as the owners' own searches show them."""
        owners = [
            sor
            for sor, each in self.directory.organizations.items()
            if each.kind not in {OrganizationKind.REGION, OrganizationKind.UNIT, OrganizationKind.HOSPITAL}
        ]
        shown: dict[str, JsonObject] = {}
        for owner in owners:
            for task in await self.actors.tasks_owned(owner):
                if stay_of(task) in self.tally.stay_ids:
                    shown[str(task["id"])] = task
        return shown

    async def _stay(self, script: Script) -> None:
        episode = str(uuid.uuid4())
        # Later than a stay of the same citizen that is still open: an older contact moves nobody.
        began = max(self._now() - script.began_before, self._began.get(script.cpr, _EVER) + timedelta(minutes=1))
        sent: list[Notification] = []
        kinds = (NoticeKind.STAA, NoticeKind.STIN) if script.comes_acute else (NoticeKind.STIN,)
        for number, kind in enumerate(kinds):
            at = min(began + timedelta(minutes=20 * number), self._now())
            sent.append(self._notification(script, kind, episode, began=at, at=at, sent=sent))
            self._began[script.cpr] = at
            await self._message(sent[-1], again="start" in script.resends and number == 0)
        contact = await self.actors.encounter(script.ward.sor, episode)
        if contact is None:
            self.tally.stays["not kept"] += 1
            if not script.is_known:
                await self._leaves(script, sent, None)
            return
        self.tally.stays["kept"] += 1
        await self._answered(script, contact)
        await self._planned(script, contact)
        await self._answered(script, contact)
        if script.ending is not Ending.OPEN:
            await self._leaves(script, sent, contact)
            await self._answered(script, contact)

    def _now(self) -> datetime:
        # A little behind, so that nothing we send lies in the future there.
        return wall_now() + self.ahead - timedelta(seconds=2)

    def _notification(
        self, script: Script, kind: NoticeKind, episode: str, *, began: datetime, at: datetime, sent: list[Notification]
    ) -> Notification:
        return Notification(
            kind=kind,
            message_id=str(uuid.uuid4()),
            bundle_id=str(uuid.uuid4()),
            cpr=script.cpr,
            family=script.family,
            given=script.given,
            sender=script.hospital,
            receiver=script.municipality,
            provider=script.ward,
            episode=episode,
            started_at=began,
            ended_at=at if kind is NoticeKind.SLHJ else None,
            occurred_at=at,
            report_requested=not sent,
            history=tuple(each.sent for each in sent),
        )

    async def _message(self, notification: Notification, *, again: bool) -> None:
        copies = [notification]
        if again:
            copies.append(notification.again(bundle_id=str(uuid.uuid4()), at=self._now()))
        for number, copy in enumerate(copies):
            answer = await self.actors.message(copy.sender.sor, copy.body())
            if answer.is_ok:
                self.tally.messages["duplicate" if number else "ok"] += 1
            else:
                self.tally.messages["refused"] += 1
                self.tally.refusals.append(f"{copy.kind}: {answer.code} {'; '.join(answer.issues)}")

    async def _planned(self, script: Script, contact: Element) -> None:
        if script.needs is None:
            return
        home = self._now() + timedelta(hours=script.chance.randint(2, 60))
        codes = sorted(need.value for need in script.needs) or ["none"]
        parameters: list[Json] = [{"name": "need", "valueCode": code} for code in codes]
        parameters.append({"name": "expected-discharge", "valueDateTime": write_instant(home)})
        parameters.append({"name": "contact-phone", "valueString": "70 00 00 42"})
        await self.actors.plan(script.ward.sor, str(contact.text("id")), parameters)
        if script.chance.random() < 0.25:  # noqa: PLR2004 - a quarter are moved to another day
            later: list[Json] = [
                {"name": "expected-discharge", "valueDateTime": write_instant(home + timedelta(hours=20))}
            ]
            await self.actors.plan(script.ward.sor, str(contact.text("id")), later)

    async def _leaves(self, script: Script, sent: list[Notification], contact: Element | None) -> None:
        at = self._now()
        if contact is not None and script.ending in {Ending.CLICK, Ending.BOTH}:
            # Whatever day it is: the ward has called first, as the agreement asks on closed days.
            marked: list[Json] = [
                {"name": "agreed-by-phone", "valueString": "Vagthavende i kommunen"},
                {"name": "discharged", "valueDateTime": write_instant(at)},
            ]
            await self.actors.plan(script.ward.sor, str(contact.text("id")), marked)
        if script.ending in {Ending.MESSAGE, Ending.BOTH}:
            left = self._notification(
                script, NoticeKind.SLHJ, sent[0].episode, began=sent[-1].started_at, at=at, sent=sent
            )
            await self._message(left, again="end" in script.resends)

    async def _answered(self, script: Script, contact: Element) -> None:
        """Everybody who owes something does what chance makes of it; a rejected duty is looked for again."""
        stay = next(each.text("value") for each in contact.all("identifier"))
        assert stay is not None, "an Encounter names its stay"
        self.tally.stay_ids.add(stay)
        met: set[str] = set()
        for _ in range(_ROUNDS):
            tasks = await self._tasks(script, contact, stay)
            new = [task for task in tasks if str(task["id"]) not in met and status_of(task) not in CLOSED]
            for task in new:
                if await self._fulfilled(script, task):
                    met.add(str(task["id"]))
            if not new:
                break
        await self._tasks(script, contact, stay)

    async def _tasks(self, script: Script, contact: Element, stay: str) -> list[JsonObject]:
        patient = str(contact["subject"].text("reference"))
        tasks = [task for task in await self.actors.tasks_of_patient(script.ward.sor, patient) if stay_of(task) == stay]
        self.tally.tasks.update({str(task["id"]): task for task in tasks})
        return tasks

    async def _fulfilled(self, script: Script, task: JsonObject) -> bool:
        """Do with it what chance says; False when another deed settled it meanwhile, so that it must be read again."""
        if status_of(task) is not TaskStatus.REQUESTED:
            return True
        fate = script.fate()
        if fate is Fate.REJECTED and not self._may_reject(task):
            fate = Fate.SEEN
        for status in _WAYS[fate]:
            changes: dict[str, Json] = {"status": status.value}
            if status is TaskStatus.REJECTED:
                changes["statusReason"] = {"text": script.chance.choice(_REASONS)}
            if status is TaskStatus.COMPLETED and is_waiting(task):
                changes["statusReason"] = {"text": _EARLY}
            try:
                task = await self.actors.put(task, changes)
            except RefusedError as error:
                if error.status != HTTPStatus.PRECONDITION_FAILED:
                    raise
                return False
            self.tally.tasks[str(task["id"])] = task
        return True

    def _may_reject(self, task: JsonObject) -> bool:
        """A unit may; there is a municipality above it that then owes the duty."""
        owner = Element("Task", task)["owner"]["identifier"].text("value")
        found = self.directory.get(SorCode(str(owner)))
        return found is not None and found.kind is OrganizationKind.UNIT


def show(out: Console, tally: Tally, wrong: list[str]) -> None:
    """Print the sum of a run, and where the searches disagree with it."""

    def line(text: str, style: str | None = None) -> None:
        out.print(text, markup=False, soft_wrap=True, style=style)

    messages = ", ".join(f"{tally.messages[name]} {name}" for name in ("ok", "duplicate", "refused"))
    line(f"messages: {messages}")
    line(f"stays: {', '.join(f'{count} {name}' for name, count in sorted(tally.stays.items()))}")
    table = Table("Rule", "Task", *(proof.value for proof in _PROOFS), "All", box=None, pad_edge=False)
    rows: defaultdict[tuple[str, str], Counter[Proof]] = defaultdict(Counter)
    for task in (Element("Task", task) for task in tally.tasks.values()):
        rule = (task.text("instantiatesUri") or "-").rpartition(":")[2]
        code = next((str(each.text("code")) for each in task["code"].all("coding")), "-")
        rows[rule, code][proof_of(task)] += 1
    for (rule, code), counts in sorted(rows.items()):
        table.add_row(rule, code, *(str(counts[proof]) for proof in _PROOFS), str(counts.total()))
    line(f"tasks: {len(tally.tasks)}, by the highest proof reached")
    out.print(table)
    for refusal in tally.refusals[:20]:
        line(f"refused: {refusal}", "red")
    for problem in wrong[:20]:
        line(problem, "red")
    line(
        f"the installation's searches disagree in {len(wrong)} places"
        if wrong
        else "the installation's searches agree",
        "red" if wrong else "green",
    )
