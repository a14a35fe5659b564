"""Which stay of a citizen a list of medicine is about: the one it names, else the only one that it can be."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime

from discharge.identifiers import EncounterId, EpisodeOfCareId, StayId
from discharge.stay import Stay, StayState

__all__ = ["NamedStay", "stays_meant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedStay:
    """How a list names its stay: by an id of ours, or by what ties all messages of a course together."""

    encounter_id: EncounterId | None = None
    stay_id: StayId | None = None
    episodes: frozenset[EpisodeOfCareId] = frozenset()

    def is_exactly(self, stay: Stay) -> bool:
        """Tell whether an id of ours names ``stay``."""
        return stay.id == self.stay_id or any(each.id == self.encounter_id for each in stay.encounters)


def stays_meant(
    stays: Iterable[Stay], *, named: NamedStay | None, holds_at: datetime | None, alive: Container[StayId]
) -> tuple[Stay, ...]:
    """The stays that a list can be about: one is an answer, several are a question to its sender, none is none.

    Args:
        stays: those of the citizen that its sender reads.
        named: what the list says itself.
        holds_at: the time it is said to hold for; a stay that began later is not meant unless it is named.
        alive: the ended stays whose medicine is still gone through.
    """
    among = [each for each in stays if each.state is not StayState.CANCELLED]
    if named is None:
        since = [each for each in among if holds_at is None or each.began_at <= holds_at]
        return _latest([each for each in since if each.is_open or each.id in alive])
    exact = tuple(each for each in among if named.is_exactly(each))
    # Somebody who came back may have two stays under one id of the course.
    return exact or _latest([each for each in among if each.is_of(named.episodes)])


def _latest(among: list[Stay]) -> tuple[Stay, ...]:
    """Those that are open; else the one that ended last, with any that ran beside it."""
    running = tuple(each for each in among if each.is_open)
    if running or not among:
        return running
    last = max(among, key=_end)
    return tuple(each for each in among if each is last or _end(each) > last.began_at)


def _end(stay: Stay) -> datetime:
    return stay.ended_at or stay.began_at
