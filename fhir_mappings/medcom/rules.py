"""Every rule a message is held to, in the order in which they are looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from discharge.commands import Issue
from fhir_mappings.medcom.care_communication_rules import CARE_MESSAGE_RULES
from fhir_mappings.medcom.care_people_rules import CARE_PEOPLE_RULES
from fhir_mappings.medcom.care_segment_rules import CARE_SEGMENT_RULES
from fhir_mappings.medcom.identifier_rules import CITIZEN_RULES, ORGANIZATION_RULES
from fhir_mappings.medcom.message import Message
from fhir_mappings.medcom.messaging_rules import MESSAGING_RULES, event_supported
from fhir_mappings.medcom.notice_rules import NOTICE_RULES
from fhir_mappings.medcom.profile_rules import NOTICE_PROFILE_RULES, RECEIPT_PROFILE_RULES
from fhir_mappings.medcom.receipt_rules import RECEIPT_RULES
from fhir_mappings.medcom.rule import Rule

__all__ = ["ACKNOWLEDGEMENT_RULES", "CARE_RULES", "NOTIFICATION_RULES", "RULES", "findings"]

NOTIFICATION_RULES: Final[tuple[Rule, ...]] = (
    *MESSAGING_RULES,
    *NOTICE_RULES,
    *NOTICE_PROFILE_RULES,
    *ORGANIZATION_RULES,
    *CITIZEN_RULES,
)
"""What a hospital notification is held to."""

ACKNOWLEDGEMENT_RULES: Final[tuple[Rule, ...]] = (
    *MESSAGING_RULES,
    *RECEIPT_RULES,
    *RECEIPT_PROFILE_RULES,
    *ORGANIZATION_RULES,
)
"""What a receipt is held to, somebody else's and our own."""

CARE_RULES: Final[tuple[Rule, ...]] = (
    *MESSAGING_RULES,
    *CARE_MESSAGE_RULES,
    *CARE_PEOPLE_RULES,
    *CARE_SEGMENT_RULES,
)
"""What a care communication is held to."""

_ALL: Final = (event_supported, *NOTIFICATION_RULES, *ACKNOWLEDGEMENT_RULES, *CARE_RULES)

RULES: Final[dict[str, Rule]] = {each.id: each for each in _ALL}
"""All rules by id."""


def findings(message: Message, rules: Iterable[Rule]) -> tuple[Issue, ...]:
    """Where ``message`` breaks ``rules``."""
    return tuple(issue for each in rules for issue in each.findings(message))
