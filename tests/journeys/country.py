"""Places that the journeys play in. Each test file has a corner of its own, so that no list is touched by another."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import orjson

from discharge.directory import Organization, OrganizationKind
from discharge.identifiers import SorCode
from discharge.policy import Role
from discharge.stay import NoticeKind
from services.demo.messages import Notification
from services.demo.people import TOP
from services.demo.send import Answer, answer_of
from tests.running import RunningDemo

__all__ = ["BUSY", "CORNERS", "Citizen", "Corner", "Course", "now_in", "populate", "set_clock", "set_forward"]

_REGION: Final = SorCode("999000000000082")
_HOSPITAL: Final = SorCode("999000000091900")
_GLN: Final = "5790000000005"
_FAMILIES: Final = (
    "Rejsby", "Turesen", "Vejlund", "Stisen", "Banegaard", "Sporholm", "Rutebæk", "Færgesen", "Brolund", "Havnsen",
    "Etapegaard", "Skiftesen",
)  # fmt: skip
_NAMES: Final = (
    "Fredagsby", "Livlund", "Papirholm", "Tastrupby", "Zebradal", "Sprogense", "Ugedal", "Ventelund", "Varslev",
    "Medicinby", "Travlev", "Brevstrup",
)  # fmt: skip
_BUSY: Final = "Travlev"
"""Where the practice has more to do than a page can show."""
_BUSY_CITIZENS: Final = 100
_DAYS: Final = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Citizen:
    """Somebody with services at home."""

    cpr: str
    given: str
    family: str

    @property
    def name(self) -> str:
        """As the pages say it."""
        return f"{self.given} {self.family}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corner:
    """One ward, one municipality with two units, one practice, and citizens of the first unit's district."""

    number: int

    @property
    def name(self) -> str:
        """What its places are called after."""
        return _NAMES[self.number]

    @property
    def ward(self) -> SorCode:
        """Who discharges."""
        return self._sor(1)

    @property
    def municipality(self) -> SorCode:
        """Who has the units."""
        return self._sor(20)

    @property
    def unit(self) -> SorCode:
        """Whose nurses get the tasks."""
        return self._sor(21)

    @property
    def practice(self) -> SorCode:
        """The citizens' own doctor."""
        return self._sor(30)

    @property
    def more_services(self) -> list[str]:
        """What its citizens get beside what everybody gets."""
        return ["dose-dispensing"] if self.name == "Ugedal" else []

    def citizen(self, number: int) -> Citizen:
        """One of them; the number says nothing but which."""
        cpr = f"{number % _DAYS + 1:02}{self.number + 1:02}40{self.number:02}{number:02}"
        return Citizen(cpr=cpr, given=self.name, family=_FAMILIES[number % len(_FAMILIES)])

    def citizens(self) -> Iterator[Citizen]:
        """All of them."""
        return (self.citizen(number) for number in range(_BUSY_CITIZENS if self.name == _BUSY else len(_FAMILIES)))

    def organizations(self) -> Iterator[dict[str, object]]:
        """Its places, as ``stafet load organizations`` takes them."""
        yield _row(self.ward, f"Sengeafsnit {self.name}", OrganizationKind.WARD, part_of=_HOSPITAL)
        yield _row(self.municipality, f"{self.name} Kommune", OrganizationKind.MUNICIPALITY, region="DK-82")
        for sor, side in ((self.unit, "Øst"), (self._sor(22), "Vest")):
            yield _row(sor, f"{self.name} {side}", OrganizationKind.UNIT, part_of=self.municipality, districts=(side,))
        yield _row(self.practice, f"Lægehuset {self.name}", OrganizationKind.GP, region="DK-82")

    def patients(self) -> Iterator[dict[str, object]]:
        """Its citizens, as ``stafet load patients`` takes them."""
        for citizen in self.citizens():
            yield {
                "cpr": citizen.cpr,
                "family": citizen.family,
                "given": [citizen.given],
                "municipality": self.municipality,
                "district": "Øst",
                "services": ["home-nursing", "meals", *self.more_services],
                "gp": self.practice,
                "relatives": [],
                "protected": False,
                "blocks": [],
            }

    def _sor(self, number: int) -> SorCode:
        return SorCode(f"999000000091{self.number}{number:02}")


CORNERS: Final = tuple(Corner(number=number) for number in range(len(_NAMES)))
BUSY: Final = CORNERS[_NAMES.index(_BUSY)]


def _row(
    sor: SorCode,
    name: str,
    kind: OrganizationKind,
    *,
    part_of: SorCode | None = None,
    region: str | None = None,
    districts: Sequence[str] = (),
) -> dict[str, object]:
    return {
        "sor": sor,
        "gln": _GLN,
        "name": name,
        "kind": kind.value,
        "part_of": part_of,
        "region": region,
        "districts": list(districts),
        "uses_stafet": True,
    }


