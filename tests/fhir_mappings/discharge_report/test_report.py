"""The header of a report: whose, of which stay, by whom, and what it is to other documents."""

from datetime import UTC, datetime

import pytest

from discharge.documents.report import Relation, RelationCode
from tests import factories
from tests.factories import CPR, HOSPITAL, WARD
from tests.fhir_mappings.discharge_report.reading import read, refusals
from tests.reports import Json, composition, concept, report, resource_of, section, url

COURSE = section("8648-8", "Forløb", "<p>x</p>")
EPISODE = "0d0c0000-0000-4000-8000-000000000001"
CPR_SYSTEM = "urn:oid:1.2.208.176.1.2"


def numbered(*identifiers: Json) -> Json:
    made = report()
    resource_of(made, "Patient")["identifier"] = list(identifiers)
    return made


def header(**changes: object) -> Json:
    return report(header=composition(COURSE, **changes))


def test_citizen_is_known_by_cpr_number_and_never_by_another_countrys() -> None:
    other: Json = {"system": "https://ncez.mzcr.cz/fhir/sid/rid", "value": "1597778923"}
    cpr: Json = {"system": CPR_SYSTEM, "value": CPR.digits}

    assert read(numbered(other, cpr, cpr)).subject.number == CPR
    assert read(numbered(other, {"system": CPR_SYSTEM})).subject.number is None


def test_replacement_number_stands_where_there_is_no_cpr_number() -> None:
    spare: Json = {"system": "urn:oid:1.2.208.176.1.6.1.3", "value": "0101901AB5"}

    found = read(numbered(spare)).subject.number
    assert found is not None
    assert found.is_replacement
    assert read(numbered(spare, {"system": CPR_SYSTEM, "value": CPR.digits})).subject.number == CPR


@pytest.mark.parametrize("values", [("1234567890",), ("",), (CPR.digits, "0101901234")])
def test_number_that_names_nobody_or_two_is_refused_and_not_repeated(values: tuple[str, ...]) -> None:
    made = numbered(*({"system": CPR_SYSTEM, "value": value} for value in values))

    found = refusals(made)
    assert all(value not in str(found) for value in values if value)


def test_stay_is_known_by_identifier_and_by_episode() -> None:
    made = report(episode=EPISODE, episode_of_care={"resourceType": "EpisodeOfCare", "id": "e", "status": "active"})
    resource_of(made, "Encounter")["episodeOfCare"] = [
        {"identifier": {"system": "s", "value": "logical"}},
        {"reference": "EpisodeOfCare/e"},
    ]
    resource_of(made, "EpisodeOfCare")["identifier"] = [{"system": "s", "value": "resolved"}, {"system": "s"}]

    assert [each.key for each in read(made).subject.episodes] == [EPISODE.replace("-", ""), "logical", "resolved"]


def test_places_that_it_names_are_read_once() -> None:
    made = report()
    ward: Json = {"identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": WARD}}
    resource_of(made, "Encounter")["serviceProvider"] = ward

    assert read(made).subject.providers == (WARD, HOSPITAL)
    ward["identifier"]["value"] = "x"
    assert refusals(made) == {"stafet-document-sor": "Bundle.entry[2].resource.serviceProvider.identifier.value"}


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11", None),
        ("2026", None),
    ],
)
def test_partial_date_is_kept_as_it_was_written(date: str, at: datetime | None) -> None:
    found = read(header(date=date)).report

    assert (found.dated, found.dated_at) == (date, at)
    assert found.stated_at == (at or factories.NOW)


def test_end_given_as_a_day_is_the_end_of_that_day() -> None:
    made = report()
    resource_of(made, "Encounter")["period"] = {"end": "2026-11-20"}

    subject = read(made).subject
    assert subject.began_at is None
    assert subject.ended_at is not None
    assert subject.ended_at.hour == 23


def test_people_and_places_are_told_in_words() -> None:
    role: Json = {
        "resourceType": "PractitionerRole",
        "practitioner": {"reference": url("author")},
        "organization": {"reference": url("hospital")},
        "code": [concept("x", "Læge"), {}],
    }
    device: Json = {"resourceType": "Device", "deviceName": [{"name": "Journal", "type": "other"}]}
    person: Json = {
        "resourceType": "Practitioner",
        "name": [{"prefix": ["dr."], "given": ["Bo"], "family": "Bo"}],
    }
    authors = [{"reference": url(name)} for name in ("role", "device", "person", "nameless", "gone")]
    attesters = [
        {"mode": "legal", "time": "2026-11-20", "party": {"reference": url("author")}},
        {"mode": "official"},
    ]
    told = {"url": "http://hl7.eu/fhir/StructureDefinition/information-recipient"}
    recipients = [
        told | {"valueReference": {"display": "Egen læge"}},
        told | {"valueReference": {"reference": url("gone")}},
        {"url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Composition.version", "valueString": "2"},
    ]
    made = report(
        header=composition(COURSE, author=authors, attester=attesters, extension=recipients, meta={"profile": ["p"]}),
        role=role,
        device=device,
        person=person,
        nameless={"resourceType": "Practitioner"},
    )

    found = read(made).report
    assert found.authors == ("Ida Læge · Sygehuset · Læge", "Journal", "dr. Bo Bo", "", "")
    assert found.attesters == ("Ida Læge · legal · 2026-11-20", "official")
    assert (found.recipients, found.version, found.profiles) == (("Egen læge",), "2", ("p",))
    assert found.custodian == "Sygehuset"


def test_stay_is_told_as_it_was_written() -> None:
    made = report(condition={"resourceType": "Condition", "code": concept("x", "Hoftebrud")})
    resource_of(made, "Encounter").update(
        reasonCode=[concept("x", "Fald")],
        reasonReference=[{"reference": url("condition")}, {"display": "Smerter"}],
        diagnosis=[{"condition": {"reference": url("condition")}}, {"condition": {"display": "Sår"}}],
        participant=[
            {"type": [concept("ADM"), {}], "individual": {"reference": url("author")}},
            {"individual": {"reference": url("author")}},
        ],
        hospitalization={"dischargeDisposition": concept("x", "Hjem"), "destination": {"display": "Solgården"}},
    )

    facts = read(made).report.encounter
    assert (facts.status, facts.encounter_class, facts.provider) == ("finished", "IMP", "Sygehuset")
    assert (facts.reasons, facts.diagnoses) == (("Fald", "Hoftebrud", "Smerter"), ("Hoftebrud", "Sår"))
    assert facts.participants == ("ADM: Ida Læge", "Ida Læge")
    assert (facts.disposition, facts.destination) == ("Hjem", "Solgården")


def test_relations_to_other_documents_are_read_where_they_name_one() -> None:
    named = {"system": "s", "value": "1"}
    made = header(
        relatesTo=[
            {"code": "replaces", "targetIdentifier": named},
            {"code": "appends", "targetReference": {"identifier": named}},
            {"code": "signs", "targetReference": {"reference": "Composition/x"}},
            {"code": "likes", "targetIdentifier": named},
        ]
    )

    found = read(made).report.relations
    assert found == (Relation(RelationCode.REPLACES, ("s", "1")), Relation(RelationCode.APPENDS, ("s", "1")))


def test_identifier_without_a_system_is_one_all_the_same() -> None:
    made = header(identifier={"value": "1"})

    assert read(made).report.composition_key == ("", "1")
    assert read(made | {"identifier": {"value": "2"}}).report.bundle_key == ("", "2")
