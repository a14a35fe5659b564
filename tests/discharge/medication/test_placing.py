"""Which stay a list is about: the one it names, else the only one that it can be."""

from __future__ import annotations

from datetime import datetime, timedelta

from discharge.identifiers import EncounterId, EpisodeOfCareId, StayId
from discharge.medication.placing import NamedStay, stays_meant
from discharge.stay import Stay, StayState
from tests import factories
from tests.factories import NOW

DAY = timedelta(days=1)
NOBODYS = NamedStay(encounter_id=EncounterId("nobodys"), stay_id=StayId("nobodys"))


def stay(days_ago: float, ended: float | None = None, **changes: object) -> Stay:
    """A stay that began and ended so many days ago."""
    state = StayState.ADMITTED if ended is None else StayState.ENDED
    end = None if ended is None else NOW - ended * DAY
    return factories.stay(**({"began_at": NOW - days_ago * DAY, "ended_at": end, "state": state} | changes))


def meant(
    *stays: Stay, named: NamedStay | None = None, holds_at: datetime | None = None, alive: bool = True
) -> list[Stay]:
    living = frozenset(each.id for each in stays) if alive else frozenset()
    return [*stays_meant(stays, named=named, holds_at=holds_at, alive=living)]


def test_the_open_stay_is_meant_whatever_ended_before() -> None:
    ended, running = stay(9, 1), stay(1)

    assert meant(ended, running) == [running]


def test_two_open_stays_are_a_question() -> None:
    one, other = stay(3), stay(1)

    assert meant(one, other) == [one, other]


def test_without_an_open_stay_the_last_that_ended_is_meant_while_its_medicine_is_gone_through() -> None:
    first, last = stay(9, 8), stay(3, 2)

    assert meant(first, last) == [last]
    assert meant(first, last, alive=False) == []
    assert meant() == []


def test_of_ended_stays_that_ran_side_by_side_none_is_the_last() -> None:
    one, beside, before = stay(5, 2), stay(4, 1), stay(9, 5)

    assert meant(before, one, beside) == [one, beside]


def test_a_stay_that_ended_as_it_began_is_meant_as_any_other() -> None:
    short = stay(1, 1)

    assert meant(short) == [short]


def test_a_stay_that_began_after_the_lists_time_is_not_meant() -> None:
    first, running = stay(9, 8), stay(1)

    assert meant(first, running, holds_at=NOW - 2 * DAY) == [first]
    assert meant(running, holds_at=NOW - 2 * DAY) == []
    assert meant(running, holds_at=running.began_at) == [running]


def test_what_never_was_is_never_meant() -> None:
    cancelled = stay(1, state=StayState.CANCELLED)

    assert meant(cancelled) == []
    assert meant(cancelled, named=NamedStay(stay_id=cancelled.id)) == []


def test_the_named_stay_is_meant_however_old_and_whatever_else_is_open() -> None:
    old, running = stay(90, 80, episodes=(factories.episode("AB-1"),)), stay(1)
    names = (
        NamedStay(stay_id=old.id),
        NamedStay(encounter_id=old.encounters[0].id),
        NamedStay(episodes=frozenset({EpisodeOfCareId("urn:whatever", "urn:uuid:ab1")})),
    )

    assert [meant(old, running, named=each, holds_at=NOW - 99 * DAY, alive=False) for each in names] == [[old]] * 3


def test_an_unknown_name_means_no_stay() -> None:
    assert meant(stay(1), named=NOBODYS) == []
    assert meant(stay(1), named=NamedStay(episodes=frozenset({factories.episode("nobodys")}))) == []


def test_of_two_stays_under_one_episode_the_later_is_meant_and_our_own_id_decides() -> None:
    course = factories.episode("course")
    first, again = stay(9, 8, episodes=(course,)), stay(3, 2, episodes=(course,))
    named = NamedStay(episodes=frozenset({course}))

    assert meant(first, again, named=named) == [again]
    assert meant(first, again, named=NamedStay(stay_id=first.id, episodes=named.episodes)) == [first]
