"""What it takes to read a message, beside the bare parser and beside the models of ``fhir.resources``."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final

import orjson
import psutil

from discharge.directory import Organization, OrganizationKind
from discharge.identifiers import SorCode
from discharge.stay import NoticeKind
from fhir_mappings import r4
from fhir_mappings.medcom.intake import NoticeRead, read_message
from fhir_mappings.wire import Format, parse_resource, rendered
from services.demo.messages import Notification, Sent
from tests.bench.figures import Figure

__all__ = ["measure_mapping"]

_ROUNDS: Final = 300
_MESSAGES: Final = 100_000
_NOW: Final = datetime(2026, 11, 20, 10, 40, tzinfo=UTC)


def measure_mapping() -> list[Figure]:
    """Medians of reading a notification of some 7 kB, and one of some 16 kB with a history."""
    return [*(figure for earlier in (1, 11) for figure in _measured(_notification(earlier))), _memory()]


def _memory() -> Figure:
    """How much a process has grown when it has read another hundred thousand messages."""
    body = _notification(1)
    process = psutil.Process()
    for _ in range(_MESSAGES // 20):
        read_message(body, now=_NOW)
    gc.collect()
    before = process.memory_info().rss
    for _ in range(_MESSAGES):
        read_message(body, now=_NOW)
    gc.collect()
    grown = (process.memory_info().rss - before) / 2**20
    return Figure(name=f"memory after {_MESSAGES:,} more messages read", value=grown, unit="MiB", goal="flat: < 5 MiB")


def _measured(body: bytes) -> list[Figure]:
    in_xml = rendered(parse_resource(body, expected="Bundle"), Format.XML)
    assert isinstance(read_message(body, now=_NOW), NoticeRead)
    assert isinstance(read_message(in_xml, now=_NOW), NoticeRead)
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: read_message(body, now=_NOW),
        "xml": lambda: read_message(in_xml, now=_NOW),
        "orjson.loads": lambda: orjson.loads(body),
        "fhir.resources": lambda: r4.Bundle.model_validate_json(body),
    }
    taken = _medians(ways)
    name = f"read_message, {len(body) / 1000:.0f} kB: parse, shape, rules, map"
    in_json = [
        Figure(name=name, value=taken["ours"], unit="us", limit_name=other, limit=taken[other], goal="< 5,000 us")
        for other in ("orjson.loads", "fhir.resources")
    ]
    same = f"read_message, the same as {len(in_xml) / 1000:.0f} kB of XML"
    return [*in_json, Figure(name=same, value=taken["xml"], unit="us", limit_name="in JSON", limit=taken["ours"])]


def _medians(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Microseconds of each way, in turns, so that a busy moment hits all of them."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(_ROUNDS):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            taken[name].append((time.perf_counter() - begun) * 1e6)
    return {name: median(each) for name, each in taken.items()}


def _notification(earlier: int) -> bytes:
    """An admission that follows ``earlier`` messages of the same course."""
    hospital = Organization(
        sor=SorCode("999000000001000"), name="Nordhavn Sygehus", kind=OrganizationKind.HOSPITAL, gln="5790000000111"
    )
    ward = Organization(
        sor=SorCode("999000000001001"), name="Medicinsk afsnit", kind=OrganizationKind.WARD, part_of=hospital.sor
    )
    municipality = Organization(
        sor=SorCode("999000000002000"), name="Sundby Kommune", kind=OrganizationKind.MUNICIPALITY, gln="5790000000210"
    )
    history = tuple(
        Sent(f"51111111-1111-4111-8111-{number:012d}", "admit-inpatient", _NOW - timedelta(days=earlier - number))
        for number in range(earlier)
    )
    return Notification(
        kind=NoticeKind.STIN,
        message_id="21111111-1111-4111-8111-111111111111",
        bundle_id="31111111-1111-4111-8111-111111111111",
        cpr="1402420004",
        family="Prøvesen",
        given=("Agnete",),
        sender=hospital,
        receiver=municipality,
        provider=ward,
        episode="11111111-1111-4111-8111-111111111111",
        started_at=_NOW - timedelta(days=1),
        occurred_at=_NOW,
        report_requested=True,
        history=history,
    ).body()