def populate(demo: RunningDemo, corners: Sequence[Corner] = CORNERS) -> None:
    """Load these corners into a running demo, as an operator would."""
    hospital = _row(_HOSPITAL, "Rejsehospitalet", OrganizationKind.HOSPITAL, part_of=_REGION)
    places = [hospital, *(place for corner in corners for place in corner.organizations())]
    people = [person for corner in corners for person in corner.patients()]
    for kind, rows in (("organizations", places), ("patients", people)):
        file = demo.home / f"journeys-{kind}.json"
        file.write_bytes(orjson.dumps(rows))
        done = demo.run("load", kind, file, "--home", demo.home)
        assert done.returncode == 0, done.stdout + done.stderr


def now_in(demo: RunningDemo) -> datetime:
    """What time it is in the demo."""
    answer = httpx.get(f"{demo.url}/demo/clock", headers=demo.bearer(Role.OPERATOR, TOP), timeout=30)
    return datetime.fromisoformat(answer.raise_for_status().json()["now"])


def set_forward(demo: RunningDemo, span: str) -> datetime:
    """Advance the demo's clock by an ISO 8601 span."""
    headers = demo.bearer(Role.OPERATOR, TOP)
    answer = httpx.post(f"{demo.url}/demo/clock", json={"advance": span}, headers=headers, timeout=60)
    return datetime.fromisoformat(answer.raise_for_status().json()["now"])


def set_clock(demo: RunningDemo, at: str) -> None:
    """Let it be ``at`` in the demo, with everything that falls due until then."""
    headers = demo.bearer(Role.OPERATOR, TOP)
    httpx.post(f"{demo.url}/demo/clock", json={"set": at}, headers=headers, timeout=120).raise_for_status()


class Course:
    """The messages about one citizen's stay, as the ward's record system sends them."""

    def __init__(self, demo: RunningDemo, corner: Corner, citizen: Citizen) -> None:
        self._demo = demo
        self._corner = corner
        self._citizen = citizen
        self._episode = str(uuid.uuid4())
        self._sent: list[Notification] = []

    def admit(self) -> None:
        """The citizen came a moment ago; the report of admission is asked for."""
        now = now_in(self._demo)
        self._send(self._notification(NoticeKind.STIN, started_at=now - timedelta(minutes=5), occurred_at=now))

    def discharge(self) -> None:
        """The citizen left a moment ago."""
        now = now_in(self._demo)
        started_at = self._sent[0].started_at
        self._send(self._notification(NoticeKind.SLHJ, started_at=started_at, ended_at=now, occurred_at=now))

    def written(self, folder: Path) -> list[Path]:
        """The admission and the discharge as files, not sent."""
        now = now_in(self._demo)
        started = now - timedelta(minutes=90)
        admission = self._notification(NoticeKind.STIN, started_at=started, occurred_at=started)
        self._sent.append(admission)
        departure = self._notification(NoticeKind.SLHJ, started_at=started, ended_at=now, occurred_at=now)
        files = []
        for number, notification in enumerate((admission, departure)):
            files.append(folder / f"{number}.json")
            files[-1].write_bytes(notification.body())
        return files

    def _notification(
        self, kind: NoticeKind, *, started_at: datetime, occurred_at: datetime, ended_at: datetime | None = None
    ) -> Notification:
        corner = self._corner
        return Notification(
            kind=kind,
            message_id=str(uuid.uuid4()),
            bundle_id=str(uuid.uuid4()),
            cpr=self._citizen.cpr,
            family=self._citizen.family,
            given=(self._citizen.given,),
            sender=_organization(corner.ward, OrganizationKind.WARD),
            receiver=_organization(corner.municipality, OrganizationKind.MUNICIPALITY),
            episode=self._episode,
            started_at=started_at,
            ended_at=ended_at,
            occurred_at=occurred_at,
            report_requested=kind is NoticeKind.STIN,
            history=tuple(sent.sent for sent in self._sent),
        )

    def _send(self, notification: Notification) -> None:
        headers = self._demo.bearer(Role.SYSTEM, self._corner.ward)
        response = httpx.post(
            f"{self._demo.url}/fhir/$process-message",
            content=notification.body(),
            headers={**headers, "content-type": "application/fhir+json"},
            timeout=60,
        )
        assert answer_of(response) == Answer(code="ok"), response.text
        self._sent.append(notification)


def _organization(sor: SorCode, kind: OrganizationKind) -> Organization:
    return Organization(sor=sor, name=f"Sted {sor[-3:]}", kind=kind, gln=_GLN)
