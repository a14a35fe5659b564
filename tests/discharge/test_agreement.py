from dataclasses import replace
from datetime import date

import pytest

from discharge.agreement import Consequence, Deadline, DeadlineKind, HealthAgreement, Since, Trigger
from discharge.identifiers import RuleId
from tests.factories import small_agreement


@pytest.mark.parametrize(
    ("day", "valid"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), False),
    ],
)
def test_an_agreement_holds_from_its_first_day_through_its_last(day: date, *, valid: bool) -> None:
    agreement = HealthAgreement(
        id="a",
        version="1",
        title="t",
        regions=frozenset(),
        valid_from=date(2026, 1, 1),
        valid_to=date(2026, 12, 31),
        rules=(),
    )

    assert agreement.is_valid_on(day) is valid
    assert replace(agreement, valid_to=None).is_valid_on(date(2099, 1, 1))


def test_rules_are_found_by_the_event_they_answer_and_by_what_they_make() -> None:
    agreement = small_agreement()

    assert [rule.code for rule in agreement.answering(Trigger.STAY_BEGAN)] == [
        "send-admission-report",
        "pause-services",
    ]
    assert agreement.answering(Trigger.PLAN_REVISED) == ()
    found = agreement.rule(RuleId("R20"), "read-discharge-letter")
    assert found is not None
    assert found.id == "R20"
    assert agreement.rule(RuleId("R20"), "pause-services") is None


def test_an_event_concerns_the_duties_of_rules_that_it_ends_renews_or_moves_and_no_others() -> None:
    first, second, third, *others = small_agreement().rules
    first = replace(first, voided_by=Consequence(on=frozenset({Trigger.TASK_COMPLETED})))
    second = replace(second, completed_by=None, voided_by=None, renewed_by=None)
    second = replace(second, deadline=Deadline(kind=DeadlineKind.ELAPSED, since=Since.EXPECTED_DISCHARGE))
    agreement = replace(small_agreement(), rules=(first, second, third, *others))

    def concerned(trigger: Trigger) -> list[bool]:
        return [agreement.concerned(trigger, *rule.key) is rule for rule in (first, second)]

    assert concerned(Trigger.TASK_COMPLETED) == [True, False]
    assert concerned(Trigger.PLAN_REVISED) == [False, True]
    assert concerned(Trigger.ADMITTED) == [False, False]
    assert agreement.concerned(Trigger.TASK_COMPLETED, None, first.code) is None
