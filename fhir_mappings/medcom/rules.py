"""Every rule a message is held to, in the order in which they are looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from discharge.commands import Issue
from fhir_mappings.medcom.message import Message
from fhir_mappings.medcom.messaging_rules import MESSAGING_RULES, event_supported
from fhir_mappings.medcom.notice_rules import NOTICE_RULES
from fhir_mappings.medcom.rule import Rule

__all__ = ["NOTIFICATION_RULES", "RULES", "findings"]

NOTIFICATION_RULES: Final[tuple[Rule, ...]] = (*MESSAGING_RULES, *NOTICE_RULES)
"""What a hospital notification is held to."""

RULES: Final[dict[str, Rule]] = {each.id: each for each in (event_supported, *NOTIFICATION_RULES)}
"""All rules by id."""


def findings(message: Message, rules: Iterable[Rule]) -> tuple[Issue, ...]:
    """Where ``message`` breaks ``rules``."""
    return tuple(issue for each in rules for issue in each.findings(message))
