"""Codes to which profiles bind elements, as far as no other module has them.

Source: FHIR R4 4.0.1; MedCom Terminology 2.0.2; dk-core 3.4.0 (municipality codes).
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ADDRESS_TYPES",
    "ADDRESS_USES",
    "CONTACT_SYSTEMS",
    "CONTACT_USES",
    "ENCOUNTER_STATUS_HISTORY",
    "ENTITY_ROLES",
    "GENDERS",
    "HTTP_VERBS",
    "IDENTIFIER_USES",
    "ISSUE_SEVERITIES",
    "ISSUE_TYPES",
    "LINK_TYPES",
    "MUNICIPALITIES",
    "NAME_USES",
    "RECEIPT_DETAILS",
    "RESPONSE_CODES",
    "SEARCH_MODES",
]


def _codes(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


SEARCH_MODES: Final = frozenset({"match", "include", "outcome"})
HTTP_VERBS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"})
RESPONSE_CODES: Final = frozenset({"ok", "transient-error", "fatal-error"})
ENCOUNTER_STATUS_HISTORY: Final = _codes(
    """
    planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown
    """
)
ENTITY_ROLES: Final = frozenset({"derivation", "revision", "quotation", "source", "removal"})
IDENTIFIER_USES: Final = frozenset({"usual", "official", "temp", "secondary", "old"})
NAME_USES: Final = frozenset({"usual", "official", "temp", "nickname", "anonymous", "old", "maiden"})
GENDERS: Final = frozenset({"male", "female", "other", "unknown"})
ADDRESS_USES: Final = frozenset({"home", "work", "temp", "old", "billing"})
ADDRESS_TYPES: Final = frozenset({"postal", "physical", "both"})
LINK_TYPES: Final = frozenset({"replaced-by", "replaces", "refer", "seealso"})
CONTACT_SYSTEMS: Final = frozenset({"phone", "fax", "email", "pager", "url", "sms", "other"})
CONTACT_USES: Final = frozenset({"home", "work", "temp", "old", "mobile"})
ISSUE_SEVERITIES: Final = frozenset({"fatal", "error", "warning", "information"})
ISSUE_TYPES: Final = _codes(
    """
    invalid structure required value invariant security login unknown expired forbidden suppressed processing
    not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly
    business-rule conflict transient lock-error no-store exception timeout incomplete throttled informational
    """
)
RECEIPT_DETAILS: Final = _codes(
    """
    MSG_ID_INVALID MSG_ID_TOO_LONG MSG_BAD_FORMAT MSG_BAD_SYNTAX MSG_DATE_FORMAT MSG_DUPLICATE_ID
    MSG_INVALID_ID MSG_JSON_OBJECT MSG_LOCAL_FAIL MSG_NO_MATCH MSG_NO_EXIST MSG_NO_SUMMARY MSG_PARAM_INVALID
    MSG_PARAM_NO_REPEAT MSG_PARAM_UNKNOWN MSG_RESOURCE_ID_MISMATCH MSG_RESOURCE_ID_FAIL
    MSG_RESOURCE_ID_MISSING MSG_RESOURCE_NOT_ALLOWED MSG_RESOURCE_REQUIRED MSG_RESOURCE_TYPE_MISMATCH
    MSG_TRANSACTION_DUPLICATE_ID MSG_TRANSACTION_MISSING_ID MSG_UNKNOWN_TYPE MSG_VERSION_AWARE
    MSG_VERSION_AWARE_CONFLICT MSG_VERSION_AWARE_URL MSG_WRONG_NS MSG_Receiver_Identifier_UNKNOWN
    MSG_Receiver_Identifier_MISSING MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE MSG_VALUESET_VALUE_UNKNOWN
    MSG_CodeSystem_VALUE_UNKNOWN MSG_Element_To_Long MSG_Datatype_Wrong MSG_Mailbox_Out_Of_Operation
    MSG_Damaged_durin_transport
    """
)
MUNICIPALITIES: Final = _codes(
    """
    0101 0147 0151 0153 0155 0157 0159 0161 0163 0165 0167 0169 0173 0175 0183 0185 0187 0190 0201 0210 0217
    0219 0223 0230 0240 0250 0253 0259 0260 0265 0269 0270 0306 0316 0320 0326 0329 0330 0336 0340 0350 0360
    0370 0376 0390 0400 0410 0411 0420 0430 0440 0450 0461 0479 0480 0482 0492 0510 0530 0540 0550 0561 0563
    0573 0575 0580 0607 0615 0621 0630 0657 0661 0665 0671 0706 0707 0710 0727 0730 0740 0741 0746 0751 0756
    0760 0766 0773 0779 0787 0791 0810 0813 0820 0825 0840 0846 0849 0851 0860
    """
)
