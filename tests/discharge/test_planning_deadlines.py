from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.agreement import (
    AUTHORITY,
    Anchor,
    Deadline,
    DeadlineKind,
    PartyName,
    PartySpan,
    Quiet,
    Since,
    Step,
    StepKind,
    Trigger,
)
from discharge.clock import COPENHAGEN, END_OF_DAY, OpeningHours, local
from discharge.context import MessageFacts
from discharge.identifiers import SorCode
from discharge.plan import DischargePlan
from discharge.planning import plan, resolve
from tests.discharge.planning import DAY, HOUR, MINUTE, context_of
from tests.factories import (
    HOSPITAL,
    MUNICIPALITY,
    NORTH,
    REGION,
    WARD,
    small_agreement,
    stay,
)


def _due(deadline: Deadline, **changes: object) -> datetime | None:
    """When a duty with this deadline is due; None when its rule waits."""
    rule = replace(small_agreement().rules[1], deadline=deadline, when=None, steps=())
    agreement = replace(small_agreement(), rules=(rule,), hours={"municipality": WORKING_HOURS})
    planned = plan(agreement, Trigger.STAY_BEGAN, context_of(stay(), **changes))
    return planned[0].due_at if planned else None


WORKING_HOURS = OpeningHours(time(8), time(15), working_days_only=True)
EVERY_DAY = OpeningHours(time(8), time(15))
FRIDAY_1430 = datetime(2026, 11, 20, 13, 30, tzinfo=UTC)


def test_twenty_four_hours_are_twenty_four_hours_when_the_clocks_change() -> None:
    before_winter = datetime(2026, 10, 24, 12, tzinfo=UTC)

    due = _due(Deadline(kind=DeadlineKind.ELAPSED, span=DAY), received_at=before_winter)

    assert due == before_winter + DAY


