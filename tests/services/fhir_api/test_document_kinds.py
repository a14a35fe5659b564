"""Documents of other kinds through the door: a patient summary, and a report that only brings files."""

from collections.abc import AsyncIterator

import pytest

from discharge.medication.lists import Column, Saying
from discharge.policy import Role
from tests import engines, reports
from tests.factories import CPR, HOSPITAL, WARD
from tests.interop_reports import REPORTS
from tests.reports import Json, composition, concept, report, section, statement
from tests.services.fhir_api.test_documents import count, issues, medicine, of_now, post, stay_of
from tests.services.installation import Installation, installed

SUMMARY = concept("60591-5")


@pytest.fixture
async def house(database: engines.Database) -> AsyncIterator[Installation]:
    """A citizen has gone home."""
    async with installed(database) as made:
        await made.home()
        yield made


def summary(cpr: str | None = CPR.digits) -> Json:
    """A patient summary about a stay of today."""
    header = composition(
        section("10160-0", "Medicin", "<p>Pinex</p>", "before"),
        section("75311-1", "Ved udskrivelse", "<p>Furix</p>", "after"),
        type=SUMMARY,
    )
    return report(
        of_now,
        header=header,
        cpr=cpr,
        identifier="urn:uuid:summary",
        before=statement("Pinex 500 mg", "N02BE01"),
        after=statement("Furix 40 mg", "C03CA01"),
    )


def only_files(bundle: Json) -> None:
    """A report of which everything stands in a file."""
    of_now(bundle)
    reports.resource_of(bundle, "Composition")["section"] = [section("77599-9", "Bilag", "<p>Se brevet</p>", "file")]


async def test_patient_summary_states_what_was_taken_before_and_nothing_else(house: Installation) -> None:
    answer = await post(house, summary())

    assert answer.status_code == 201, answer.text
    found = issues(answer)
    assert [each for each in found if each.startswith("stafet-document-medicine")]
    table = (await medicine(house)).table
    told = table.told(Column.BEFORE)
    assert told is not None
    assert [line.name for line in told.lines] == ["Pinex 500 mg"]
    assert table.told(Column.AT_DISCHARGE) is None
    titles = await house.scalar("SELECT array_agg(DISTINCT title) FROM feed_entry WHERE event = 'document-filed'")
    assert titles == ["Et patientresumé er kommet"]


async def test_patient_summary_stands_beside_a_report_and_is_no_question(house: Installation) -> None:
    await post(house, reports.whole(of_now))

    found = issues(await post(house, summary()))

    assert "stafet-document-in-force" in found
    assert "stafet-document-another" not in found
    assert "stafet-document-replaces" not in found
    told = (await medicine(house)).table.told(Column.AT_DISCHARGE)
    assert told is not None
    assert len(told.lines) == 2


async def test_patient_summary_of_nobody_known_is_answered_like_any_other(house: Installation) -> None:
    stranger = await post(house, summary("0101901234"))

    assert stranger.status_code == 422
    assert await count(house) == 0
    assert set(issues(stranger)) == set(issues(await post(house, reports.whole(of_now, cpr="0101901234"))))


async def test_another_type_is_refused_as_before(house: Installation) -> None:
    refused = await post(
        house, report(of_now, header=composition(section("8648-8", "x", "x"), type=concept("11506-3")))
    )

    assert (refused.status_code, list(issues(refused))) == (422, ["stafet-document-kind"])


@pytest.mark.skipif(not REPORTS.is_dir(), reason="the published examples are not at hand")
async def test_published_patient_summary_is_filed_by_a_person_who_says_whose_it_is(house: Installation) -> None:
    published = (REPORTS / "eps-vendor-Epic-Lopez.json").read_bytes()
    ward = house.token(Role.DOCTOR, HOSPITAL, WARD)

    alone, filed = (
        await post(house, published, ward),
        await post(house, published, ward, f"?stay={await stay_of(house)}"),
    )

    assert (alone.status_code, filed.status_code) == (422, 201)
    told = (await medicine(house)).table.told(Column.BEFORE)
    assert told is not None
    assert len(told.lines) == 1


async def test_report_in_a_file_is_a_line_that_the_practice_has_to_read(house: Installation) -> None:
    found = await post(house, reports.whole(only_files))

    assert found.status_code == 201
    record = await medicine(house)
    (stated,) = (each for each in record.lists if each.column is Column.AT_DISCHARGE)
    assert (stated.saying, stated.why_empty) == (Saying.NOT_REPORTED, "in-file")
    assert str(stated.text).startswith("Epikrise (")
    (line,) = record.lines
    assert record.unresolved == (line,)
    assert record.rest == ()
