"""Wards, nurses and open screens as clients of a running demo, who note all that they are told and never give up."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Self

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from discharge.directory import Organization, OrganizationKind
from discharge.identifiers import SorCode
from discharge.policy import Role
from discharge.stay import NoticeKind
from services.demo.messages import Notification, Sent
from services.demo.send import answer_of
from tests.bench.place import GP, HOSPITAL, MUNICIPALITY, REGION, UNITS, WARDS, Citizen
from tests.faults.history import NO_ANSWER, Began, Entry, History, MessageSent, MoveAsked, Reset, Snapshot, Watch
from tests.running import RunningDemo

__all__ = ["Load"]

FHIR = "application/fhir+json"
OK = 200
UNAVAILABLE = 503
CLIENTS: tuple[tuple[Role, SorCode, SorCode | None], ...] = (
    *((Role.HOME_NURSE, MUNICIPALITY, unit) for unit in UNITS[:6]),
    (Role.HOME_NURSE, MUNICIPALITY, None),
    (Role.WARD, HOSPITAL, WARDS[0]),
    (Role.WARD, HOSPITAL, WARDS[1]),
    (Role.GP, GP, None),
)
"""Whose screens are open: ten."""
NURSES = 6
COURSES_AT_ONCE = 100


@dataclass(slots=True)
class Load:
    """The clients of one run. ``seed`` decides what they want to do; when it happens, the machine decides."""

    demo: RunningDemo
    seed: int
    people: list[Citizen]
    per_second: float = 15.0
    """Courses begun, of about two messages each."""
    history: History = field(default_factory=History)
    in_flight: int = 0
    """Messages that wait for their answer now."""
    unreached: int = 0
    """How often nobody listened."""
    _http: httpx.AsyncClient = field(init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _courses: set[asyncio.Task[None]] = field(default_factory=set)
    _duties: asyncio.Queue[tuple[SorCode, str]] = field(default_factory=asyncio.Queue)
    _known: set[str] = field(default_factory=set)
    _ahead: timedelta = timedelta()
    _headers: dict[tuple[Role, str, str | None], dict[str, str]] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        """Open the screens and begin."""
        self._http = httpx.AsyncClient(
            base_url=self.demo.url, timeout=httpx.Timeout(10, connect=3), limits=httpx.Limits(max_connections=100)
        )
        for number, (role, organization, unit) in enumerate(CLIENTS):
            watch = Watch(client=f"client-{number}", feed=unit or organization)
            self.history.watches.append(watch)
            self._start(self._watch(watch, role, organization, unit))
        for number in range(NURSES):
            self._start(self._nurse(Random(f"{self.seed} nurse {number}")))
        self._start(self._admit())
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Close everything."""
        for task in [*self._tasks, *self._courses]:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._courses, return_exceptions=True)
        await self._http.aclose()

    def burst(self, count: int) -> None:
        """Begin ``count`` courses at this instant."""
        for _ in range(count):
            self._begin()

    async def finish(self, within: float) -> None:
        """Begin nothing new, and wait until everybody has had an answer to all they asked.

        Raises:
            TimeoutError: that does not come, in so many seconds.
        """
        self.people = []
        async with asyncio.timeout(within):
            while self._courses:
                await asyncio.wait(self._courses)
            await self._duties.join()

    async def advance(self, span: timedelta, within: float = 120) -> datetime:
        """Move the demo's clock until that is answered, and return what time it is then."""
        target = (self._now() + span).isoformat()
        async with asyncio.timeout(within):
            while True:
                answer = await self._ask("POST", "/demo/clock", (Role.OPERATOR, REGION, None), {"set": target})
                # Later than that already: an earlier try was done, only its answer was lost.
                if answer is not None and answer.status_code in {OK, 422}:
                    break
                await asyncio.sleep(0.3)
            now = await self._read_clock()
        self._ahead = now - _wall()
        return now

    async def _read_clock(self) -> datetime:
        while True:
            answer = await self._ask("GET", "/demo/clock", (Role.OPERATOR, REGION, None))
            if answer is not None and answer.status_code == OK:
                return datetime.fromisoformat(answer.json()["now"])
            await asyncio.sleep(0.3)

    async def ask_door(self, within: float = 60) -> None:
        """Note each task of the municipality as the FHIR door shows it."""
        who = (Role.HOME_NURSE, MUNICIPALITY, None)
        url: str | None = f"/fhir/Task?owner:identifier=urn:oid:1.2.208.176.1.1|{MUNICIPALITY}&_count=200"
        door: dict[str, tuple[int, str]] = {}
        async with asyncio.timeout(within):
            while url is not None:
                answer = await self._ask("GET", url, who)
                if answer is None or answer.status_code != OK:
                    await asyncio.sleep(0.3)
                    continue
                page = answer.json()
                for resource in (entry["resource"] for entry in page.get("entry", [])):
                    if resource["resourceType"] == "Task":
                        door[resource["id"]] = (int(resource["meta"]["versionId"]), resource["status"])
                links = {link["relation"]: link["url"] for link in page.get("link", [])}
                url = httpx.URL(links["next"]).raw_path.decode() if "next" in links else None
        self.history.door = door
        self.history.door_owners = frozenset({MUNICIPALITY, *UNITS})

    # ── the wards ───────────────────────────────────────────────────────────────────────────────────────────────────
    async def _admit(self) -> None:
        while True:
            await asyncio.sleep(1 / self.per_second)
            if len(self._courses) < COURSES_AT_ONCE:
                self._begin()

    def _begin(self) -> None:
        if not self.people:
            return
        citizen = self.people.pop()
        task = asyncio.get_running_loop().create_task(self._course(citizen))
        self._courses.add(task)
        task.add_done_callback(self._courses.discard)

    async def _course(self, citizen: Citizen) -> None:
        chance = Random(f"{self.seed} {citizen.cpr}")
        ward = chance.choice(WARDS)
        kinds = [NoticeKind.STIN]
        if chance.random() < 0.2:
            kinds.insert(0, NoticeKind.STAA)
        if chance.random() < 0.7:
            kinds.append(NoticeKind.SLHJ)
        started, episode, report = self._now() - timedelta(minutes=5), _new_id(), chance.random() < 0.8
        past: tuple[Sent, ...] = ()
        for kind in kinds:
            now = self._now()
            notification = Notification(
                kind=kind,
                message_id=_new_id(),
                bundle_id=_new_id(),
                cpr=citizen.cpr,
                family="Målesen",
                sender=_organization(ward, OrganizationKind.WARD),
                receiver=_organization(MUNICIPALITY, OrganizationKind.MUNICIPALITY),
                episode=episode,
                started_at=started,
                ended_at=now if kind is NoticeKind.SLHJ else None,
                occurred_at=now,
                report_requested=report and kind is not NoticeKind.SLHJ,
                history=past,
            )
            # Now and then nobody sends it again: then it may be there or not, but not half.
            if not await self._send(notification, ward, chance, gives_up=chance.random() < 0.05):
                return
            past = (*past, notification.sent)
            await asyncio.sleep(chance.uniform(0.1, 1.0))

    async def _send(self, message: Notification, ward: SorCode, chance: Random, *, gives_up: bool) -> bool:
        """Send until it is answered, with a new Bundle.id each time as MedCom asks; True when the answer is ``ok``."""
        sent = MessageSent(
            message_id=message.message_id,
            sender=ward,
            episode=message.episode,
            kind=message.kind,
            report_requested=message.report_requested,
        )
        self.history.messages[message.message_id] = sent
        while True:
            self.in_flight += 1
            try:
                answer = await self._ask("POST", "/fhir/$process-message", (Role.SYSTEM, ward, None), message.body())
            finally:
                self.in_flight -= 1
            sent.answers.append(NO_ANSWER if answer is None else answer_of(answer).code)
            if sent.answers[-1] not in {NO_ANSWER, "HTTP 503", "HTTP 429"}:
                return sent.is_acknowledged
            if gives_up:
                return False
            await asyncio.sleep(chance.uniform(0.3, 1.2))
            message = message.again(bundle_id=_new_id(), at=self._now())

    # ── the nurses ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def _nurse(self, chance: Random) -> None:
        while True:
            unit, task_id = await self._duties.get()
            try:
                await self._take_on(unit, task_id, chance)
            finally:
                self._duties.task_done()

    async def _take_on(self, unit: SorCode, task_id: str, chance: Random) -> None:
        nurse = (Role.HOME_NURSE, MUNICIPALITY, unit)
        task = await self._read(task_id, nurse)
        if task is None:
            return
        if chance.random() < 0.06:
            await self._put(task, nurse, {"status": "rejected", "statusReason": {"text": "Ikke vores"}})
            return
        moves = [self._put(task, nurse, {"status": "accepted"})]
        if chance.random() < 0.15:
            # A colleague of the whole municipality reaches for the same task.
            moves.append(self._put(task, (Role.HOME_NURSE, MUNICIPALITY, None), {"status": "accepted"}))
        taken, *_ = await asyncio.gather(*moves)
        if taken is not None and chance.random() < 0.6:
            await self._put(taken, nurse, {"status": "completed"})

    async def _read(self, task_id: str, who: tuple[Role, SorCode, SorCode | None]) -> dict[str, Any] | None:
        while True:
            answer = await self._ask("GET", f"/fhir/Task/{task_id}", who)
            if answer is not None and answer.status_code != UNAVAILABLE:
                return answer.json() if answer.status_code == OK else None
            await asyncio.sleep(0.3)

    async def _put(
        self, task: dict[str, Any], who: tuple[Role, SorCode, SorCode | None], changes: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Ask for the change until it is answered; None when it was refused."""
        version = int(task["meta"]["versionId"])
        while True:
            answer = await self._ask(
                "PUT", f"/fhir/Task/{task['id']}", who, {**task, **changes}, {"if-match": f'W/"{version}"'}
            )
            done = answer is not None and answer.status_code == OK
            self.history.moves.append(
                MoveAsked(
                    task=task["id"],
                    wanted=changes["status"],
                    decided_on=version,
                    person=" ".join(str(part) for part in who),
                    status=None if answer is None else answer.status_code,
                    version=int(answer.headers["etag"].strip('W/"')) if answer is not None and done else None,
                )
            )
            if answer is not None and answer.status_code != UNAVAILABLE:
                return answer.json() if done else None
            await asyncio.sleep(0.3)

    # ── the screens ─────────────────────────────────────────────────────────────────────────────────────────────────
    async def _watch(self, watch: Watch, role: Role, organization: SorCode, unit: SorCode | None) -> None:
        chance = Random(f"{self.seed} {watch.client}")
        headers = self._bearer(role, organization, unit)
        while True:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with connect(
                    self.demo.live_url, additional_headers=headers, compression=None, max_queue=None, open_timeout=5
                ) as socket:
                    epoch, offset = watch.position
                    follow = {"type": "follow", "feed": "default", "epoch": epoch, "offset": offset}
                    await socket.send(orjson.dumps(follow).decode())
                    async for text in socket:
                        await self._noted(watch, orjson.loads(text), socket, chance, (role, organization, unit))
            await asyncio.sleep(chance.uniform(0.05, 0.5))

    async def _noted(
        self,
        watch: Watch,
        frame: dict[str, Any],
        socket: ClientConnection,
        chance: Random,
        who: tuple[Role, SorCode, SorCode | None],
    ) -> None:
        match frame["type"]:
            case "following":
                watch.frames.append(Began(epoch=frame["epoch"], offset=frame["offset"]))
            case "reset":
                watch.frames.append(Reset(epoch=frame["epoch"], offset=frame["offset"]))
                watch.frames.append(await self._snapshot(who))
            case "entry" if not self._is_in_snapshot(watch, frame["offset"]):
                entry = Entry(offset=frame["offset"], event=frame["event"], task=frame["task"], stay=frame["stay"])
                watch.frames.append(entry)
                self._consider(entry, who)
                if chance.random() < 0.3:
                    delivered = {"type": "delivered", "feed": watch.feed, "offset": entry.offset}
                    await socket.send(orjson.dumps(delivered).decode())

    @staticmethod
    def _is_in_snapshot(watch: Watch, offset: int) -> bool:
        """A client drops what its snapshot holds already."""
        last = watch.frames[-1] if watch.frames else None
        return isinstance(last, Snapshot) and offset <= last.offset

    def _consider(self, entry: Entry, who: tuple[Role, SorCode, SorCode | None]) -> None:
        unit = who[2]
        if who[0] is not Role.HOME_NURSE or unit is None or entry.task is None or entry.event != "task-requested":
            return
        # A third of the duties nobody takes, so that their ladders are climbed.
        if entry.task not in self._known and entry.offset % 3:
            self._known.add(entry.task)
            self._duties.put_nowait((unit, entry.task))

    async def _snapshot(self, who: tuple[Role, SorCode, SorCode | None]) -> Snapshot:
        while True:
            answer = await self._ask("GET", "/fhir/Task?_count=1", who)
            if answer is not None and answer.status_code == OK:
                _, epoch, offset = answer.headers["x-stafet-feed"].split()
                return Snapshot(epoch=epoch, offset=int(offset))
            await asyncio.sleep(0.3)

    # ── how they ask ────────────────────────────────────────────────────────────────────────────────────────────────
    async def _ask(
        self,
        method: str,
        path: str,
        who: tuple[Role, SorCode, SorCode | None],
        body: bytes | dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response | None:
        content = orjson.dumps(body) if isinstance(body, dict) else body
        kind = "application/json" if path.startswith("/demo") else FHIR
        given = {**self._bearer(*who), "content-type": kind, **(headers or {})}
        while True:
            try:
                return await self._http.request(method, path, content=content, headers=given)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                # Nothing was sent, so nothing can have been done.
                self.unreached += 1
                await asyncio.sleep(0.3)
            except httpx.HTTPError:
                return None

    def _bearer(self, role: Role, organization: SorCode, unit: SorCode | None) -> dict[str, str]:
        key = (role, organization, unit)
        if key not in self._headers:
            self._headers[key] = self.demo.bearer(*key)
        return self._headers[key]

    def _now(self) -> datetime:
        """Domain time, as far as the clients know."""
        return _wall() + self._ahead

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.get_running_loop().create_task(work))


def _wall() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the clients live in the real world


def _new_id() -> str:
    return str(uuid.uuid4())


def _organization(sor: SorCode, kind: OrganizationKind) -> Organization:
    return Organization(sor=sor, name=f"Maal {sor[-3:]}", kind=kind, gln="5790000000005")
