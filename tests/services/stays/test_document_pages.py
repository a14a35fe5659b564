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

    assert "Hvilken rapport gælder?" in words_of(await pages.get(Role.WARD, here))


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


def goes_to(code: str) -> reports.Change:
    """The report says in a code where the patient goes."""

    def change(bundle: reports.Json) -> None:
        of_now(bundle)
        disposition = reports.concept(code, code, "http://terminology.hl7.org/CodeSystem/discharge-disposition")
        reports.resource_of(bundle, "Encounter")["hospitalization"] = {"dischargeDisposition": disposition}

    return change


async def version_two(pages: Pages, change: reports.Change = of_now, **header: str) -> str:
    """A later version of the report."""
    made = reports.whole_header(identifier=reports.IDENTIFIER, date=wall_now().isoformat(timespec="seconds"), **header)
    return await filed(pages, reports.whole(change, header=made, identifier="urn:uuid:2"))


async def confirm(pages: Pages, here: str) -> None:
    """The ward stands by what the report filled."""
    found = re.search(
        r'action="([^"]+/suggestions/\d+)"[^/]+>(?:[^/]|/(?!form))+Det passer', (await pages.get(Role.WARD, here)).text
    )
    assert found is not None
    assert (await pages.post(Role.WARD, found[1])).status_code == 303


async def test_filled_field_says_so(pages: Pages) -> None:
    here = await filed(pages, reports.whole(goes_to("home")))

    for role in (Role.WARD, Role.HOME_NURSE):
        shown = words_of(await pages.get(role, here))
        assert "Eget hjem" in shown
        assert "Feltet var tomt og er udfyldt fra rapporten" in shown
        assert ("Det passer" in shown) is (role is Role.WARD)


async def test_withdrawn_report_says_that_its_word_was_taken_out(pages: Pages) -> None:
    here = await filed(pages, reports.whole(goes_to("home")))

    await version_two(pages, status="entered-in-error")

    assert "er taget ud af planen igen" in words_of(await pages.get(Role.WARD, here))
    plan = words_of(await pages.get(Role.WARD, f"/ward/stays/{await stay_of(pages)}"))
    assert "taget ud, for udskrivningsrapporten gælder ikke mere" in plan
    timeline = words_of(await pages.get(Role.GP, f"/stays/{await stay_of(pages)}"))
    assert "taget ud, for udskrivningsrapporten gælder ikke mere" in timeline


async def test_word_that_the_ward_stands_by_stays_and_the_page_says_so(pages: Pages) -> None:
    here = await filed(pages, reports.whole(goes_to("home")))
    await confirm(pages, here)

    await version_two(pages, status="entered-in-error")

    assert "Afdelingen har selv sagt det siden, så det bliver stående" in words_of(await pages.get(Role.GP, here))


@pytest.mark.parametrize(("chosen", "said"), [("home", "Feltet var tomt og er udfyldt"), ("", "er taget ud af planen")])
async def test_form_of_the_plan_says_only_what_differs_from_what_it_showed(
    pages: Pages, chosen: str, said: str
) -> None:
    here = await filed(pages, reports.whole(goes_to("home")))
    plan = f"/ward/stays/{await stay_of(pages)}"
    fields = dict(
        re.findall(r'name="(version|destination_shown)" value="([^"]*)"', (await pages.get(Role.WARD, plan)).text)
    )
    assert fields["destination_shown"] == "home"

    saved = await pages.post(Role.WARD, f"{plan}/plan", fields | {"destination": chosen, "bed": "7"})

    assert saved.status_code == 303
    assert said in words_of(await pages.get(Role.GP, here))
    newer = await version_two(pages, goes_to("hosp"))
    assert ("Feltet var tomt" in words_of(await pages.get(Role.WARD, newer))) is (chosen == "home")


async def test_newer_report_fills_the_field_instead(pages: Pages) -> None:
    here = await filed(pages, reports.whole(goes_to("home")))

    newer = await version_two(pages, goes_to("hosp"))

    assert "Planen siger noget andet nu" in words_of(await pages.get(Role.WARD, here))
    assert "Feltet var tomt og er udfyldt fra rapporten" in words_of(await pages.get(Role.WARD, newer))


@pytest.mark.parametrize("status", ["preliminary", "entered-in-error"])
async def test_nothing_can_be_taken_over_from_a_report_that_does_not_hold(pages: Pages, status: str) -> None:
    header = reports.whole_header(identifier=reports.IDENTIFIER, status=status)
    here = await filed(pages, reports.whole(of_now, header=header))

    shown = await pages.get(Role.WARD, here)

    assert "Står ikke i planen" in words_of(shown)
    assert "Overtag i planen" not in shown.text
    assert (await pages.post(Role.WARD, f"{here}/suggestions/0")).status_code == 422


async def test_nothing_can_be_taken_over_from_a_report_that_is_held_or_replaced(pages: Pages) -> None:
    first = await filed(pages, reports.whole(of_now))
    held = await filed(pages, reports.whole(of_now, header=reports.whole_header()))
    await version_two(pages)

    for here in (first, held):
        shown = await pages.get(Role.WARD, here)
        assert "Overtag i planen" not in shown.text
        assert (await pages.post(Role.WARD, f"{here}/suggestions/0")).status_code == 422


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


async def test_patient_summary_is_shown_by_its_own_name(pages: Pages) -> None:
    header = reports.composition(
        reports.section("10160-0", "Medicin", "<p>Pinex</p>", "before"),
        type=reports.concept("60591-5"),
        title="International Patient Summary",
    )
    here = await filed(
        pages, reports.report(of_now, header=header, before=reports.statement("Pinex 500 mg", "N02BE01"))
    )
    await filed(pages, reports.whole(of_now, identifier="urn:uuid:2"))

    shown = words_of(await pages.get(Role.GP, here))

    assert "Patientresumé: medicin før indlæggelsen" in shown
    assert "Aftaler om opfølgning" not in shown
    assert "Hvilken rapport gælder?" not in shown
    assert "Patientresumé" in words_of(await pages.get(Role.GP, f"/stays/{await stay_of(pages)}"))


async def test_replaced_report_says_so_first_and_leads_to_the_one_that_holds(pages: Pages) -> None:
    first = await filed(pages, reports.whole(of_now))
    second = await version_two(pages)

    shown = await pages.get(Role.HOME_NURSE, first)

    assert "Brug ikke rapporten her." in words_of(shown)
    assert f'href="{second}"' in shown.text
    assert "Brug ikke" not in words_of(await pages.get(Role.HOME_NURSE, second))


async def test_report_in_a_file_is_for_the_practice_to_read_and_say_so(pages: Pages) -> None:
    def only_a_file(bundle: reports.Json) -> None:
        of_now(bundle)
        header = reports.resource_of(bundle, "Composition")
        header["section"] = [reports.section("77599-9", "Bilag", "<p>Se brevet</p>", "file")]

    await filed(pages, reports.whole(only_a_file))

    task = await pages.task(Role.GP, "/gp", "Gennemgå medicin")
    shown = await pages.get(Role.GP, f"/tasks/{task}")

    assert "Medicin skrevet i ord" in words_of(shown)
    assert "Epikrise" in words_of(shown)
    assert re.search(r'name="agree" value="yes">\s*Læst', shown.text)
