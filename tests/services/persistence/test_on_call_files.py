"""The file of those on call is read strictly, and loads the same again when repeated."""

from __future__ import annotations

import json
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from discharge.policy import Role
from notifications.outside import QuietHours
from services.persistence.loading import load_on_call
from services.persistence.master_files import MasterFileError
from services.persistence.on_call_files import read_on_call
from tests.factories import NORTH, UNREGISTERED, new_id
from tests.services.persistence.store import Store

ENTRY = {
    "organization": NORTH,
    "address": "vagt@kommune.example",
    "roles": ["leader"],
    "quiet_from": "22:00",
    "quiet_to": "07:00",
    "valid_from": "2026-11-01",
    "valid_to": "2026-12-31",
}


def body(*rows: dict[str, Any]) -> bytes:
    return json.dumps(rows).encode()


def test_an_entry_is_read_whole() -> None:
    (entry,) = read_on_call(body(ENTRY), new_id)

    assert (entry.organization, entry.address, entry.roles) == (NORTH, ENTRY["address"], frozenset({Role.LEADER}))
    assert entry.quiet == QuietHours(time(22), time(7))
    assert (entry.valid_from, entry.valid_to) == (date(2026, 11, 1), date(2026, 12, 31))


def test_place_and_address_are_enough() -> None:
    (entry,) = read_on_call(body({"organization": NORTH, "address": "a@b.example"}), new_id)

    assert (entry.roles, entry.quiet, entry.valid_from, entry.valid_to) == (frozenset(), None, None, None)


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"address": "Anne Elmerskov"}, "$[0].address"),
        ({"address": "a@b"}, "$[0].address"),
        ({"address": f"{'a' * 64}@{'b' * 200}.example"}, "$[0].address"),
        ({"address": None}, "$[0].address"),
        ({"address": "a@b.example\r\nBcc: x@y.example"}, "$[0].address"),
        ({"organization": "x"}, "$[0].organization"),
        ({"roles": ["system"]}, "$[0].roles"),
        ({"roles": ["pharmacist"]}, "$[0].roles"),
        ({"roles": "leader"}, "$[0].roles"),
        ({"quiet_from": None}, "$[0].quiet_to"),
        ({"quiet_to": "22:00"}, "$[0].quiet_to"),
        ({"quiet_to": "25:00"}, "$[0].quiet_to"),
        ({"quiet_to": 7}, "$[0].quiet_to"),
        ({"valid_from": "1.11.2026"}, "$[0].valid_from"),
        ({"valid_to": "2026-10-31"}, "$[0].valid_to"),
        ({"citizen": "x"}, "$[0]"),
    ],
)
def test_what_cannot_be_is_named_by_its_place_alone(wrong: dict[str, Any], path: str) -> None:
    with pytest.raises(MasterFileError) as caught:
        read_on_call(body(ENTRY | wrong), new_id)

    assert [problem.path for problem in caught.value.problems] == [path]
    assert "Elmerskov" not in str(caught.value)


def test_the_same_address_twice_at_a_place_is_refused() -> None:
    with pytest.raises(MasterFileError, match="the same as"):
        read_on_call(body(ENTRY, ENTRY), new_id)


async def test_loading_again_replaces_and_an_unknown_place_loads_nothing(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "on-call.json"
    file.write_bytes(body(ENTRY))
    assert await load_on_call(store.database, file) == "1 on-call entries loaded"
    first = store.rows("SELECT id FROM on_call")
    file.write_bytes(body({**ENTRY, "quiet_from": None, "quiet_to": None}))
    await load_on_call(store.database, file)
    file.write_bytes(body({**ENTRY, "address": "new@kommune.example"}, {**ENTRY, "organization": UNREGISTERED}))

    with pytest.raises(MasterFileError, match="not registered"):
        await load_on_call(store.database, file)

    assert store.rows("SELECT id FROM on_call") == first
    assert store.rows("SELECT quiet_from, address FROM on_call") == [
        {"quiet_from": None, "address": "vagt@kommune.example"}
    ]
