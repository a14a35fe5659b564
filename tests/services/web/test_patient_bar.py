"""The bar above one patient: who answers for the treatment now, and why it is not the ward."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from discharge.policy import Role
from discharge.stay import StayState
from services.web.patient_bar import Bar, bar_of
from tests import factories_views as made
from tests.example_pages import Examples


def bar(code: str, **plan: Any) -> Bar:
    context = made.context(1)
    gone = replace(
        context.stay, state=StayState.ENDED, ended_at=made.at("10.00"), plan=replace(context.stay.plan, **plan)
    )
    return bar_of(replace(context, stay=gone), (), Examples(code).reader(Role.HOME_NURSE))


@pytest.mark.parametrize(
    ("plan", "da", "en"),
    [
        ({}, "", ""),
        (
            {"without_72_hours": "psychiatric"},
            "ingen 72 timer: psykiatrisk indlæggelse",
            "no 72 hours: psychiatric stay",
        ),
        (
            {"without_72_hours": "terminal"},
            "ingen 72 timer: døende, efter lægens beslutning",
            "no 72 hours: dying, by the doctor's decision",
        ),
        ({"destination": "hospice"}, "ingen 72 timer: på hospice", "no 72 hours: in a hospice"),
    ],
)
def test_everybody_reads_why_the_ward_does_not_answer_for_72_hours(plan: dict[str, Any], da: str, en: str) -> None:
    for code, words in (("da", da), ("en", en)):
        answers = bar(code, **plan).answers

        assert answers is not None
        assert answers.until == words


def test_who_reads_no_plan_is_told_where_the_patient_is_and_not_who_answers() -> None:
    context = made.context(1)
    gone = replace(context.stay, state=StayState.ENDED, ended_at=made.at("10.00"))

    shown = bar_of(replace(context, stay=gone), (), Examples().reader(Role.PHARMACIST))

    assert shown.answers is None
    assert shown.place == "Hjemme"
