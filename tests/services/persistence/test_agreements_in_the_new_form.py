"""What migration 0010 makes of an agreement that was stored in the first form."""

import importlib
from datetime import timedelta
from typing import Any

import pytest

from discharge.agreement import DeadlineKind, Since
from discharge.agreement_format import parse_agreement
from discharge.clock import END_OF_DAY
from tests.factories import small_document

migration = importlib.import_module("services.persistence.migrations.versions.0010_agreements_in_the_new_form")


def _old(**changes: Any) -> dict[str, Any]:
    rule = {
        "id": "R17",
        "source": "here",
        "trigger": "discharged",
        "when": ["municipality-is-party", "report-of-admission-requested"],
        "addressee": "municipality",
        "roles": ["home-nurse"],
        "code": "resume-services",
        "title": {"da": "Start igen", "en": "Resume"},
        "content": "plan",
        "deadline": {"kind": "first-visit"},
    }
    return {
        "id": "old",
        "version": "1",
        "title": "Den gamle",
        "regions": ["DK-83"],
        "valid-from": "2020-01-01",
        "rules": [rule | changes],
    }


def test_a_rule_of_the_first_form_means_the_same_in_the_new_one() -> None:
    (rule,) = parse_agreement(migration.converted(_old())).rules

    assert rule.when is not None
    assert rule.when.text == "stay.municipality_is_party && stay.report_requested"
    assert rule.when.holds({"stay.municipality_is_party": True, "stay.report_requested": True})
    assert not rule.when.holds({"stay.municipality_is_party": True, "stay.report_requested": False})
    assert (rule.deadline.since, rule.deadline.otherwise is not None) == (Since.FIRST_VISIT, True)


@pytest.mark.parametrize(
    ("deadline", "kind", "span", "days"),
    [
        ({"kind": "departure"}, DeadlineKind.ELAPSED, timedelta(), 0),
        ({"kind": "elapsed-since-discharge", "span": "PT72H"}, DeadlineKind.ELAPSED, timedelta(hours=72), 0),
        ({"kind": "end-of-day", "days": 3}, DeadlineKind.CLOCK, timedelta(), 3),
    ],
)
def test_every_kind_of_deadline_is_put_over(
    deadline: dict[str, object], kind: DeadlineKind, span: timedelta, days: int
) -> None:
    (rule,) = parse_agreement(migration.converted(_old(deadline=deadline, when=[]))).rules

    assert rule.when is None
    assert (rule.deadline.kind, rule.deadline.since) == (kind, Since.DISCHARGE)
    assert (rule.deadline.span, rule.deadline.days) == (span, days)
    assert rule.deadline.at == (END_OF_DAY if kind is DeadlineKind.CLOCK else None)


def test_what_is_in_the_new_form_stays_as_it_is() -> None:
    document = small_document()

    assert migration.converted(document) == document
    assert migration.converted({"kind": "overlay", "changes": []}) == {"kind": "overlay", "changes": []}
