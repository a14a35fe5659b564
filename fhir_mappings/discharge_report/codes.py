"""Codes of discharge reports, kept as data: they may still change.

Source: HL7 Europe Discharge Report 0.1.0 and Hospital Discharge Report 1.0.0; LOINC; eu-discharge-report digest 3.1
and 4; codes that published documents carry beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from discharge.documents.report import SUMMARY, SectionKind
from discharge.medication.lists import Column
from discharge.plan import Need

__all__ = [
    "COLUMNS",
    "DESTINATIONS",
    "DOCUMENT_TYPES",
    "ENCOUNTER_STATUSES",
    "FSIII",
    "LOINC",
    "SECTIONS",
    "TYPES",
    "need_of",
]

LOINC: Final = "http://loinc.org"
FSIII: Final = "urn:oid:1.2.208.176.2.21"
TYPES: Final = frozenset({"18842-5", "34105-7", "59258-4", "11490-0", "28655-9", "34106-5", "34745-0"})
"""Composition.type of what is a discharge report."""
DOCUMENT_TYPES: Final = TYPES | {SUMMARY}
"""Composition.type of what is filed: a patient summary is no report, it says what was taken before the stay."""
_K = SectionKind
SECTIONS: Final[Mapping[str, SectionKind]] = {
    "104605-1": _K.ALERT,
    "67851-6": _K.ADMISSION,
    "67852-4": _K.ADMISSION,
    "8716-3": _K.VITAL_SIGNS,
    "29545-1": _K.FINDINGS,
    "47420-5": _K.FUNCTION,
    "18842-5": _K.SUMMARY,
    "8648-8": _K.COURSE,
    "67781-5": _K.COURSE,
    "11535-2": _K.DIAGNOSES,
    "10185-7": _K.PROCEDURES,
    "47519-4": _K.PROCEDURES,
    "46264-8": _K.DEVICES,
    "57080-4": _K.DEVICES_NEW,
    "10160-0": _K.MEDICINE_BEFORE,
    "8677-7": _K.MEDICINE_BEFORE,
    "42346-7": _K.MEDICINE_BEFORE,
    "87232-5": _K.MEDICINE_IN_HOSPITAL,
    "75311-1": _K.MEDICINE_AT_DISCHARGE,
    "10183-2": _K.MEDICINE_AT_DISCHARGE,
    "30954-2": _K.RESULTS,
    "18776-5": _K.PLAN,
    "48765-2": _K.ALLERGIES,
    "11329-0": _K.HISTORY,
    "11348-0": _K.HISTORY,
    "10157-6": _K.HISTORY,
    "35090-0": _K.HISTORY,
    "11367-0": _K.HISTORY,
    "10162-6": _K.HISTORY,
    "10182-4": _K.HISTORY,
    "57074-7": _K.HISTORY,
    "11450-4": _K.DIAGNOSES,
    "11369-6": _K.IMMUNIZATIONS,
    "8650-4": _K.DEPARTURE,
    "8653-8": _K.INSTRUCTIONS,
    "29762-2": _K.SOCIAL,
    "77599-9": _K.FILES,
}
"""LOINC code of a section -> what it is about. Titles are free and in any language: nothing is decided by them."""
COLUMNS: Final[Mapping[SectionKind, Column]] = {
    _K.MEDICINE_BEFORE: Column.BEFORE,
    _K.MEDICINE_IN_HOSPITAL: Column.IN_HOSPITAL,
    _K.MEDICINE_AT_DISCHARGE: Column.AT_DISCHARGE,
}
ENCOUNTER_STATUSES: Final = frozenset(
    {
        "planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error",
        "unknown", "completed",
    }
)  # fmt: skip
"""Of R4, and ``completed`` of R5, which all generated documents carry."""
DESTINATIONS: Final[Mapping[str, str]] = {
    "home": "home",
    "alt-home": "home",
    "hosp": "hospice",
    "long": "care-home",
    "rehab": "rehabilitation",
    "snf": "care-home",
}
"""Codes of http://terminology.hl7.org/CodeSystem/discharge-disposition that our plan has a word for."""
_NEEDS: Final = (
    ("H1c", Need.MEALS),
    ("H1.10", Need.MEALS),
    ("H1.11", Need.MEALS),
    ("H2.7", Need.MEALS),
    ("H1b", Need.PRACTICAL_HELP),
    ("H1.7", Need.PRACTICAL_HELP),
    ("H1.8", Need.PRACTICAL_HELP),
    ("H1.9", Need.PRACTICAL_HELP),
    ("H1.12", Need.PRACTICAL_HELP),
    ("H2.3", Need.PRACTICAL_HELP),
    ("H2.6", Need.PRACTICAL_HELP),
    ("H2.9", Need.PRACTICAL_HELP),
    ("H2.11", Need.PRACTICAL_HELP),
    ("H1", Need.PERSONAL_CARE),
    ("H2", Need.PERSONAL_CARE),
    ("H5", Need.REHABILITATION),
    ("H6", Need.REHABILITATION),
    ("G1.23", Need.TRAINING),
    ("G1", Need.HOME_NURSING),
)
"""FSIII interventions -> need: an exact code first, else the group that it belongs to."""


def need_of(code: str) -> Need | None:
    """The need that an FSIII intervention stands for; None when it stands for none of ours."""
    exact = next((need for known, need in _NEEDS if known == code), None)
    return exact or next((need for known, need in _NEEDS if known == code.partition(".")[0]), None)
