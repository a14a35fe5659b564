"""R21 and R22: what the practice asks, and what it has to go through, is somebody's until it is answered."""

from __future__ import annotations

import pytest

from discharge.errors import MedicationError, TaskWaitsError
from discharge.task import Move
from services.persistence.boards import ward_board
from tests.factories import OTHER_WARD, PRACTICE, WARD
from tests.scenarios.people import Given, Hospital, Person, Ward
from tests.scenarios.story import Clock, Story, Then

IN_72_HOURS = "answer-72-hour-medicine-question"
AFTERWARDS = "answer-medicine-question"
ROUND = "reconcile-medication"
PACKS = "resume-dose-dispensing"


async def _left(given: Given, doctor: Ward, clock: Clock, *, services: str = "home-nursing") -> None:
    """Home on Friday with two medicines."""
    await given.admitted("mandag 16.11.2026 09.00", services=services)
    await clock.set("fredag 11.40")
    await doctor.lists_medicine("Metoprolol", "Pinex")
    await doctor.discharges()


def _made(story: Story, code: str) -> list[tuple[str, str]]:
    """Owner and state of each duty of that code, oldest first."""
    rows = story.rows("SELECT owner, status FROM task WHERE code = %(c)s ORDER BY created_at, id", c=code)
    return [(row["owner"], row["status"]) for row in rows]


