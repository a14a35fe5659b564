"""``POST /fhir/Bundle``: a discharge report is joined to its stay, kept byte by byte, and what it lacks is named."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from discharge.identifiers import StayId
from discharge.medication.lists import Column, Saying
from discharge.medication.record import MedicationReconciliation
from discharge.policy import Role
from services.persistence.clock import wall_now
from services.persistence.medication_reads import medication_of
from tests import engines, factories, reports
from tests.factories import CPR, HOSPITAL, MUNICIPALITY, PAPER_HOSPITAL, WARD
from tests.services.installation import Installation, installed
from tests.services.persistence.store import audit


@pytest.fixture
async def house(database: engines.Database) -> AsyncIterator[Installation]:
    """A citizen has gone home."""
    async with installed(database) as made:
        await made.home()
        yield made


def of_now(bundle: reports.Json) -> None:
    """The report is about a stay of today."""
    now = wall_now().replace(microsecond=0)
    period = {"start": (now - timedelta(hours=1)).isoformat(), "end": now.isoformat()}
    reports.resource_of(bundle, "Encounter")["period"] = period


async def post(
    house: Installation,
    bundle: reports.Json | bytes,
    who: dict[str, str] | None = None,
    query: str = "",
    kind: str = "application/fhir+json",
    **headers: str,
) -> httpx.Response:
    asked = (who or house.token(Role.SYSTEM, HOSPITAL)) | {"content-type": kind} | headers
    content = bundle if isinstance(bundle, bytes) else reports.body(bundle)
    return await house.client.post(f"/fhir/Bundle{query}", content=content, headers=asked)


def issues(answer: httpx.Response) -> dict[str, str]:
    """The rules of the findings, each with its first expression."""
    body: Any = answer.json()
    if body["resourceType"] == "Bundle":
        body = body["entry"][-1]["resource"]
    assert CPR.digits not in str(body)
    return {each["diagnostics"]: each.get("expression", [""])[0] for each in body["issue"]}


async def stay_of(house: Installation) -> StayId:
    return StayId(str(await house.scalar("SELECT id FROM stay")))


async def medicine(house: Installation) -> MedicationReconciliation:
    async with house.database.reading(audit(factories.gp())) as session:
        return await medication_of(session, await stay_of(house))


async def count(house: Installation) -> int:
    return int(await house.scalar("SELECT count(*) FROM document"))


async def test_report_is_filed_and_its_original_is_kept_byte_by_byte(house: Installation) -> None:
    sent = reports.body(reports.whole(of_now))
    answer = await post(house, sent)

    assert answer.status_code == 201, answer.text
    assert answer.json()["type"] == "document"
    place = answer.headers["location"]
    assert place.endswith(f"/fhir/Bundle/{answer.json()['id']}")
    assert issues(answer)["stafet-document-in-force"] == ""
    for who in (house.gp, house.nurse, house.token(Role.WARD, HOSPITAL, WARD), house.token(Role.SYSTEM, HOSPITAL)):
        assert (await house.client.get(place, headers=who)).content == sent
    for who in (house.token(Role.VISITATOR, MUNICIPALITY), house.token(Role.SYSTEM, PAPER_HOSPITAL)):
        assert (await house.client.get(place, headers=who)).status_code in {403, 404}
    assert (await house.client.get("/fhir/Bundle/none", headers=house.gp)).status_code == 404


async def test_its_lists_stand_in_the_table_of_the_stay(house: Installation) -> None:
    await post(house, reports.whole(of_now))

    record = await medicine(house)
    table = record.table
    told = {column: found for column in Column if (found := table.told(column)) is not None}
    assert {column: len(each.lines) for column, each in told.items()} == {
        Column.BEFORE: 1,
        Column.AT_DISCHARGE: 2,
        Column.IN_HOSPITAL: 1,
    }
    supplied = [line.supply for line in told[Column.AT_DISCHARGE].lines]
    assert supplied == [None, "3 tablet · 2026-11-20"]
    assert [str(line.change) for line in record.lines.values()] == ["unchanged", "new"]


async def test_readers_are_told_once_and_operators_are_not(house: Installation) -> None:
    await post(house, reports.whole(of_now))

    told = await house.scalar(
        "SELECT array_agg(feed_id || ' ' || title ORDER BY feed_id) FROM feed_entry WHERE event = 'document-filed'"
    )
    assert {each.split(" ", 1)[1] for each in told} == {"En udskrivningsrapport er kommet"}
    assert not any(each.startswith(f"{HOSPITAL} ") for each in told)


async def test_same_report_again_gets_the_same_answer(house: Installation) -> None:
    bundle = reports.whole(of_now)
    first = await post(house, bundle)

    again = await post(house, bundle | {"id": "another", "meta": {"versionId": "7"}})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["location"] == again.headers["location"]
    assert "stafet-document-repeated" in issues(again)
    assert await count(house) == 1


async def test_other_content_under_the_same_identifier_is_held_and_operators_are_told(house: Installation) -> None:
    await post(house, reports.whole(of_now))

    held = await post(house, reports.whole(of_now, new=reports.statement("Morfin 10 mg", "N02AA01")))

    assert held.status_code == 201
    assert "stafet-document-held" in issues(held)
    assert await count(house) == 2
    assert "Morfin 10 mg" not in str((await medicine(house)).table)
    told = await house.scalar(
        "SELECT count(*) FROM feed_entry WHERE feed_id = :sor AND audience = ARRAY['operator']", sor=HOSPITAL
    )
    assert told == 1


async def test_what_is_preferred_is_answered(house: Installation) -> None:
    report = reports.whole(of_now)
    alone = await post(house, report, Prefer="return=OperationOutcome")
    nothing = await post(house, report, Prefer="return=minimal")

    assert alone.json()["resourceType"] == "OperationOutcome"
    assert nothing.content == b""
    assert alone.headers["location"] == nothing.headers["location"]


async def test_text_alone_states_no_line_and_says_so(house: Installation) -> None:
    header = reports.composition(reports.section("75311-1", "Medicin", "<p>Pinex 500 mg efter behov</p>"))
    answer = await post(house, reports.report(of_now, header=header))

    assert issues(answer)["stafet-gap-medicine-lines"] == "Bundle.entry[0].resource.section[0]"
    told = (await medicine(house)).table.told(Column.AT_DISCHARGE)
    assert told is not None
    assert (told.saying, told.lines, told.text) == (Saying.NOT_KNOWN, (), "Pinex 500 mg efter behov")


@pytest.mark.parametrize(
    ("change", "rule", "expression"),
    [
        ({"type": "history"}, "stafet-document-type", "Bundle.type"),
        ({"identifier": {}}, "bdl-9", "Bundle.identifier.value"),
        ({"timestamp": "2026"}, "bdl-10", "Bundle.timestamp"),
        ({"entry": []}, "stafet-document-empty", "Bundle.entry"),
    ],
)
async def test_broken_envelope_is_refused_by_element(
    house: Installation, change: reports.Json, rule: str, expression: str
) -> None:
    answer = await post(house, reports.whole(of_now) | change)

    assert answer.status_code == 422
    assert issues(answer)[rule] == expression
    assert await count(house) == 0


def elsewhere(bundle: reports.Json) -> None:
    """The report is about a time in which nobody was in hospital."""
    reports.resource_of(bundle, "Encounter")["period"] = {"start": "2020-01-01T10:00:00Z", "end": "2020-01-02"}


@pytest.mark.parametrize(
    "bundle",
    [
        reports.whole(elsewhere),
        reports.whole(of_now, cpr="0101901234"),
    ],
    ids=["another-time", "another-citizen"],
)
async def test_unknown_stay_is_refused_and_operators_see_it(house: Installation, bundle: reports.Json) -> None:
    for _ in range(2):
        answer = await post(house, bundle)

    assert answer.status_code == 422
    assert list(issues(answer).values()) == ["Bundle.entry[2].resource.identifier"]
    assert await count(house) == 0
    kept = await house.scalar("SELECT body IS NOT NULL AND repeats = 1 FROM message WHERE event_code = 'document'")
    assert kept is True


async def test_patient_of_another_hospital_looks_like_nobody(house: Installation) -> None:
    theirs = house.token(Role.SYSTEM, PAPER_HOSPITAL)
    unknown = await post(house, reports.whole(of_now, cpr="0101901234", hospital=PAPER_HOSPITAL), theirs)
    known = await post(house, reports.whole(of_now, hospital=PAPER_HOSPITAL), theirs)

    assert unknown.status_code == known.status_code == 422
    assert issues(unknown) == issues(known)


async def test_client_files_for_its_own_hospital_only(house: Installation) -> None:
    answer = await post(house, reports.whole(of_now), house.token(Role.SYSTEM, PAPER_HOSPITAL))

    assert answer.status_code == 403


async def test_person_puts_a_foreign_report_to_a_stay(house: Installation) -> None:
    bundle = reports.whole(elsewhere, cpr=None)
    ward = house.token(Role.WARD, HOSPITAL, WARD)
    query = f"?stay={await stay_of(house)}"

    alone = await post(house, bundle)
    system = await post(house, bundle, query=query)
    nurse = await post(house, bundle, house.nurse, query)
    person = await post(house, bundle, ward, query)
    nowhere = await post(house, bundle, ward, "?stay=none")

    assert [each.status_code for each in (alone, system, nurse, person, nowhere)] == [422, 422, 403, 201, 404]
    assert list(issues(alone).values()) == ["Bundle.entry[1].resource.identifier"]


async def test_xml_and_forms_are_no_documents(house: Installation) -> None:
    answer = await post(house, b"<Bundle/>", kind="application/fhir+xml")

    assert answer.status_code == 415


async def test_more_lines_than_anybody_reads_are_refused(house: Installation) -> None:
    names = [f"line-{number}" for number in range(1001)]
    header = reports.composition(reports.section("75311-1", "Medicin", "<p>Mange</p>", *names))
    lines: dict[str, Any] = {name: reports.statement(name) for name in names}

    answer = await post(house, reports.report(of_now, header=header, **lines))

    assert answer.status_code == 413


async def test_five_hundred_lines_are_filed(house: Installation) -> None:
    names = [f"line-{number}" for number in range(500)]
    header = reports.composition(reports.section("75311-1", "Medicin", "<p>Mange</p>", *names))

    lines: dict[str, Any] = {name: reports.statement(name) for name in names}

    answer = await post(house, reports.report(of_now, header=header, **lines))

    assert answer.status_code == 201
    assert len((await medicine(house)).lines) == 500


async def test_nothing_of_it_stands_in_clear(house: Installation) -> None:
    await post(house, reports.whole(of_now))

    for table in ("document", "event", "feed_entry", "medication_list"):
        rows = await house.scalar(f"SELECT string_agg(t::text, '|') FROM {table} t")
        for secret in ("Furix", "Nøgle hos naboen", CPR.digits, reports.WHOLE):
            assert secret not in rows
            assert secret.encode().hex() not in rows
