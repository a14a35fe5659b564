"""Lists from record systems: taken in whole, or refused by rule and element, without telling who is known."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from discharge.policy import Role
from fhir_mappings import r4
from services.persistence.clock import wall_now
from tests.engines import Database
from tests.factories import CPR, FAMILY, HOSPITAL, MUNICIPALITY, NEIGHBOUR, OTHER_WARD, WARD
from tests.services.fhir_api.medication.course import (
    CPR_SYSTEM,
    Course,
    bundle,
    findings,
    metoprolol,
    pinex,
    statement,
)
from tests.services.fhir_api.tasks.outcomes import issue
from tests.services.installation import FHIR

ABSENT = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
LATER = timedelta(days=1)
EARLIER = timedelta(minutes=5)
"""After the citizen came to hospital."""


def rules(answer: httpx.Response) -> list[str]:
    """The rules of the findings, but for the one that always says which stay was meant."""
    found = [each["diagnostics"] for each in findings(answer)]
    found.remove("stafet-list-stay")
    return found


def cells(line: dict[str, Any]) -> list[str]:
    return [each["id"] for each in line["contained"]]


async def test_a_practice_says_what_is_taken_now(listed: Course) -> None:
    answer = await listed.send(listed.gp_system, bundle(metoprolol(2), statement("Furix 40 mg")))

    assert answer.status_code == 201, answer.text
    assert [cells(each["resource"]) for each in answer.json()["entry"][:-1]] == [
        ["before-1", "at-discharge-1", "now-1"],
        ["now-1"],
    ]
    assert rules(answer) == ["stafet-list-taken"]
    r4.require_shape(answer.json())
    lines = await listed.lines()
    assert [cells(line)[-1] for line in lines] == ["now-1", "at-discharge-1", "now-1"]
    assert answer.json()["entry"][0]["fullUrl"].endswith(f"/fhir/MedicationStatement/{lines[0]['id']}")


async def test_a_municipality_says_what_is_taken_now_and_a_hospital_what_goes_home(course: Course) -> None:
    now = await course.send(course.municipal_system, bundle(metoprolol()))
    home = await course.send(course.hospital_system, bundle(metoprolol()))

    assert (now.status_code, home.status_code) == (201, 201)
    assert [cells(line) for line in await course.lines()] == [["at-discharge-1", "now-1"]]


@pytest.mark.parametrize(("who", "column"), [("gp_system", "before"), ("hospital_system", "now")])
async def test_nobody_states_anothers_list(course: Course, who: str, column: str) -> None:
    answer = await course.send(getattr(course, who), bundle(metoprolol(), column=column))

    assert answer.status_code == 422
    assert issue(answer)["diagnostics"] == "stafet-list-column"
    assert issue(answer)["expression"] == ["Bundle.entry[0].resource.category.coding[0]"]
    assert await course.house.scalar("SELECT count(*) FROM medication_list") == 0


async def test_requests_and_a_patient_in_the_bundle_will_do(course: Course) -> None:
    request = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationReference": {"reference": "#m"},
        "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "Thyrax 100 µg"}}],
        "subject": {"reference": "urn:uuid:p"},
        "dosageInstruction": [{"text": "1-0-1"}],
    }
    patient = {"resourceType": "Patient", "identifier": [{"system": CPR_SYSTEM, "value": CPR.digits}]}
    content = bundle(request)
    content["entry"].append({"fullUrl": "urn:uuid:p", "resource": patient})

    answer = await course.send(course.gp_system, content)

    assert answer.status_code == 201, answer.text
    line = answer.json()["entry"][0]["resource"]
    assert line["medicationCodeableConcept"]["text"] == "Thyrax 100 µg"
    assert line["dosage"] == [{"sequence": 1, "text": "1-0-1"}]
    assert rules(answer) == ["stafet-list-taken", "stafet-line-dose"]


async def test_our_own_id_of_the_citizen_will_do(listed: Course) -> None:
    patient = (await listed.task())["for"]

    answer = await listed.send(listed.gp_system, bundle(pinex(subject=patient)))

    assert answer.status_code == 201, answer.text


async def test_unknown_codes_and_the_same_line_twice_are_kept(course: Course) -> None:
    local = statement("Naturmedicin")
    local["medicationCodeableConcept"]["coding"] = [{"system": "urn:nobody:knows", "code": "æ1"}]

    answer = await course.send(course.gp_system, bundle(local, local))

    (line,) = await course.lines()
    assert answer.status_code == 201
    assert cells(line) == ["now-1", "now-2"]
    assert line["medicationCodeableConcept"]["coding"] == [{"system": "urn:nobody:knows", "code": "æ1"}]


@pytest.mark.parametrize("code", ["no-known-medications", "no-medication-info"])
async def test_no_medicine_and_nothing_known_are_two_things(course: Course, code: str) -> None:
    none = statement("x", dose=None, medicationCodeableConcept={"coding": [{"system": ABSENT, "code": code}]})

    answer = await course.send(course.gp_system, bundle(none))
    silent = await course.send(course.gp_system, bundle())

    said = answer.json()["entry"][0]["resource"]["issue"][0]["details"]["text"]
    assert answer.status_code == 201
    assert ("none-known" in said, "not-known" in said) == (
        code == "no-known-medications",
        code != "no-known-medications",
    )
    assert (silent.status_code, issue(silent)["diagnostics"]) == (422, "stafet-list-empty")


async def test_the_same_bundle_again_changes_nothing(course: Course) -> None:
    content = bundle(metoprolol(), identifier={"system": "urn:x", "value": "42"})

    first = await course.send(course.gp_system, content)
    again = await course.send(course.gp_system, content)
    other = await course.send(course.gp_system, bundle(pinex(), identifier={"system": "urn:x", "value": "42"}))

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert again.json()["entry"][0] == first.json()["entry"][0]
    assert rules(again) == ["stafet-list-taken", "stafet-list-repeated"]
    assert issue(other)["expression"] == ["Bundle.identifier"]
    assert await course.house.scalar("SELECT count(*) FROM medication_list") == 1


async def test_an_older_list_is_kept_and_does_not_stand_in_the_newer_ones_place(course: Course) -> None:
    now = wall_now().replace(microsecond=0)
    await course.send(course.gp_system, bundle(metoprolol(), timestamp=now.isoformat()))

    late = await course.send(course.gp_system, bundle(pinex(), timestamp=(now - EARLIER).isoformat()))

    assert (late.status_code, rules(late)) == (201, ["stafet-list-taken", "stafet-list-older"])
    (line,) = await course.lines()
    assert line["medicationCodeableConcept"]["text"] == "Metoprolol 50 mg"


async def test_a_list_of_tomorrow_counts_from_when_it_came(course: Course) -> None:
    tomorrow = (wall_now() + LATER).isoformat(timespec="seconds")

    early = await course.send(course.gp_system, bundle(metoprolol(), timestamp=tomorrow))
    later = await course.send(course.gp_system, bundle(pinex()))

    assert rules(early) == ["stafet-list-taken", "stafet-list-time"]
    assert rules(later) == ["stafet-list-taken"]


async def test_who_is_known_is_not_told(course: Course) -> None:
    somebody = {"identifier": {"system": CPR_SYSTEM, "value": "0101509999"}}
    strangers = (
        course.house.token(Role.SYSTEM, NEIGHBOUR) | {"content-type": FHIR},
        course.house.token(Role.WARD, HOSPITAL, OTHER_WARD) | {"content-type": FHIR},
    )

    unknown = await course.send(course.gp_system, bundle(pinex(subject=somebody)))
    nobodys = await course.send(course.gp_system, bundle(pinex(subject={"reference": "Patient/x"})))
    others = [await course.send(each, bundle(pinex())) for each in strangers]

    assert {each.status_code for each in (unknown, nobodys, *others)} == {404}
    assert {str(each.json()["issue"]) for each in (nobodys, *others)} == {str(unknown.json()["issue"])}
    for each in (unknown, *others):
        assert FAMILY not in each.text
        assert CPR.digits not in each.text


async def test_a_visitator_states_no_medicine(course: Course) -> None:
    headers = course.house.token(Role.VISITATOR, MUNICIPALITY) | {"content-type": FHIR}

    assert (await course.send(headers, bundle(pinex()))).status_code == 403


async def test_a_doctor_may_send_a_list_in_person(course: Course) -> None:
    answer = await course.send(
        course.house.token(Role.DOCTOR, HOSPITAL, WARD) | {"content-type": FHIR}, bundle(pinex())
    )

    assert answer.status_code == 201, answer.text


async def test_five_hundred_lines_are_taken_and_more_than_a_thousand_are_not(course: Course) -> None:
    lines = [statement(f"Middel {number}") for number in range(1001)]

    many = await course.send(course.gp_system, bundle(*lines[:500]))
    more = await course.send(course.gp_system, bundle(*lines))

    assert (many.status_code, len(many.json()["entry"])) == (201, 501)
    assert (more.status_code, issue(more)["code"]) == (413, "too-costly")
    assert len(await course.lines()) == len((await course.task())["input"]) == 500


async def test_what_is_no_fhir_is_refused_by_element(course: Course) -> None:
    broken = pinex()
    broken["dosage"][0]["doseAndRate"][0]["doseQuantity"]["value"] = "1,5"

    answer = await course.send(course.gp_system, bundle(pinex(), broken))

    assert answer.status_code == 400
    assert issue(answer)["expression"] == ["Bundle.entry[1].resource.dosage[0].doseAndRate[0].doseQuantity.value"]


async def test_a_list_is_audited_with_its_stay_and_heard_of_on_the_feeds(course: Course, database: Database) -> None:
    await course.send(course.municipal_system, bundle(pinex()))

    assert ("state-medication", "POST /fhir/Bundle", 200, 1) in await course.house.audited(database.admin_url)
    heard = "SELECT count(DISTINCT feed_id) FROM feed_entry WHERE event = 'medication-changed'"
    assert await course.house.scalar(heard) >= 3