async def test_r22_question_is_not_withdrawn_by_the_practice_while_a_line_asks(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")

    with pytest.raises(MedicationError, match="1 questions are not answered yet"):
        await gp.moves(IN_72_HOURS, Move.WITHDRAW, reason="Fejl")

    await then.owes(WARD, IN_72_HOURS, by="11.55", roles="ward doctor", rule="R22")


@pytest.mark.parametrize(
    ("what", "changes"), [(Move.REJECT, {"reason": "Ring til ambulatoriet"}), (Move.ASSIGN, {"owner": OTHER_WARD})]
)
async def test_r22_ward_does_not_give_away_a_question_that_nobody_else_can_answer(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then, what: Move, changes: dict[str, str]
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")

    with pytest.raises(MedicationError, match="1 questions are not answered yet"):
        await doctor.moves(IN_72_HOURS, what, **changes)

    await then.owes(WARD, IN_72_HOURS, by="11.55", roles="ward doctor", rule="R22")


async def test_r22_question_is_handed_to_a_colleague_of_the_ward(
    given: Given, doctor: Ward, gp: Person, clock: Clock
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")

    await doctor.moves(IN_72_HOURS, Move.ASSIGN)

    assert (await doctor.task(IN_72_HOURS)).assignee is not None


async def test_r22_open_question_is_owed_again_when_the_discharge_is_repeated(
    given: Given, ward: Ward, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")
    await ward.takes_the_discharge_back()
    await clock.set("fredag 15.00")

    await doctor.discharges()

    await then.owes(WARD, IN_72_HOURS, by="15.15", roles="ward doctor", rule="R22", asked_by=PRACTICE)
    then.never_asked(AFTERWARDS)


async def test_r22_question_that_was_answered_meanwhile_is_not_owed_again(
    story: Story, given: Given, ward: Ward, doctor: Ward, gp: Person, clock: Clock
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")
    await ward.takes_the_discharge_back()
    await doctor.answers_about_medicine("Metoprolol")

    await doctor.discharges()

    assert _made(story, IN_72_HOURS) == [(WARD, "cancelled")]


async def test_r22_open_question_is_owed_again_when_the_death_was_none(
    given: Given, hospital: Hospital, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await doctor.lists_medicine("Metoprolol")
    await hospital.tells("SLHJ")
    await gp.asks_about_medicine("Metoprolol")
    await clock.set("fredag 13.00")
    await hospital.tells("MORS")
    await then.is_taken_back(IN_72_HOURS, why="Borgeren er død")

    await hospital.tells("AN_MORS", about="MORS", deceased=None)

    await then.owes(WARD, IN_72_HOURS, by="13.15", roles="ward doctor", rule="R22", asked_by=PRACTICE)


async def test_r22_confirmed_discharge_asks_nobody_a_second_time(
    story: Story, given: Given, hospital: Hospital, doctor: Ward, gp: Person, clock: Clock
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")
    await doctor.takes_on(IN_72_HOURS)

    await hospital.tells("SLHJ")

    assert _made(story, IN_72_HOURS) == [(WARD, "accepted")]


async def test_r21_withdrawn_round_begins_again_with_a_new_line(
    story: Story, given: Given, ward: Ward, doctor: Ward, clock: Clock
) -> None:
    await _left(given, doctor, clock)
    await ward.moves(ROUND, Move.WITHDRAW, reason="Ikke nødvendigt")

    await doctor.lists_medicine("Metoprolol", "Pinex", "Marevan")

    assert _made(story, ROUND) == [(PRACTICE, "cancelled"), (PRACTICE, "requested")]


async def test_r14_waits_on_where_the_round_was_withdrawn_by_a_person(
    given: Given, ward: Ward, doctor: Ward, nurse: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock, services="home-nursing dose-dispensing")

    await ward.moves(ROUND, Move.WITHDRAW, reason="Ikke nødvendigt")
    await nurse.takes_on(PACKS)

    with pytest.raises(TaskWaitsError):
        await nurse.completes(PACKS)
    await nurse.completes_early(PACKS, "Givet efter hospitalets liste")
    then.is_done(PACKS)


@pytest.mark.parametrize("is_stated", [True, False])
async def test_r21_practice_is_asked_again_when_somebody_else_changes_the_line_it_asks_about(
    given: Given, doctor: Ward, gp: Person, nurse: Person, clock: Clock, then: Then, *, is_stated: bool
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")
    assert not (await gp.task(ROUND)).is_unanswered

    await (nurse.finds_taken("Metoprolol", "Pinex") if is_stated else nurse.opens_medicine("Metoprolol"))

    assert (await gp.task(ROUND)).is_unanswered
    await then.is_taken_back(IN_72_HOURS, why="Linjen er ændret: spørg igen, hvis spørgsmålet stadig står")


async def test_r22_question_after_a_repeated_discharge_is_within_the_new_72_hours(
    given: Given, ward: Ward, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await gp.completes("take-over-responsibility")
    await ward.takes_the_discharge_back()
    await clock.set("fredag 27.11.2026 11.00")
    await doctor.discharges()

    await gp.asks_about_medicine("Metoprolol")

    await then.owes(WARD, IN_72_HOURS, by="11.15", roles="ward doctor", rule="R22")
    then.never_asked(AFTERWARDS)


async def test_r32_three_rounds_of_one_owner_are_put_right_once(
    story: Story, given: Given, ward: Ward, doctor: Ward, gp: Person, clock: Clock
) -> None:
    await _left(given, doctor, clock)
    for names in (["Marevan"], ["Marevan", "Digoxin"], ["Furix"]):
        await gp.decides_medicine()
        await gp.completes(ROUND)
        await clock.set(f"fredag 12.{len(_made(story, ROUND)):02}")
        await doctor.lists_medicine("Metoprolol", "Pinex", *names)
    assert len(_made(story, ROUND)) > 2

    await ward.takes_the_discharge_back()

    assert _made(story, "act-already-taken") == [(PRACTICE, "requested")]


async def test_r31_nobody_asks_the_ward_about_the_medicine_of_the_dead(
    story: Story, given: Given, hospital: Hospital, ward: Ward, doctor: Ward, gp: Person, clock: Clock
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")
    assert await _board(story, ward) == [1]

    await clock.set("fredag 13.00")
    await hospital.tells("MORS")

    assert await _board(story, ward) == [0]
    await clock.set("lørdag 09.00")
    assert await _board(story, ward) == []


async def _board(story: Story, ward: Ward) -> list[int]:
    """How many questions each row of the ward's board shows."""
    async with story.store.reading(ward.caller) as session:
        return [row.asked for row in (await ward_board(session)).rows]
