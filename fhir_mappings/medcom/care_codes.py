"""Addresses and code systems of CareCommunication 3 to 5.

Source: MedCom CareCommunication 5.0.2; MedCom Core 3.0.1; MedCom Terminology 2.0.2.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "AUTHOR",
    "CARE_PROFILES",
    "CATEGORY_SYSTEM",
    "CONTACT",
    "CORE",
    "DEFINITION_5",
    "REPLACEMENT_SYSTEMS",
    "SEGMENT_AT",
    "SEGMENT_ID",
    "SENDER_CONTACT",
    "title_of",
]

CATEGORY_SYSTEM: Final = "http://medcomfhir.dk/ig/terminology/CodeSystem/medcom-careCommunication-categoryCodes"
CARE_PROFILES: Final = "http://medcomfhir.dk/ig/carecommunication/StructureDefinition"
DEFINITION_5: Final = (
    "http://medcomfhir.dk/ig/messagedefinitions/MessageDefinition/MedComCareCommunicationMessageDefinition|5"
)

CORE: Final = "http://medcomfhir.dk/ig/core/StructureDefinition"
SENDER_CONTACT: Final = f"{CORE}/medcom-core-sender-extension"
SEGMENT_AT: Final = f"{CORE}/medcom-core-datetime-extension"
SEGMENT_ID: Final = f"{CORE}/medcom-core-identifier-extension"
AUTHOR: Final = f"{CORE}/medcom-core-practitioner-extension"
CONTACT: Final = f"{CORE}/medcom-core-contact-extension"

REPLACEMENT_SYSTEMS: Final = ("urn:oid:1.2.208.176.1.6.1.1", "urn:oid:1.2.208.176.1.6.1.3")
"""Numbers in place of a CPR number: national, and regional with the region's number appended.

Source: dk-core 3.4.0, x-ecpr-identifier and d-ecpr-identifier.
"""

_TITLES: Final = {
    "afdelingslaege": "Afdelingslæge",
    "ambulancebehandler": "Ambulancebehandler",
    "apoteker": "Apoteker",
    "audilogiassistent": "Audiologiassistent",
    "audiologopaed": "Audiologopæd",
    "bandagist": "Bandagist",
    "behandlerfarmaceut": "Behandlerfarmaceut",
    "beskaeftigelsesvejleder": "Beskæftigelsesvejleder",
    "bioanalytiker": "Bioanalytiker",
    "cheflaege": "Cheflæge",
    "diaetist": "Diætist",
    "diaetistassistent": "Diætistassistent",
    "ergoterapeut": "Ergoterapeut",
    "farmaceut": "Farmaceut",
    "fodterapeut": "Fodterapeut",
    "fysioterapeut": "Fysioterapeut",
    "jordemoder": "Jordemoder",
    "kiropraktor": "Kiropraktor",
    "kliniskdiaetist": "Klinisk diætist",
    "klinisktandtekniker": "Klinisk tandtekniker",
    "laege": "Læge",
    "laegesekretaer": "Lægesekretær",
    "laerer": "Lærer",
    "ledendelaegesekretaer": "Ledende lægesekretær",
    "ledendesocialraadgiver": "Ledende socialrådgiver",
    "neurofysiologassistent": "Neurofysiologiassistent",
    "optiker": "Optiker",
    "optikerogoptometrist": "Optiker og optometrist",
    "osteopat": "Osteopat",
    "overlaege": "Overlæge",
    "paedagog": "Pædagog",
    "plejehjemsassistent": "Plejehjemsassistent",
    "plejer": "Plejer",
    "psykolog": "Psykolog",
    "psykoterapeut": "Psykoterapeut",
    "pyskolog": "Psykolog",
    "radiograf": "Radiograf",
    "skomager": "Skomager",
    "socialogsundhedsassistent": "Social- og sundhedsassistent",
    "socialogsundhedsmedhjaelper": "Social- og sundhedsmedhjælper",
    "socialogsundhedsmehjaelper": "Social- og sundhedsmedhjælper",
    "socialraadgiver": "Socialrådgiver",
    "speciallaege": "Speciallæge",
    "speciallaegeipraksis": "Speciallæge i praksis",
    "sundhedsplejerske": "Sundhedsplejerske",
    "sygehjaelper": "Sygehjælper",
    "sygehuslaege": "Sygehuslæge",
    "sygeplejerske": "Sygeplejerske",
    "sygeplejesekretaer": "Sygeplejesekretær",
    "sygeplejesekretear": "Sygeplejesekretær",
    "tandlaege": "Tandlæge",
    "tandplejer": "Tandplejer",
    "zoneterapeut": "Zoneterapeut",
}
"""Job titles in Danish; misspelt codes are copied as published.

Source: MedCom Terminology 2.0.2, ValueSet medcom-core-PractitionerRoles.
"""


def title_of(code: str) -> str:
    """The job title in words; an unknown code speaks for itself."""
    return _TITLES.get(code, code)
