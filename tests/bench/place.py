"""The small country that the measurements run in: wards, units, and citizens known to them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from discharge.directory import Organization, OrganizationKind
from discharge.identifiers import SorCode
from discharge.stay import NoticeKind
from services.demo.messages import Notification
from tests.running import RunningDemo

__all__ = ["CITIZENS", "HOSPITAL", "MESSAGES", "UNITS", "WARDS", "Citizen", "admission", "citizens", "populate"]

REGION = SorCode("999900000000001")
HOSPITAL = SorCode("999900000000010")
MUNICIPALITY = SorCode("999900000000020")
WARDS = tuple(SorCode(f"9999000000001{n:02}") for n in range(1, 17))
UNITS = tuple(SorCode(f"9999000000002{n:02}") for n in range(1, 11))
GP = SorCode("999900000000300")
CITIZENS = 4000
MESSAGES = "/fhir/$process-message"
"""Where messages go."""


@dataclass(frozen=True, slots=True)
class Citizen:
    """Somebody known to the unit of a district."""

    cpr: str
    unit: SorCode


def citizens(count: int = CITIZENS) -> list[Citizen]:
    """Invented citizens, spread over the units."""
    born = datetime(1930, 1, 1, tzinfo=UTC)
    return [
        Citizen(f"{born + timedelta(days=n):%d%m%y}{1000 + n % 3000:04}", UNITS[n % len(UNITS)]) for n in range(count)
    ]


def _organizations() -> list[dict[str, object]]:
    gln = "5790000000005"
    rows: list[dict[str, object]] = [
        {"sor": REGION, "name": "Region Maal", "kind": "region", "part_of": None, "region": "DK-82"},
        {"sor": HOSPITAL, "name": "Målehospitalet", "kind": "hospital", "part_of": REGION},
        {"sor": MUNICIPALITY, "name": "Maal Kommune", "kind": "municipality", "part_of": None, "region": "DK-82"},
        {"sor": GP, "name": "Lægerne Maal", "kind": "gp", "part_of": None, "region": "DK-82"},
    ]
    rows += [{"sor": sor, "name": f"Afsnit {n}", "kind": "ward", "part_of": HOSPITAL} for n, sor in enumerate(WARDS)]
    rows += [
        {"sor": sor, "name": f"Nord {n}", "kind": "unit", "part_of": MUNICIPALITY, "districts": [f"maal-{n}"]}
        for n, sor in enumerate(UNITS)
    ]
    return [{"gln": gln, "region": None, "districts": [], "uses_stafet": True, **row} for row in rows]


def populate(demo: RunningDemo, count: int = CITIZENS) -> None:
    """Load the organisations and ``count`` citizens into a running demo."""
    folder = demo.home
    organizations, patients = folder / "bench-organizations.json", folder / "bench-patients.json"
    organizations.write_bytes(orjson.dumps(_organizations()))
    people = [
        {
            "cpr": citizen.cpr,
            "family": "Målesen",
            "given": ["Test"],
            "municipality": MUNICIPALITY,
            "district": f"maal-{UNITS.index(citizen.unit)}",
            "services": ["home-nursing"],
            "gp": GP,
            "relatives": [],
            "protected": False,
            "blocks": [],
        }
        for citizen in citizens(count)
    ]
    patients.write_bytes(orjson.dumps(people))
    for kind, file in (("organizations", organizations), ("patients", patients)):
        _load(demo, kind, file)


def _load(demo: RunningDemo, kind: str, file: Path) -> None:
    done = demo.run("load", kind, file, "--home", str(demo.home))
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)


def admission(citizen: Citizen, ward: SorCode) -> bytes:
    """A fresh STIN that asks for the report of admission."""
    now = datetime.now(UTC)  # noqa: TID251 - messages carry the real time
    return Notification(
        kind=NoticeKind.STIN,
        message_id=str(uuid.uuid4()),
        bundle_id=str(uuid.uuid4()),
        cpr=citizen.cpr,
        family="Målesen",
        sender=_organization(ward, OrganizationKind.WARD),
        receiver=_organization(MUNICIPALITY, OrganizationKind.MUNICIPALITY),
        episode=str(uuid.uuid4()),
        started_at=now - timedelta(minutes=5),
        occurred_at=now,
        report_requested=True,
    ).body()


def _organization(sor: SorCode, kind: OrganizationKind) -> Organization:
    return Organization(sor=sor, name=f"Maal {sor[-3:]}", kind=kind, gln="5790000000005")
