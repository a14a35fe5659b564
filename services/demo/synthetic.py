"""Lifelike stays by chance: who is admitted where, what the ward does, and how quickly people answer.

The same seed makes the same stays; ids of messages and courses are new each time, as a hospital's are.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Final

from discharge.directory import Directory, Organization, OrganizationKind
from discharge.patient import Patient
from discharge.plan import Need

__all__ = ["Ending", "Fate", "Script", "scripts"]

_UNKNOWN_SHARE: Final = 0.12
_FAMILIES: Final = ("Simulesen", "Tilfældsen", "Øvebjerg", "Slumpgaard", "Terningby", "Lodtrup", "Vilkaarsen")
_WEIGHTS: Final = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
"""Weights of modulus 11: an invented number fails it, so that it is nobody's."""


class Ending(Enum):
    """How a stay ends."""

    MESSAGE = "message"
    CLICK = "click"
    BOTH = "both"
    OPEN = "open"
    """Not yet."""


class Fate(Enum):
    """How far a duty gets."""

    IGNORED = "ignored"
    SEEN = "seen"
    ACCEPTED = "accepted"
    STARTED = "started"
    DONE = "done"
    REJECTED = "rejected"


_ENDINGS: Final = ((Ending.MESSAGE, 55), (Ending.CLICK, 25), (Ending.BOTH, 10), (Ending.OPEN, 10))
_FATES: Final = (
    (Fate.IGNORED, 14),
    (Fate.SEEN, 14),
    (Fate.ACCEPTED, 20),
    (Fate.STARTED, 8),
    (Fate.DONE, 38),
    (Fate.REJECTED, 6),
)
_ENDING_KINDS: Final = tuple(kind for kind, _ in _ENDINGS)
_ENDING_WEIGHTS: Final = tuple(weight for _, weight in _ENDINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One stay, before it is played."""

    number: int
    cpr: str
    family: str
    given: tuple[str, ...]
    is_known: bool
    """False: nobody gives this citizen a service."""
    ward: Organization
    hospital: Organization
    municipality: Organization
    began_before: timedelta
    """How long before now the citizen came."""
    comes_acute: bool
    resends: frozenset[str]
    """The messages that are sent twice, as after a lost answer: ``start`` and ``end``."""
    needs: frozenset[Need] | None
    """None: the ward makes no plan."""
    ending: Ending
    chance: random.Random
    """For what is decided while it is played."""

    def fate(self) -> Fate:
        """How far the next duty gets."""
        return self.chance.choices([fate for fate, _ in _FATES], [weight for _, weight in _FATES])[0]


def scripts(directory: Directory, citizens: Sequence[Patient], *, stays: int, seed: int) -> Iterator[Script]:
    """``stays`` stays of ``citizens``, and of some that nobody knows.

    Args:
        directory: hospitals, wards and municipalities of the demo.
        citizens: those with a municipality; nobody's stay of the demo's own story.
        stays: how many.
        seed: the same makes the same.
    """
    chance = random.Random(seed)  # noqa: S311 - variety, not secrecy
    wards = sorted(
        (each for each in directory.organizations.values() if each.kind is OrganizationKind.WARD),
        key=lambda each: each.sor,
    )
    municipalities = sorted(
        (each for each in directory.organizations.values() if each.kind is OrganizationKind.MUNICIPALITY),
        key=lambda each: each.sor,
    )
    taken = {citizen.cpr.digits for citizen in citizens}
    for number in range(stays):
        ward = chance.choice(wards)
        if chance.random() < _UNKNOWN_SHARE:
            cpr, family = _stranger(chance, taken), chance.choice(_FAMILIES)
            given: tuple[str, ...] = ("Test",)
            municipality, known = chance.choice(municipalities), False
        else:
            citizen = chance.choice(citizens)
            cpr, family, given = citizen.cpr.digits, citizen.family or "Ukendt", citizen.given
            assert citizen.municipality is not None, "citizens without one are left out"
            municipality, known = directory[citizen.municipality], bool(citizen.services)
        yield Script(
            number=number,
            cpr=cpr,
            family=family,
            given=given,
            is_known=known,
            ward=ward,
            hospital=directory[directory.hospital_of(ward.sor)],
            municipality=municipality,
            began_before=timedelta(minutes=chance.randint(30, 9 * 24 * 60)),
            comes_acute=chance.random() < 0.25,  # noqa: PLR2004 - a quarter come through the emergency room
            resends=frozenset(what for what in ("start", "end") if chance.random() < 0.08),  # noqa: PLR2004 - a few
            needs=_needs(chance),
            ending=chance.choices(_ENDING_KINDS, _ENDING_WEIGHTS)[0],
            chance=random.Random(chance.getrandbits(64)),  # noqa: S311 - as above
        )


def _needs(chance: random.Random) -> frozenset[Need] | None:
    if chance.random() < 0.3:  # noqa: PLR2004 - some wards are too busy for a plan
        return None
    return frozenset(need for need in Need if chance.random() < 0.4)  # noqa: PLR2004 - three or four of eight


def _stranger(chance: random.Random, taken: set[str]) -> str:
    """A number of the right form that is nobody's and was not used before."""
    while True:
        born = date(1930, 1, 1) + timedelta(days=chance.randrange(60 * 365))
        digits = f"{born:%d%m%y}{chance.randrange(4000):04d}"
        if (
            sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11
            and digits not in taken
        ):
            taken.add(digits)
            return digits
