"""The page of a discharge report: by section, with gaps, the version before, and what the plan takes over."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from discharge.policy import Role
from services.persistence.clock import wall_now
from tests import reports
from tests.engines import Database
from tests.factories import CPR, HOSPITAL, WARD
from tests.services.pages_house import Pages, pages_over, words_of


@pytest.fixture
async def pages(database: Database) -> AsyncIterator[Pages]:
    async with pages_over(database) as running:
        await running.house.home()
        yield running


def of_now(bundle: reports.Json) -> None:
    """The report is about a stay of today."""
    now = wall_now().replace(microsecond=0)
    period = {"start": (now - timedelta(hours=1)).isoformat(), "end": now.isoformat()}
    reports.resource_of(bundle, "Encounter")["period"] = period


async def stay_of(pages: Pages) -> str:
    return str(await pages.house.scalar("SELECT id FROM stay"))


async def filed(pages: Pages, bundle: reports.Json, query: str = "", role: Role = Role.SYSTEM) -> str:
    """The page of a report that was just filed."""
    headers = pages.house.token(role, HOSPITAL) | {"content-type": "application/fhir+json"}
    answer = await pages.house.client.post(f"/fhir/Bundle{query}", content=reports.body(bundle), headers=headers)
    assert answer.status_code == 201, answer.text
    return f"/stays/{await stay_of(pages)}/documents/{answer.json()['id']}"


@pytest.mark.parametrize("role", [Role.WARD, Role.DOCTOR, Role.HOME_NURSE, Role.GP])
async def test_report_is_shown_by_section(pages: Pages, role: Role) -> None:
    shown = await pages.get(role, await filed(pages, reports.whole(of_now)))

    words = words_of(shown)
    assert shown.status_code == 200
    for said in ("Medicin ved udskrivelse", "Nøgle hos naboen", "Går med rollator", "Epikrise", "Ida Læge"):
        assert said in words
    assert CPR.digits not in shown.text


async def test_what_is_missing_is_named(pages: Pages) -> None:
    shown = words_of(await pages.get(Role.GP, await filed(pages, reports.report(of_now))))

    assert "Mangler i rapporten" in shown
    for gap in ("Medicin ved udskrivelse", "Funktionsevne", "Plan og opfølgning", "Hvem der står inde for rapporten"):
        assert gap in shown


async def test_newer_version_is_shown_with_what_changed(pages: Pages) -> None:
    first = await filed(pages, reports.whole(of_now))
    header = reports.whole_header(identifier=reports.IDENTIFIER, date=wall_now().isoformat(timespec="seconds"))
    header["section"][0] = reports.section("8648-8", "Forløb", "<p>Indlagt med hoftebrud.</p>")
    second = await filed(pages, reports.whole(of_now, header=header, identifier="urn:uuid:2"))

    before, after = words_of(await pages.get(Role.GP, first)), words_of(await pages.get(Role.GP, second))

    assert "Erstattet af en nyere udgave" in before
    assert "Ændret: Forløb" in after
    assert "Før Indlagt med fald." in after
    assert "Nu Indlagt med hoftebrud." in after


async def test_reports_stand_on_the_timeline(pages: Pages) -> None:
    here = await filed(pages, reports.whole(of_now))

    for role in (Role.WARD, Role.GP, Role.HOME_NURSE):
        shown = await pages.get(role, f"/stays/{await stay_of(pages)}")
        assert here in shown.text
    planner = await pages.get(Role.VISITATOR, f"/stays/{await stay_of(pages)}")
    assert planner.status_code == 200
    assert "Udskrivningsrapport" not in planner.text
    assert (await pages.get(Role.VISITATOR, here)).status_code == 403


async def test_two_reports_are_a_question(pages: Pages) -> None:
    await filed(pages, reports.report(of_now))
    here = await filed(pages, reports.report(of_now, identifier="urn:uuid:2"))

    assert "Flere rapporter gælder" in words_of(await pages.get(Role.WARD, here))


async def test_ward_takes_a_need_over_and_others_only_see_it(pages: Pages) -> None:
    here = await filed(pages, reports.whole(of_now))
    assert "Overtag i planen" not in (await pages.get(Role.GP, here)).text
    shown = await pages.get(Role.WARD, here)
    assert "Overtag i planen" in shown.text
    action = re.search(r'action="([^"]+/suggestions/\d+)"', shown.text)
    assert action is not None

    for _ in range(3):
        taken = await pages.post(Role.WARD, action[1])

    assert (taken.status_code, taken.headers["location"]) == (303, here)
    assert "Står i planen" in words_of(await pages.get(Role.GP, here))
    assert (await pages.post(Role.WARD, f"{here}/suggestions/1x")).status_code == 404
    assert (await pages.post(Role.GP, action[1])).status_code == 403


async def test_filled_field_says_so(pages: Pages) -> None:
    def goes_home(bundle: reports.Json) -> None:
        of_now(bundle)
        disposition = reports.concept("home", "Hjem", "http://terminology.hl7.org/CodeSystem/discharge-disposition")
        reports.resource_of(bundle, "Encounter")["hospitalization"] = {"dischargeDisposition": disposition}

    shown = words_of(await pages.get(Role.WARD, await filed(pages, reports.whole(goes_home))))

    assert "Eget hjem" in shown
    assert "Feltet var tomt og er udfyldt fra rapporten" in shown


async def test_file_is_handed_out_to_be_saved_and_html_is_not(pages: Pages) -> None:
    html = {"attachment": reports.attachment(b"<html><script>1</script></html>")}
    pdf = {"attachment": reports.attachment()}
    entry = {"resourceType": "DocumentReference", "status": "current", "content": [pdf, html]}
    here = await filed(pages, reports.whole(of_now, file=entry))

    saved = await pages.get(Role.GP, f"{here}/files/0")
    refused = [await pages.get(Role.GP, f"{here}/files/{number}") for number in ("1", "2", "x", "99999")]

    assert saved.content == reports.PDF
    assert saved.headers["content-disposition"].startswith("attachment")
    assert [each.status_code for each in refused] == [404] * 4
    assert "vises ikke: application/pdf" in words_of(await pages.get(Role.GP, here))


async def test_foreign_report_shows_who_put_it_there_and_what_did_not_come_along(pages: Pages) -> None:
    lost = reports.section("30954-2", "Svar", "<p>x</p>", "gone")
    empty = reports.section("48765-2", "Allergi", emptyReason=reports.concept("notasked", None, reports.EMPTY))
    bundle = reports.report(header=reports.composition(lost, empty, date="2026-11"), cpr=None, hospital="1234567")
    headers = pages.house.token(Role.DOCTOR, HOSPITAL, WARD) | {"content-type": "application/fhir+json"}

    answer = await pages.house.client.post(
        f"/fhir/Bundle?stay={await stay_of(pages)}", content=reports.body(bundle), headers=headers
    )
    shown = words_of(await pages.get(Role.GP, f"/stays/{await stay_of(pages)}/documents/{answer.json()['id']}"))

    for said in ("Lagt på forløbet af", "2026-11", "1 henvisninger er ikke kommet med", "Der er ikke spurgt"):
        assert said in shown


async def test_report_that_is_not_there_is_not_found(pages: Pages) -> None:
    assert (await pages.get(Role.GP, f"/stays/{await stay_of(pages)}/documents/none")).status_code == 404
    assert (await pages.get(Role.GP, "/stays/none/documents/none")).status_code == 404


async def test_english_reader_reads_english(pages: Pages) -> None:
    here = await filed(pages, reports.whole(of_now))

    shown = await pages.get(Role.GP, here, cookie="stafet-lang=en")

    assert "Missing in the report" in shown.text
