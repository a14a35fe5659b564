"""The ward writes on what came from elsewhere: nothing is altered unseen, and nothing is hidden or kept unseen."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from discharge.medication.lines import Change, LineStatus, MedicationLine
from discharge.medication.lists import Column
from discharge.policy import Role
from tests import reports
from tests.discharge.medication.lines import dose, medicine
from tests.factories import HOSPITAL, WARD, caller
from tests.services.pages_house import Pages, words_of
from tests.services.stays.medicine import FUROSEMID, list_id, state_lines
from tests.services.stays.test_document_pages import filed, of_now, stay_of, version_two
from tests.services.stays.test_medicine_sources import send_list

SYSTEM = caller(Role.SYSTEM, HOSPITAL, unit=WARD)
MORPHINE = {"name": "Morfin", "strength": "10 mg", "form": "tablet", "route": "oral", "amount": "1", "times": "1"}


def chosen(text: str) -> dict[str, str]:
    """The fields of a line's form, as a browser sends them back."""
    form = text.split('id="line-form"')[1].split("</form>", maxsplit=1)[0]
    fields = dict(re.findall(r'<input id="f-(\w+)"[^>]* value="([^"]*)"', form))
    fields |= dict(re.findall(r'<textarea id="f-(\w+)"[^>]*>([^<]*)<', form))
    for name, options in re.findall(r'<select id="f-(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        found = re.search(r'value="([^"]*)" selected', options)
        fields[name] = "" if found is None else found[1]
    return fields | ({"needed": "yes"} if " checked" in form else {})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (medicine("Methotrexat", "L04AX03", dosage=(dose("4", days="7"),)), "4 tabletter hver 7. dag"),
        (medicine("Timolol", "S01ED01", route="Ocular use", dosage=(dose("1", "{drop}"),)), "1 {drop} 1 gang dagligt"),
        (medicine("Penicillin", "J01CE02", status=LineStatus.ENDED), "Kuren er slut"),
        (medicine("Ibuprofen", "M01AE01", status=LineStatus.NOT_TAKEN), "Tages ikke"),
        (medicine("Digoxin", "C01AA05", status=LineStatus.UNKNOWN, change=Change.STOPPED), "1 tablet 1 gang dagligt"),
        (medicine("Losartan", "C09CA01", status=LineStatus.PAUSED, ends=date(2026, 12, 1)), "På pause til"),
    ],
)
async def test_supply_that_is_written_on_a_line_alters_nothing_else(
    pages: Pages, line: MedicationLine, said: str
) -> None:
    stay = await pages.stay()
    await send_list(pages, stay, Column.AT_DISCHARGE, line, who=SYSTEM)
    at = f"/stays/{stay}/medicine/lists/at-discharge"
    before = await row_of(pages, at)
    assert said in before["take"]

    sent = chosen((await pages.get(Role.WARD, f"{at}?line={before['id']}")).text)
    act = {"do": "line", "list": await list_id(pages, stay, "at-discharge"), "line": before["id"]}
    saved = await pages.post(Role.WARD, at, sent | act | {"supply": "3 tabletter"})

    assert saved.status_code == 303, words_of(saved)
    after = await row_of(pages, at)
    assert after["take"] == before["take"]
    again = chosen((await pages.get(Role.WARD, f"{at}?line={after['id']}")).text)
    assert again == sent | {"supply": "3 tabletter"}


async def row_of(pages: Pages, at: str) -> dict[str, Any]:
    """The only line of a list: its id and what it says of taking it."""
    text = (await pages.get(Role.WARD, at)).text
    found = re.search(r"\?line=([^#\"]+)#", text)
    said = re.search(r"<li><div><b>.*?<br><span>(.*?)</span>", text, re.DOTALL)
    assert found is not None
    assert said is not None
    return {"id": found[1], "take": said[1]}


async def test_what_the_ward_wrote_is_not_hidden_by_what_comes_later(pages: Pages) -> None:
    stay = await pages.stay()
    furosemid = medicine("Furosemid", "C03CA01", strength="40 mg")
    await send_list(pages, stay, Column.AT_DISCHARGE, furosemid, who=SYSTEM)
    await state_lines(pages, stay, "at-discharge", MORPHINE)
    await send_list(pages, stay, Column.AT_DISCHARGE, medicine("Furosemid", "C03CA01", strength="40 mg"), who=SYSTEM)

    shown = words_of(await pages.get(Role.WARD, f"/stays/{stay}/medicine/lists/at-discharge"))
    assert "2 linjer Furosemid" in shown
    assert "Ved siden af listen her står også en anden: fra et fagsystem, for 0 min siden." in shown
    await state_lines(pages, stay, "at-discharge", FUROSEMID | {"name": "Metformin", "amount": "1", "times": "2"})

    shown = words_of(await pages.get(Role.WARD, f"/ward/stays/{stay}/medicine"))
    for name in ("Furosemid", "Morfin", "Metformin"):
        assert name in shown


async def test_copy_of_a_report_that_is_withdrawn_says_so(pages: Pages) -> None:
    await pages.house.home()
    await filed(pages, reports.whole(of_now))
    stay = await stay_of(pages)
    await state_lines(pages, stay, "at-discharge", MORPHINE)

    await version_two(pages, status="entered-in-error")

    shown = words_of(await pages.get(Role.WARD, f"/ward/stays/{stay}/medicine"))
    assert shown.count("Den er skrevet af efter et dokument, der er trukket tilbage eller ikke er vores.") == 2
    for name in ("Pinex", "Furix", "Morfin"):
        assert name in shown


async def test_list_that_begins_with_a_reports_says_what_it_was_copied_from(pages: Pages) -> None:
    await pages.house.home()
    await filed(pages, reports.whole(of_now))
    stay = await stay_of(pages)
    copied = await pages.post(Role.HOME_NURSE, f"/stays/{stay}/medicine/lists/now", {"do": "copy", "list": ""})
    assert copied.status_code == 303

    await version_two(pages, status="entered-in-error")

    assert "Den er skrevet af efter et dokument" in words_of(
        await pages.get(Role.HOME_NURSE, f"/stays/{stay}/medicine")
    )


async def test_line_that_is_taken_away_leaves_the_others_of_the_report_as_copies(pages: Pages) -> None:
    await pages.house.home()
    await filed(pages, reports.whole(of_now))
    stay = await stay_of(pages)
    at = f"/stays/{stay}/medicine/lists/at-discharge"
    line = re.search(r"\?line=([^#\"]+)#", (await pages.get(Role.WARD, at)).text)
    assert line is not None
    remove = {"do": "remove", "list": await list_id(pages, stay, "at-discharge"), "line": line[1]}
    assert (await pages.post(Role.WARD, at, remove)).status_code == 303

    await version_two(pages, status="entered-in-error")

    assert words_of(await pages.get(Role.WARD, f"/ward/stays/{stay}/medicine")).count("Den er skrevet af") == 1