def test_a_clock_deadline_keeps_its_time_of_day_when_the_clocks_change() -> None:
    before_winter = datetime(2026, 10, 24, 12, tzinfo=UTC)  # 14:00 in Denmark
    deadline = Deadline(kind=DeadlineKind.CLOCK, days=1, at=time(14))

    assert _due(deadline, received_at=before_winter) == datetime(2026, 10, 25, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wall", "day", "instant"),
    [
        (time(2, 30), datetime(2026, 10, 25, 9, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (time(2, 30), datetime(2027, 3, 28, 9, tzinfo=UTC), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        (END_OF_DAY, datetime(2026, 10, 25, 9, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)),
    ],
    ids=["twice: the first counts", "skipped: as far after the change", "a day of 25 hours"],
)
def test_an_hour_that_comes_twice_or_never_is_one_instant(wall: time, day: datetime, instant: datetime) -> None:
    assert _due(Deadline(kind=DeadlineKind.CLOCK, at=wall), received_at=day) == instant


@pytest.mark.parametrize(
    ("sent", "due"),
    [
        (FRIDAY_1430 + timedelta(seconds=59), datetime(2026, 11, 20, 14, tzinfo=UTC)),
        (FRIDAY_1430 + MINUTE, datetime(2026, 11, 23, 14, tzinfo=UTC)),
        (FRIDAY_1430 + DAY, datetime(2026, 11, 23, 14, tzinfo=UTC)),
    ],
    ids=["in time", "a minute late", "on a Saturday"],
)
def test_what_is_sent_too_late_is_read_on_the_next_day_on_which_the_owner_reads(sent: datetime, due: datetime) -> None:
    deadline = Deadline(kind=DeadlineKind.READING, sent_by=time(14, 30), at=time(15))

    assert _due(deadline, received_at=sent) == due


def test_who_reads_every_day_reads_on_saturday_too() -> None:
    rule = replace(
        small_agreement().rules[1],
        when=None,
        deadline=Deadline(kind=DeadlineKind.READING, sent_by=time(14, 30), at=time(15)),
    )
    (planned,) = plan(
        replace(small_agreement(), rules=(rule,)),
        Trigger.STAY_BEGAN,
        context_of(stay(), received_at=FRIDAY_1430 + HOUR),
    )

    assert planned.due_at == datetime(2026, 11, 21, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "hours", "due"),
    [
        (WARD, {}, datetime(2026, 11, 21, 14, tzinfo=UTC)),
        (HOSPITAL, {}, datetime(2026, 11, 23, 14, tzinfo=UTC)),
        (WARD, {WARD: WORKING_HOURS}, datetime(2026, 11, 23, 14, tzinfo=UTC)),
        (HOSPITAL, {"asked": EVERY_DAY}, datetime(2026, 11, 21, 14, tzinfo=UTC)),
        (SorCode("99999999999"), {}, datetime(2026, 11, 21, 14, tzinfo=UTC)),
    ],
    ids=["a ward", "a clinic", "a ward with hours of its own", "as the agreement says of all", "nobody knows whom"],
)
def test_who_is_asked_on_friday_evening_reads_as_what_it_is(
    asked: SorCode, hours: dict[str, OpeningHours], due: datetime
) -> None:
    question = MessageFacts(
        category="other", is_urgent=False, is_reply=False, asker=MUNICIPALITY, asked=asked, from_kind=None, to_kind=None
    )
    rule = replace(
        small_agreement().rules[1],
        when=None,
        addressee="asked",
        deadline=Deadline(kind=DeadlineKind.READING, sent_by=time(14, 30), at=time(15)),
    )
    open_at = {"ward": EVERY_DAY, "hospital": WORKING_HOURS, **hours}
    (planned,) = plan(
        replace(small_agreement(), rules=(rule,), hours=open_at),
        Trigger.STAY_BEGAN,
        context_of(stay(), received_at=FRIDAY_1430 + HOUR, message=question),
    )

    assert (planned.owner, planned.due_at) == (asked, due)


@pytest.mark.parametrize(
    ("days", "expected", "due"),
    [
        (-1, datetime(2026, 11, 23, 10, tzinfo=UTC), datetime(2026, 11, 20, 11, tzinfo=UTC)),
        (1, datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2026, 11, 23, 11, tzinfo=UTC)),
        (-1, datetime(2027, 3, 30, 10, tzinfo=UTC), datetime(2027, 3, 24, 11, tzinfo=UTC)),
    ],
    ids=["before Monday", "after Friday", "before the Tuesday after Easter"],
)
def test_working_days_skip_weekends_and_closed_days_both_ways(days: int, expected: datetime, due: datetime) -> None:
    easter = frozenset({date(2027, 3, 25), date(2027, 3, 26), date(2027, 3, 29)})
    deadline = Deadline(kind=DeadlineKind.WORKING_DAYS, since=Since.EXPECTED_DISCHARGE, days=days, at=time(12))
    planned = stay(plan=DischargePlan(expected_discharge_at=expected))
    rule = replace(small_agreement().rules[1], deadline=deadline, when=None, steps=())
    agreement = replace(small_agreement(), rules=(rule,))

    (task,) = plan(agreement, Trigger.STAY_BEGAN, context_of(planned, closed_days=easter))

    assert task.due_at == due


def test_a_rule_waits_for_what_it_counts_from() -> None:
    assert _due(Deadline(kind=DeadlineKind.ELAPSED, since=Since.EXPECTED_DISCHARGE)) is None


def test_a_deadline_that_counts_from_the_plan_moves_with_it() -> None:
    first_visit = small_agreement().rules[2].deadline

    assert first_visit.moves_with(["need", "first-visit"])
    assert not first_visit.moves_with(["need", "expected-discharge"])
    assert Deadline(kind=DeadlineKind.IMMEDIATE, otherwise=first_visit).moves_with(["first-visit"])


def _rung(quiet: Quiet, received_at: datetime) -> tuple[datetime | None, SorCode]:
    step = Step(kind=StepKind.REMIND, span=HOUR, quiet=quiet)
    rule = replace(small_agreement().rules[1], when=None, steps=(step,))
    agreement = replace(
        small_agreement(),
        rules=(rule,),
        hours={"municipality": WORKING_HOURS},
        on_call={"municipality": "municipality-on-duty"},
    )
    (task,) = plan(agreement, Trigger.STAY_BEGAN, context_of(stay(), received_at=received_at))
    first, *_ = task.steps
    return first.at, first.organization


@pytest.mark.parametrize(
    ("quiet", "received_at", "rings_at", "at"),
    [
        (Quiet.RING, FRIDAY_1430, FRIDAY_1430 + HOUR, NORTH),
        (Quiet.WAIT, FRIDAY_1430, datetime(2026, 11, 23, 7, tzinfo=UTC), NORTH),
        (Quiet.ON_CALL, FRIDAY_1430, FRIDAY_1430 + HOUR, MUNICIPALITY),
        (Quiet.WAIT, FRIDAY_1430 - 4 * HOUR, FRIDAY_1430 - 3 * HOUR, NORTH),
        (Quiet.ON_CALL, FRIDAY_1430 - 4 * HOUR, FRIDAY_1430 - 3 * HOUR, NORTH),
    ],
)
def test_a_rung_outside_opening_hours_rings_waits_or_goes_to_who_is_on_call(
    quiet: Quiet, received_at: datetime, rings_at: datetime, at: SorCode
) -> None:
    assert _rung(quiet, received_at) == (rings_at, at)


def test_an_instant_of_its_own_is_a_rung_too() -> None:
    noon = Step(kind=StepKind.ESCALATE, anchor=Anchor.INSTANT, instant=Deadline(kind=DeadlineKind.CLOCK, at=time(12)))
    unknown = replace(noon, instant=Deadline(kind=DeadlineKind.ELAPSED, since=Since.TREATMENT_FINISHED))
    rule = replace(small_agreement().rules[1], when=None, steps=(noon, unknown))
    morning = datetime(2026, 11, 20, 8, tzinfo=UTC)

    def rungs(received_at: datetime) -> list[datetime | None]:
        (task,) = plan(
            replace(small_agreement(), rules=(rule,)), Trigger.STAY_BEGAN, context_of(stay(), received_at=received_at)
        )
        return [step.at for step in task.steps]

    assert rungs(morning) == [datetime(2026, 11, 20, 11, tzinfo=UTC)]
    assert rungs(morning + 5 * HOUR) == [morning + 5 * HOUR]


def test_a_reminder_whose_time_has_passed_is_left_out() -> None:
    soon = Step(kind=StepKind.REMIND, anchor=Anchor.DUE, span=-2 * HOUR)
    rule = replace(
        small_agreement().rules[1],
        when=None,
        steps=(soon,),
        deadline=Deadline(kind=DeadlineKind.ELAPSED, span=HOUR),
    )

    (task,) = plan(replace(small_agreement(), rules=(rule,)), Trigger.STAY_BEGAN, context_of(stay()))

    assert not list(task.steps)


@pytest.mark.parametrize(
    ("day", "party", "owner"),
    [
        (datetime(2026, 12, 31, 12, tzinfo=UTC), "acute-team", MUNICIPALITY),
        (datetime(2026, 12, 31, 12, tzinfo=UTC), f"acute-team{AUTHORITY}", MUNICIPALITY),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), "acute-team", MUNICIPALITY),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), f"acute-team{AUTHORITY}", REGION),
        (datetime(2028, 1, 1, tzinfo=UTC), "acute-team", WARD),
    ],
    ids=["run by", "answered for by", "still run by", "now answered for by", "by nobody: the ward keeps it"],
)
def test_who_answers_for_a_task_of_the_reform_switches_at_midnight(day: datetime, party: str, owner: SorCode) -> None:
    duty = PartyName.MUNICIPALITY_ON_DUTY
    spans = (
        PartySpan(operator=duty, authority=duty, valid_to=date(2026, 12, 31)),
        PartySpan(operator=duty, authority=PartyName.REGION, valid_from=date(2027, 1, 1), valid_to=date(2027, 12, 31)),
    )
    agreement = replace(small_agreement(), parties={"acute-team": spans})

    assert resolve(agreement, party, context_of(stay(), received_at=day)) == owner


@given(
    received_at=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - aware by timezones
    days=st.integers(-400, 400),
    wall=st.times(),
)
def test_a_clock_deadline_shows_its_time_on_its_day_on_every_danish_clock(
    received_at: datetime, days: int, wall: time
) -> None:
    due = _due(Deadline(kind=DeadlineKind.CLOCK, days=days, at=wall), received_at=received_at)

    assert due is not None
    shown, day = local(due), local(received_at).date() + timedelta(days=days)
    skipped = local(datetime.combine(day, wall, tzinfo=COPENHAGEN).astimezone(UTC)).time() != wall
    assert shown.date() == day
    assert shown.time() == wall or skipped
