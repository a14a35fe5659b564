"""The rules of a day on a page, over a real store."""

from __future__ import annotations

import pytest

from discharge.policy import Role
from services.agreements.loading import put_agreement_file
from services.agreements.shipped import profile
from services.persistence.master import put_agreement
from tests.factories import CPR, FAMILY, MUNICIPALITY, NEIGHBOUR
from tests.services.pages_house import Pages, words_of

DEVIATION = f"""\
kind: deviation
id: lund
version: 1.0.0
title: Lund Kommunes afvigelser
base: dk-syddanmark
parties: ["{MUNICIPALITY}"]
valid-from: 2027-01-01
changes:
  - rule: R17
    set: {{roles: [home-nurse]}}
"""


@pytest.fixture
async def south(pages: Pages) -> Pages:
    """The region has a whole agreement by now, from which the municipality deviates next year."""
    async with pages.house.database.writing() as connection:
        await put_agreement(connection, profile("dk-syddanmark"))
    await put_agreement_file(pages.house.database, DEVIATION.encode())
    return pages


@pytest.mark.parametrize("role", [Role.LEADER, Role.AGREEMENT_EDITOR])
async def test_leaders_and_editors_see_the_rules_of_today(south: Pages, role: Role) -> None:
    answer = await south.get(role, "/agreements")
    shown = words_of(answer)

    assert '<a href="/agreements" aria-current="page">Aftaler' in answer.text
    assert "Region Syddanmark (SAM:BO)" in shown
    assert "senest kl. 12 arbejdsdagen før forventet udskrivelse" in shown
    assert "afsnittet (Sygeplejerske)" in shown
    assert "Tjek lokalt" in shown
    assert "R28 Orlov begynder" in shown
    assert "R09 Er en del af R06 read-care-plan" in shown


@pytest.mark.parametrize("role", [Role.WARD, Role.HOME_NURSE, Role.GP, Role.OPERATOR])
async def test_others_are_refused(pages: Pages, role: Role) -> None:
    assert (await pages.get(role, "/agreements")).status_code == 403


async def test_day_and_municipality_are_chosen_and_each_part_says_where_it_comes_from(south: Pages) -> None:
    ours = words_of(await south.get(Role.LEADER, f"/agreements?day=2027-02-01&place={MUNICIPALITY}"))
    theirs = words_of(await south.get(Role.LEADER, f"/agreements?day=2027-02-01&place={NEIGHBOUR}"))
    today = words_of(await south.get(Role.LEADER, f"/agreements?place={MUNICIPALITY}"))

    assert "Lagt ovenpå Lund Kommunes afvigelser (lund 1.0.0)" in ours
    assert "Kommer fra rollerne: lund 1.0.0" in ours
    assert "lund 1.0.0" not in theirs
    assert "lund 1.0.0" not in today


async def test_the_region_alone_is_a_choice_of_its_own(south: Pages) -> None:
    shown = words_of(await south.get(Role.LEADER, "/agreements?day=2027-02-01&place="))

    assert "dk-syddanmark 1.0.0" in shown
    assert "lund 1.0.0" not in shown


async def test_a_day_on_which_nothing_holds_says_so(south: Pages) -> None:
    assert "Ingen aftale gælder her den dag" in words_of(await south.get(Role.LEADER, "/agreements?day=01.01.2019"))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("day=soon", "Skriv en dato, for eksempel 20.11.2026. Du skrev „soon“."),
        ("place=999", "Vælg en kommune fra listen."),
    ],
)
async def test_what_cannot_be_read_is_said_at_its_field(south: Pages, query: str, words: str) -> None:
    answer = await south.get(Role.LEADER, f"/agreements?{query}")

    assert answer.status_code == 422
    assert words in words_of(answer)
    assert "Region Syddanmark" in words_of(answer), "what was asked before that still stands"


async def test_it_is_there_in_english(south: Pages) -> None:
    shown = words_of(await south.get(Role.LEADER, "/agreements?lang=en"))

    assert "no later than 12:00 on the working day before the expected discharge" in shown
    assert "Check locally" in shown


async def test_it_holds_no_citizens_data(south: Pages) -> None:
    await south.house.admitted()

    text = (await south.get(Role.LEADER, "/agreements")).text

    assert FAMILY not in text
    assert CPR.digits not in text
