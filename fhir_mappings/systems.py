"""Who issues which identifier or code: the ``system`` values that several mappings write."""

from __future__ import annotations

from typing import Final

__all__ = ["CLASS_SYSTEM", "CPR_SYSTEM", "GLN_SYSTEMS", "SOR_SYSTEM", "detail_system"]

CPR_SYSTEM: Final = "urn:oid:1.2.208.176.1.2"
SOR_SYSTEM: Final = "urn:oid:1.2.208.176.1.1"
GLN_SYSTEMS: Final = ("https://www.gs1.org/gln", "http://www.gs1.org/gln")
"""dk-core wrote https until 3.4 and http from 3.5: both are read, the first is written."""
CLASS_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

_MEDCOM_DETAIL_SYSTEM: Final = "http://medcomfhir.dk/ig/terminology/CodeSystem/medcom-acknowledgement-error-codes"
_HL7_DETAIL_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/operation-outcome"
# The last one is misspelt as published.
_MEDCOM_DETAILS: Final = frozenset(
    {
        "MSG_Receiver_Identifier_UNKNOWN",
        "MSG_Receiver_Identifier_MISSING",
        "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE",
        "MSG_VALUESET_VALUE_UNKNOWN",
        "MSG_CodeSystem_VALUE_UNKNOWN",
        "MSG_Element_To_Long",
        "MSG_Datatype_Wrong",
        "MSG_Mailbox_Out_Of_Operation",
        "MSG_Damaged_durin_transport",
    }
)


def detail_system(detail: str) -> str:
    """The code system of an issue detail: MedCom's own for its nine codes, else HL7's.

    Source: MedCom Terminology 2.0.2, ValueSet medcom-acknowledgement-issue-details.
    """
    return _MEDCOM_DETAIL_SYSTEM if detail in _MEDCOM_DETAILS else _HL7_DETAIL_SYSTEM
