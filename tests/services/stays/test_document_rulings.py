"""The ward settles on the page which of two reports counts, and takes a wrong word back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from discharge.policy import Role
from tests import reports
from tests.engines import Database
from tests.services.pages_house import Pages, pages_over, words_of
from tests.services.stays.test_document_pages import filed, of_now, stay_of


@pytest.fixture
async def pages(database: Database) -> AsyncIterator[Pages]:
    async with pages_over(database) as running:
        await running.house.home()
        yield running


async def two(pages: Pages) -> tuple[str, str]:
    """The pages of two reports in question."""
    first = await filed(pages, reports.whole(of_now))
    return first, await filed(pages, reports.report(of_now, identifier="urn:uuid:2"))


async def clash(pages: Pages) -> tuple[str, str]:
    """The pages of two reports under one number."""
    return await filed(pages, reports.whole(of_now)), await filed(pages, reports.report(of_now))


def action_of(shown: str) -> str:
    found = re.search(r'action="([^"]+/rulings/[^"/]+)"', shown)
    assert found is not None
    return found[1]


def version_of(shown: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', shown)
    assert found is not None
    return found[1]


async def said(pages: Pages, here: str, choice: str, **fields: str) -> tuple[int, str]:
    """What the page answers to that choice."""
    shown = (await pages.get(Role.WARD, here)).text
    data = {"choice": choice, "version": version_of(shown)} | fields
    answer = await pages.post(Role.WARD, action_of(shown), data)
    return answer.status_code, answer.text


async def test_ward_says_that_one_replaces_the_other_and_the_sign_is_gone(pages: Pages) -> None:
    first, second = await two(pages)
    assert "Hvilken rapport gælder?" in words_of(await pages.get(Role.WARD, first))
    stay = f"/stays/{await stay_of(pages)}"
    assert "Gælder, men skal afklares" in words_of(await pages.get(Role.GP, stay))

    assert await said(pages, second, "this-newer", reason="Lægen har rettet den") == (303, "")

    before, after = words_of(await pages.get(Role.GP, first)), words_of(await pages.get(Role.GP, second))
    assert "Erstattet af en nyere udgave" in before
    assert "Rapporten her er erstattet af" in before
    assert "Rapporten her erstatter" in after
    assert "Lægen har rettet den" in after
    for shown in (before, after):
        assert "Hvilken rapport gælder?" not in shown
    timeline = words_of(await pages.get(Role.GP, stay))
    assert "skal afklares" not in timeline
    assert "Afklaret: den nyeste udskrivningsrapport gælder" in timeline


@pytest.mark.parametrize(
    ("choice", "first_counts", "second_counts"),
    [("other-newer", "Gælder", "Erstattet af en nyere udgave"), ("both", "Gælder", "Gælder")],
)
async def test_held_report_is_settled_by_the_same_words(
    pages: Pages, choice: str, first_counts: str, second_counts: str
) -> None:
    first, second = await clash(pages)
    shown = words_of(await pages.get(Role.DOCTOR, second))
    assert "To rapporter har samme nummer" in shown

    assert (await said(pages, second, choice))[0] == 303

    for here, words in ((first, first_counts), (second, second_counts)):
        assert words in words_of(await pages.get(Role.WARD, here))
        assert "Holdt tilbage" not in words_of(await pages.get(Role.WARD, here))


async def test_report_that_is_not_ours_needs_a_reason_and_nothing_written_is_lost(pages: Pages) -> None:
    _, second = await two(pages)

    status, shown = await said(pages, second, "not-ours")
    assert status == 422
    assert "Skriv, hvorfor rapporten ikke er jeres." in shown
    assert re.search(r'value="not-ours" checked', shown)
    status, shown = await said(pages, second, "", reason="Vi ved det ikke")
    assert (status, "Vælg, hvad der gælder." in shown, "Vi ved det ikke" in shown) == (422, True, True)

    assert (await said(pages, second, "not-ours", reason="En anden borger"))[0] == 303
    assert "Hører ikke til her" in words_of(await pages.get(Role.GP, second))


async def test_report_of_another_citizen_without_a_rival_is_shut_to_everybody_but_the_ward(pages: Pages) -> None:
    alone = await filed(pages, reports.whole(of_now))
    original = f"/fhir/Bundle/{alone.rpartition('/')[2]}"
    found = re.search(r'href="([^"]+/files/\d+)"', (await pages.get(Role.GP, alone)).text)
    assert found is not None
    assert "Er rapporten ikke jeres?" not in words_of(await pages.get(Role.GP, alone))

    status, shown = await said(pages, alone, "not-ours")
    assert (status, "Skriv, hvorfor rapporten ikke er jeres." in shown) == (422, True)
    assert (await said(pages, alone, "not-ours", reason="En anden borger"))[0] == 303

    for role, answer in ((Role.WARD, 200), (Role.GP, 404), (Role.HOME_NURSE, 404)):
        assert (await pages.get(role, found[1])).status_code == answer
        assert (await pages.get(role, original)).status_code == answer
    header = words_of(await pages.get(Role.GP, alone))
    assert "Kun afdelingen ser, hvad der står i den" in header
    assert "En anden borger" in header
    for told in ("Behandlingsforløb", "Filer", "Mangler i rapporten"):
        assert told in words_of(await pages.get(Role.WARD, alone))
        assert told not in header
    assert "Er rapporten ikke jeres?" not in words_of(await pages.get(Role.WARD, alone))


async def test_wrong_word_is_taken_back_on_the_page(pages: Pages) -> None:
    first, second = await two(pages)
    await said(pages, second, "not-ours", reason="En anden borger")
    shown = (await pages.get(Role.WARD, second)).text
    undo = re.search(r'action="([^"]+/rulings/\d+/undo)"', shown)
    assert undo is not None
    assert "/undo" not in (await pages.get(Role.GP, second)).text

    taken_back = await pages.post(Role.WARD, undo[1], {"version": version_of(shown)})

    assert taken_back.status_code == 303
    shown = (await pages.get(Role.WARD, second)).text
    assert "fortrudt af" in shown
    assert "Hvilken rapport gælder?" in words_of(await pages.get(Role.WARD, first))
    again = await pages.post(Role.WARD, undo[1], {"version": version_of(shown)})
    assert again.status_code == 404
    assert (await pages.post(Role.WARD, undo[1].replace("/0/", "/x/"), {"version": "3"})).status_code == 404


async def test_of_two_who_rule_at_once_one_is_told_and_loses_nothing_silently(pages: Pages, database: Database) -> None:
    first, second = await two(pages)
    shown = {here: (await pages.get(Role.WARD, here)).text for here in (first, second)}

    answers = await asyncio.gather(
        *(
            pages.post(
                Role.WARD,
                action_of(shown[here]),
                {"choice": "this-newer", "version": version_of(shown[here]), "reason": here},
            )
            for here in (first, second)
        )
    )

    assert sorted(each.status_code for each in answers) == [303, 412]
    (lost,) = (each for each in answers if each.status_code == 412)
    assert "Intet er gemt fra dig" in lost.text
    assert await pages.house.scalar("SELECT count(*) FROM document_ruling") == 1
    audited = [row for row in await pages.house.audited(database.admin_url) if row[0] == "rule-documents"]
    assert sorted((outcome, stays) for _, _, outcome, stays in audited) == [(200, 1), (200, 1), (412, 1)]


async def test_what_is_settled_already_is_not_settled_again(pages: Pages) -> None:
    _, second = await two(pages)
    action = action_of((await pages.get(Role.WARD, second)).text)
    await said(pages, second, "both")

    answer = await pages.post(Role.WARD, action, {"choice": "both", "version": "3"})

    assert answer.status_code == 422
    assert "Der er kommet nyt" in answer.text


async def test_others_see_that_it_is_in_question_and_rule_nothing(pages: Pages) -> None:
    _, second = await two(pages)
    action = action_of((await pages.get(Role.WARD, second)).text)

    for role in (Role.GP, Role.HOME_NURSE):
        shown = await pages.get(role, second)
        assert "Afdelingen afklarer det" in words_of(shown)
        assert "/rulings/" not in shown.text
        assert (await pages.post(role, action, {"choice": "both", "version": "2"})).status_code == 403
    assert (
        await pages.post(Role.WARD, f"{second}/rulings/none", {"choice": "both", "version": "2"})
    ).status_code == 404


async def test_third_report_says_that_others_are_in_question(pages: Pages) -> None:
    await two(pages)
    withdrawn = reports.composition(reports.section("8648-8", "Forløb", "<p>x</p>"), status="entered-in-error")
    third = await filed(pages, reports.report(of_now, header=withdrawn, identifier="urn:uuid:3"))

    shown = words_of(await pages.get(Role.WARD, third))

    assert "Flere rapporter gælder på dette forløb" in shown
    assert "Hvilken rapport gælder?" not in shown


async def test_what_cannot_be_said_is_not_offered(pages: Pages) -> None:
    first = await filed(pages, reports.whole(of_now))
    draft = reports.composition(reports.section("8648-8", "Forløb", "<p>x</p>"), status="preliminary")
    held = await filed(pages, reports.report(of_now, header=draft))

    offered = {
        here: re.findall(r'name="choice" value="([^"]+)"', (await pages.get(Role.WARD, here)).text)
        for here in (first, held)
    }

    assert offered == {first: ["this-newer", "both", "not-ours"], held: ["other-newer", "both", "not-ours"]}
