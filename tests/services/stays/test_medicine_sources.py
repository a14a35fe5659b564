"""Lists in words, and lists of several places, on pages: all is shown, and none takes the other's place."""

from __future__ import annotations

import uuid
from typing import Any

from discharge.commands import StateMedication
from discharge.handlers import state_medication
from discharge.identifiers import StayId
from discharge.medication.lists import Column, ListOrigin, Saying
from discharge.policy import Role
from services.persistence.audit import AuditContext
from services.persistence.clock import wall_now
from tests.discharge.medication.lines import dose, medicine, stated
from tests.factories import HOSPITAL, PRACTICE, WARD, caller
from tests.services.pages_house import Pages, words_of
from tests.services.stays.medicine import line_on, list_id, reconcile_task, state_lines

WORDS = "Metoprolol 50 mg x 1\nPinex ved behov"
METOPROLOL = {"name": "Metoprolol", "strength": "50 mg", "form": "tablet", "route": "oral", "amount": "2", "times": "1"}


async def send_list(pages: Pages, stay: str, column: Column, *lines: Any, who: Any, **changes: object) -> None:
    """A record system states a list."""
    made = stated(
        column,
        *lines,
        id=str(uuid.uuid4()),
        origin=ListOrigin.SYSTEM,
        received_at=wall_now(),
        source=who.acting,
        **changes,
    )
    audit = AuditContext(caller=who, request_id="r", action="state-medication", route="/test")
    command = StateMedication(caller=who, stay_id=StayId(stay), stated=made)
    await pages.house.database.run(audit, state_medication, command)


async def words_alone(pages: Pages) -> str:
    """The hospital sends the citizen home with a list in words; the address of the practice's task."""
    stay = await pages.stay()
    ward = caller(Role.SYSTEM, HOSPITAL, unit=WARD)
    await send_list(pages, stay, Column.AT_DISCHARGE, who=ward, saying=Saying.NOT_KNOWN, text=WORDS)
    await pages.house.home()
    return f"/tasks/{await reconcile_task(pages)}"


async def test_words_are_a_row_that_the_practice_has_to_answer(pages: Pages) -> None:
    page = await words_alone(pages)
    shown = words_of(await pages.get(Role.GP, page))

    assert "Medicin skrevet i ord Uklar" in shown
    assert "Noget er kun skrevet som tekst." in shown
    assert shown.count("Pinex ved behov") == 1
    assert "0 af 1 besvaret. Mangler: Medicin skrevet i ord" in shown

    await pages.post(Role.GP, f"{page}/accept", {"back": page})
    early = await pages.post(Role.GP, f"{page}/complete", {"back": page})
    assert early.status_code == 422

    line = await line_on(pages, page, "Medicin skrevet i ord")
    read = await pages.post(Role.GP, f"{page}/medicine/{line}", {"agree": "yes"})
    assert read.status_code == 303
    shown = words_of(await pages.get(Role.GP, page))
    assert "Læst · " in shown
    assert "1 af 1 besvaret." in shown


async def test_words_that_say_more_than_the_lines_are_a_row_beside_them_and_stand_nowhere_else(pages: Pages) -> None:
    stay = await pages.stay()
    ward = caller(Role.SYSTEM, HOSPITAL, unit=WARD)
    await send_list(pages, stay, Column.AT_DISCHARGE, medicine(), who=ward, text=WORDS, says_more=True)
    await pages.house.home()

    shown = words_of(await pages.get(Role.GP, f"/tasks/{await reconcile_task(pages)}"))

    assert "0 af 2 besvaret. Mangler: Metoprolol , Medicin skrevet i ord" in shown
    assert shown.count("Pinex ved behov") == 1


async def test_doctor_has_words_among_what_is_missing(pages: Pages) -> None:
    stay = await pages.stay()
    ward = caller(Role.SYSTEM, HOSPITAL, unit=WARD)
    await send_list(pages, stay, Column.AT_DISCHARGE, who=ward, saying=Saying.NOT_KNOWN, text=WORDS)

    shown = words_of(await pages.get(Role.DOCTOR, f"/ward/stays/{stay}/medicine"))

    assert "Ingen liste over, hvad patienten går hjem med" in shown
    assert "Uklar Medicin skrevet i ord" in shown


async def test_nurse_and_practice_both_say_what_is_taken_now(pages: Pages) -> None:
    stay = await pages.stay()
    await state_lines(pages, stay, "before", METOPROLOL | {"amount": "1"})
    await state_lines(pages, stay, "at-discharge", METOPROLOL | {"amount": "1"})
    await pages.house.home()
    practice = caller(Role.SYSTEM, PRACTICE)
    pinex = medicine("Pinex", "N02BE01", strength="500 mg")
    await send_list(pages, stay, Column.NOW, medicine(dosage=(dose("1"),)), pinex, who=practice)

    assert await list_id(pages, stay, "now", Role.HOME_NURSE) == "", "the practice's list is not the nurse's to edit"
    await state_lines(pages, stay, "now", METOPROLOL, role=Role.HOME_NURSE)

    shown = words_of(await pages.get(Role.GP, f"/tasks/{await reconcile_task(pages)}"))
    assert "Lund Kommune, Hjemmepleje Nord: 2 stk. 1 gang dagligt passer ikke og: Lægehuset: 1 tablet" in shown
    assert "Lægehuset: 1 tablet 1 gang dagligt og: Lund Kommune, Hjemmepleje Nord: står ikke på listen" in shown
