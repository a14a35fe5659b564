"""The hospital contacts of a stay as Encounters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from discharge.identifiers import EpisodeOfCareId, SorCode
from discharge.stay import Encounter, EncounterClass, Stay, StayState
from fhir_mappings.elements import Element, JsonObject
from fhir_mappings.instants import write_instant
from fhir_mappings.outcomes import narrative
from fhir_mappings.systems import CLASS_SYSTEM, SOR_SYSTEM

__all__ = ["STAY_SYSTEM", "encounter_resource", "encounter_resources", "episodes_of", "organization_reference"]

STAY_SYSTEM: Final = "urn:stafet:stay"

_CLASS_TEXT: Final = {
    EncounterClass.INPATIENT: "inpatient encounter",
    EncounterClass.EMERGENCY: "emergency",
}


def encounter_resources(stay: Stay) -> tuple[JsonObject, ...]:
    """All hospital contacts of ``stay``, oldest first."""
    return tuple(encounter_resource(stay, encounter) for encounter in stay.encounters)


def encounter_resource(stay: Stay, encounter: Encounter) -> JsonObject:
    """One hospital contact of ``stay``. Its version is that of the ward's plan, the ETag of ``$plan``.

    Not carried: the plan itself (the tasks made from it carry what each receiver must do).
    """
    period: JsonObject = {"start": write_instant(encounter.started_at)}
    if encounter.ended_at is not None:
        period["end"] = write_instant(encounter.ended_at)
    resource: JsonObject = {
        "resourceType": "Encounter",
        "id": encounter.id,
        "meta": {"versionId": str(stay.plan.version)},
        "text": narrative(_CLASS_TEXT[encounter.encounter_class]),
        "identifier": [{"system": STAY_SYSTEM, "value": stay.id}],
        "status": _status(stay, encounter),
        "class": {"system": CLASS_SYSTEM, "code": encounter.encounter_class.value},
        "subject": {"reference": f"Patient/{stay.patient_id}"},
        "period": period,
        "serviceProvider": organization_reference(encounter.ward),
    }
    if stay.episodes:
        resource["episodeOfCare"] = [
            {"identifier": {"system": each.system, "value": each.value} if each.system else {"value": each.value}}
            for each in stay.episodes
        ]
    return resource


def episodes_of(encounter: Element, resolve: Callable[[Element], Element]) -> Iterator[EpisodeOfCareId]:
    """The ids in an Encounter of somebody else's that may be those of a stay, which its notices bear, too.

    Args:
        encounter: the resource.
        resolve: finds what a Reference points at.
    """
    named = [*encounter.all("identifier")]
    for reference in encounter.all("episodeOfCare"):
        named += [reference["identifier"], *resolve(reference).all("identifier")]
    for identifier in named:
        value = identifier.text("value")
        if value is not None:
            yield EpisodeOfCareId(identifier.text("system") or "", value)


def _status(stay: Stay, encounter: Encounter) -> str:
    """FHIR R4, EncounterStatus."""
    if encounter.is_cancelled:
        return "entered-in-error"
    if encounter.ended_at is not None:
        return "finished"
    return "onleave" if stay.state is StayState.ON_LEAVE else "in-progress"


def organization_reference(sor: SorCode) -> JsonObject:
    """A Reference to an organisation by id and by SOR code."""
    return {"reference": f"Organization/{sor}", "identifier": {"system": SOR_SYSTEM, "value": sor}}
