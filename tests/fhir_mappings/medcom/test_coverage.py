"""Every demand of the profiles is held by a named rule, or stands here with the reason why by none."""

from __future__ import annotations

from typing import Final

import orjson

from fhir_mappings.medcom.profile_rules import NOTICE_PROFILE_RULES, RECEIPT_PROFILE_RULES
from fhir_mappings.medcom.rules import ACKNOWLEDGEMENT_RULES, NOTIFICATION_RULES, RULES
from tests.fhir_mappings.medcom.definitions import COVERAGE, DEFINITIONS, PROFILES, published

KEPT: Final[dict[str, list[str] | str]] = orjson.loads(COVERAGE.read_bytes())
DOOR: Final = {"stafet-id-legal", "stafet-bundle-type", "stafet-header-first", "stafet-sender-readable"}
"""Rules of `open_message`: before the acknowledgement point."""


def test_every_published_demand_is_listed() -> None:
    """Beside the published definitions the list is compared with them; elsewhere with its own profiles."""
    listed = published() if DEFINITIONS.is_dir() else list(KEPT)

    assert list(KEPT) == listed
    assert len(KEPT) == 333
    assert {each.split()[0] for each in KEPT} == set(PROFILES)


def test_every_demand_is_held_by_rules_that_exist() -> None:
    named = {rule for rules in KEPT.values() if isinstance(rules, list) for rule in rules}

    assert named <= RULES.keys() | DOOR
    assert all(KEPT.values())


def test_what_no_rule_holds_has_a_reason() -> None:
    reasons = [reason for reason in KEPT.values() if isinstance(reason, str)]

    assert all(len(reason) > 30 for reason in reasons)
    assert len(reasons) < len(KEPT) / 4


def test_every_line_of_the_tables_comes_from_a_profile() -> None:
    named = {rule for rules in KEPT.values() if isinstance(rules, list) for rule in rules}

    assert {each.id for each in (*NOTICE_PROFILE_RULES, *RECEIPT_PROFILE_RULES)} <= named


def test_every_demand_on_a_notification_or_a_receipt_is_held_where_it_is_read() -> None:
    asked = {each.id for each in (*NOTIFICATION_RULES, *ACKNOWLEDGEMENT_RULES)} | DOOR | {"stafet-event-supported"}

    for demand, rules in KEPT.items():
        assert isinstance(rules, str) or asked & set(rules), demand
