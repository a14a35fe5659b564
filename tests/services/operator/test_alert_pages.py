"""``/alerts`` over a real store: who reads it, who keeps the address book, and what it counts."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from discharge.handlers import FireTimers, fire_timers
from discharge.identifiers import FeedId
from discharge.policy import Role
from notifications.interruptions import Interruption
from services.persistence.interruptions import SqlInterruptions
from tests import factories
from tests.factories import CPR, FAMILY, MUNICIPALITY, NEIGHBOUR, NORTH
from tests.services.pages_house import Pages, words_of

ENTRY = {
    "place": NORTH,
    "address": "vagt@kommune.example",
    "quiet_from": "22.00",
    "quiet_to": "7",
    "valid_from": "1.11.2026",
    "valid_to": "31.12.2026",
    "role-leader": "on",
}


async def book(pages: Pages) -> list[Any]:
    """The entries, each as a list."""
    found = await pages.house.scalar(
        "SELECT coalesce(json_agg(json_build_array(organization, address, roles, quiet_from, quiet_to)"
        " ORDER BY address), '[]') FROM on_call"
    )
    assert isinstance(found, list)
    return found


async def test_leader_adds_an_address_and_replaces_what_stands_about_it(pages: Pages) -> None:
    answer = await pages.post(Role.LEADER, "/alerts/on-call", ENTRY)
    assert answer.status_code == 303
    await pages.post(Role.LEADER, "/alerts/on-call", {**ENTRY, "quiet_from": "", "quiet_to": "", "role-leader": ""})

    assert await book(pages) == [[NORTH, "vagt@kommune.example", [], None, None]]
    shown = words_of(await pages.get(Role.LEADER, "/alerts"))
    assert "vagt@kommune.example" in shown
    assert "Alle" in shown


async def test_an_entry_is_edited_where_it_stands(pages: Pages) -> None:
    await pages.post(Role.LEADER, "/alerts/on-call", ENTRY)
    entry = await pages.house.scalar("SELECT id FROM on_call")

    text = (await pages.get(Role.LEADER, f"/alerts?entry={entry}")).text

    assert 'value="22.00"' in text
    assert 'value="07.00"' in text
    assert 'name="role-leader" value="on" checked' in text
    assert "role-pharmacist" not in text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"place": ""}, "Vælg et sted."),
        ({"address": "Anne Elmerskov"}, "Skriv en hel e-mailadresse"),
        ({"address": ""}, "Skriv en e-mailadresse"),
        ({"quiet_to": ""}, "Ro har brug for to forskellige klokkeslæt."),
        ({"quiet_to": "22"}, "Ro har brug for to forskellige klokkeslæt."),
        ({"valid_to": "1.10.2026"}, "Den sidste dag ligger før den første."),
    ],
)
async def test_what_cannot_be_is_said_and_nothing_is_kept(pages: Pages, wrong: dict[str, str], words: str) -> None:
    answer = await pages.post(Role.LEADER, "/alerts/on-call", ENTRY | wrong)

    assert answer.status_code == 422
    assert words in words_of(answer)
    assert await book(pages) == []


async def test_entry_at_somebody_elses_place_is_not_kept(pages: Pages) -> None:
    answer = await pages.post(Role.LEADER, "/alerts/on-call", ENTRY | {"place": NEIGHBOUR})

    assert answer.status_code == 404
    assert await book(pages) == []


async def test_others_neither_see_nor_test_an_entry(pages: Pages) -> None:
    await pages.post(Role.LEADER, "/alerts/on-call", ENTRY)
    entry = await pages.house.scalar("SELECT id FROM on_call")
    neighbour = pages.house.token(Role.LEADER, NEIGHBOUR)

    seen = await pages.house.client.get("/alerts", headers=neighbour)
    tested = await pages.house.client.post(f"/alerts/on-call/{entry}/test", headers=neighbour)
    nurse = await pages.get(Role.HOME_NURSE, "/alerts")

    assert "vagt@kommune.example" not in seen.text
    assert tested.status_code == 404
    assert nurse.status_code == 403
    assert await pages.house.scalar("SELECT count(*) FROM alert_mail") == 0


@pytest.mark.parametrize("entry", ["00000000-0000-4000-8000-000000000000", "none"])
async def test_entry_that_is_not_there_is_not_found(pages: Pages, entry: str) -> None:
    assert (await pages.post(Role.LEADER, f"/alerts/on-call/{entry}/test")).status_code == 404


async def test_a_test_mail_is_set_once_per_press_and_listed(pages: Pages) -> None:
    await pages.post(Role.LEADER, "/alerts/on-call", ENTRY)
    entry = await pages.house.scalar("SELECT id FROM on_call")

    answer = await pages.post(Role.LEADER, f"/alerts/on-call/{entry}/test")

    assert answer.status_code == 303
    assert await pages.house.scalar("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'call'") == 1
    shown = words_of(await pages.get(Role.LEADER, "/alerts"))
    assert "Prøve" in shown
    assert "Venter" in shown


async def test_a_week_of_interruptions_is_counted_per_shift_and_names_nobody(pages: Pages) -> None:
    await pages.house.admitted()
    database = pages.house.database
    until = await pages.house.scalar("SELECT max(due_at) FROM timer")
    await database.run(None, fire_timers, FireTimers(until=until))
    rung = await pages.house.scalar(
        "SELECT sum(cardinality(array_remove(audience, 'system'))) FROM feed_entry"
        " WHERE feed_id IN (:municipality, :unit) AND event IN ('task-reminder', 'task-escalated', 'task-overdue')",
        municipality=MUNICIPALITY,
        unit=NORTH,
    )
    assert rung
    await database.move_clock(until + timedelta(minutes=1))

    answer = await pages.get(Role.LEADER, "/alerts")

    shown = words_of(answer)
    assert "Hjemmesygeplejerske" in shown
    assert sum(int(bar) for bar in re.findall(r'<meter[^>]* value="(\d+)"', answer.text)) == rung
    assert FAMILY not in shown
    assert CPR.digits not in shown


async def test_who_was_told_how_much_stands_per_person_and_shift(pages: Pages) -> None:
    now = await pages.house.database.now()
    nurse = factories.home_nurse()
    told = [
        Interruption(feed=FeedId(NORTH), offset=number, at=now - timedelta(seconds=1), rang=number <= 13)
        for number in range(1, 16)
    ]
    await SqlInterruptions(pages.house.database.writing).keep(nurse, told)

    leaders = words_of(await pages.get(Role.LEADER, "/alerts"))
    neighbours = await pages.house.client.get("/alerts", headers=pages.house.token(Role.LEADER, NEIGHBOUR))

    assert "1 har fået over 12 på en vagt" in leaders
    assert f"{nurse.name} Hjemmesygeplejerske" in leaders
    assert "13 + 2 samlet" in leaders
    assert nurse.name not in neighbours.text
    assert "Ingen er blevet afbrudt" in words_of(neighbours)
