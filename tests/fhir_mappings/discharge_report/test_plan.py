"""What a report holds for the plan: suggestions with their words, and follow-ups with the time that was written."""

from typing import Any

import pytest

from discharge.plan import Need
from fhir_mappings.discharge_report.codes import need_of
from tests.fhir_mappings.discharge_report.reading import read
from tests.reports import Json, composition, concept, report, resource_of, section, whole

FSIII = "urn:oid:1.2.208.176.2.21"


@pytest.mark.parametrize(
    ("code", "need"),
    [
        ("G1.39", Need.HOME_NURSING),
        ("G1.23", Need.TRAINING),
        ("H1.1", Need.PERSONAL_CARE),
        ("H1.8", Need.PRACTICAL_HELP),
        ("H1c", Need.MEALS),
        ("H2.7", Need.MEALS),
        ("H5.1", Need.REHABILITATION),
        ("H4.1", None),
        ("J3.8", None),
    ],
)
def test_intervention_stands_for_a_need(code: str, need: Need | None) -> None:
    assert need_of(code) is need


def of_plan(*activity: Json, **entries: Any) -> Json:
    plan: Json = {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "subject": {"display": "x"},
        "activity": list(activity),
    }
    return report(header=composition(section("18776-5", "Plan", "<p>x</p>", "plan")), plan=plan, **entries)


def suggested(made: Json) -> list[tuple[str, str | None, str]]:
    return [(each.element, each.value, each.words) for each in read(made).report.suggestions]


def test_whole_report_suggests_what_it_says_and_nothing_else() -> None:
    assert suggested(whole()) == [
        ("need", "home-nursing", "Sårpleje"),
        ("need", None, "Kontrol hos egen læge"),
        ("functional-level", None, "Går med rollator"),
        ("first-24-hours", "Sidste dosis kl. 8\nNøgle hos naboen", "Sidste dosis kl. 8\nNøgle hos naboen"),
    ]


def test_activity_by_reference_is_read_as_one_in_detail() -> None:
    asked = {
        "resourceType": "ServiceRequest",
        "code": concept("H1.1", "Bad", FSIII),
        "occurrenceDateTime": "2026-12-01",
    }
    made = of_plan({"reference": {"reference": "ServiceRequest/x"}}, x=asked | {"id": "x"})

    assert suggested(made) == [("need", "personal-care", "Bad")]
    assert [(each.words, each.when) for each in read(made).report.follow_ups] == [("Bad", "2026-12-01")]


def test_same_thing_twice_is_suggested_once_and_nothing_is_made_of_silence() -> None:
    twice = {"detail": {"status": "scheduled", "description": "Bad"}}

    assert suggested(of_plan(twice, twice, {"detail": {"status": "scheduled"}})) == [("need", None, "Bad")]


@pytest.mark.parametrize(
    ("detail", "when"),
    [
        ({"scheduledString": "om 14 dage"}, "om 14 dage"),
        ({"scheduledPeriod": {"start": "2026-12"}}, "2026-12"),
        ({"scheduledTiming": {"event": ["2026-12-01", "2026-12-02"]}}, "2026-12-01"),
        ({"scheduledTiming": {"event": [5]}, "kind": "Appointment"}, None),
        ({"kind": "Appointment"}, None),
    ],
)
def test_follow_up_has_the_time_that_was_written_or_none(detail: Json, when: str | None) -> None:
    made = of_plan({"detail": {"status": "scheduled", "description": "Kontrol"} | detail})

    assert [(each.words, each.when) for each in read(made).report.follow_ups] == [("Kontrol", when)]


def test_appointment_of_its_own_has_a_start() -> None:
    visit = {"resourceType": "Appointment", "id": "a", "description": "Ambulant", "start": "2026-12-01T09:00:00Z"}
    made = of_plan({"reference": {"reference": "Appointment/a"}}, a=visit)

    assert [(each.words, each.when) for each in read(made).report.follow_ups] == [("Ambulant", "2026-12-01T09:00:00Z")]


def test_activity_that_is_no_appointment_and_has_no_time_is_no_follow_up() -> None:
    assert read(of_plan({"detail": {"status": "scheduled", "description": "Bad"}})).report.follow_ups == ()


@pytest.mark.parametrize(
    ("disposition", "value", "words"),
    [
        (concept("home", "Hjem", "http://terminology.hl7.org/CodeSystem/discharge-disposition"), "home", "Hjem"),
        (concept("x", "Et sted"), None, "Et sted"),
    ],
)
def test_disposition_suggests_where_to(disposition: Json, value: str | None, words: str) -> None:
    made = report()
    resource_of(made, "Encounter")["hospitalization"] = {"dischargeDisposition": disposition}

    assert suggested(made) == [("destination", value, words)]


def test_device_in_use_suggests_aids_if_it_has_a_name() -> None:
    named = {"resourceType": "DeviceUseStatement", "device": {"display": "Rollator"}}

    assert suggested(report(a=named, b={"resourceType": "DeviceUseStatement"})) == [("need", "aids", "Rollator")]


def test_statements_stand_where_a_section_has_no_text() -> None:
    header = composition(section("47420-5", "Funktionsevne", None, "walk"), section("8650-4", "Ud", None, "gone"))
    walk = {"resourceType": "Observation", "status": "final", "code": concept("J3.8", "Går selv", FSIII)}

    assert suggested(report(header=header, walk=walk)) == [("functional-level", None, "Går selv")]
