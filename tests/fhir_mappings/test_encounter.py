from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from discharge.identifiers import EncounterId, EpisodeOfCareId, PatientId, SorCode, StayId
from discharge.stay import Encounter, EncounterClass, Stay, StayState
from fhir_mappings import r4
from fhir_mappings.encounter import encounter_resources
from tests.fhir_mappings.tasks import AT, WARD


def stay(*episodes: EpisodeOfCareId) -> Stay:
    first = Encounter(id=EncounterId("e1"), encounter_class=EncounterClass.EMERGENCY, ward=WARD, started_at=AT)
    begun = Stay(
        id=StayId("stay-1"),
        patient_id=PatientId("p1"),
        receiver=None,
        hospital=SorCode("200000000000011"),
        ward=WARD,
        state=StayState.ACUTE,
        began_at=AT,
        encounters=(first,),
        episodes=episodes,
    )
    second = Encounter(
        id=EncounterId("e2"),
        encounter_class=EncounterClass.INPATIENT,
        ward=WARD,
        started_at=AT + timedelta(hours=3),
    )
    moved_at = AT + timedelta(hours=3)
    return replace(begun, state=StayState.ADMITTED, encounters=(replace(first, ended_at=moved_at), second))


def test_a_stay_is_shown_as_its_contacts_oldest_first() -> None:
    first, second = encounter_resources(stay(EpisodeOfCareId("urn:local", "7"), EpisodeOfCareId("", "8")))

    assert (first["id"], first["status"], first["period"]) == (
        "e1",
        "finished",
        {"start": "2026-11-20T10:40:00Z", "end": "2026-11-20T13:40:00Z"},
    )
    assert (second["status"], second["period"]) == ("in-progress", {"start": "2026-11-20T13:40:00Z"})
    assert second["identifier"] == [{"system": "urn:stafet:stay", "value": "stay-1"}]
    assert second["meta"] == {"versionId": "0"}
    assert second["episodeOfCare"] == [
        {"identifier": {"system": "urn:local", "value": "7"}},
        {"identifier": {"value": "8"}},
    ]
    for each in (first, second):
        r4.Encounter.model_validate(each)


def test_a_stay_begun_by_hand_has_no_episode() -> None:
    assert all("episodeOfCare" not in each for each in encounter_resources(stay()))


def test_a_contact_on_leave_and_one_that_never_was_say_so() -> None:
    known = stay()
    first, second = known.encounters
    on_leave = replace(known, state=StayState.ON_LEAVE, encounters=(replace(first, is_cancelled=True), second))

    assert [each["status"] for each in encounter_resources(on_leave)] == ["entered-in-error", "onleave"]
