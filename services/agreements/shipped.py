"""The agreements that come with Stafet: one for each Danish region, and one from Sweden.

Those of other regions are told by what differs from Midtjylland, which is the one that sources bear out.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from discharge.agreement_values import Document
from services.agreements.reading import read_agreement

__all__ = ["LAYERS", "PROFILES", "layer_file", "profile", "profile_file", "shipped"]

PROFILES: Final = {
    "dk-midtjylland": "midtjylland",
    "dk-syddanmark": "syddanmark",
    "dk-nordjylland": "nordjylland",
    "dk-hovedstaden": "hovedstaden",
    "dk-sjaelland": "sjaelland",
    "dk-oestdanmark": "oestdanmark",
    "se-samverkan": "sverige",
}
"""Id -> name of the file."""
LAYERS: Final = ("birkelund", "midtjylland-sommer", "nordjylland-covid-19")
"""Examples of layers, by the names of their files."""


def profile_file(agreement: str) -> bytes:
    """The file of a shipped agreement, as people write it."""
    return _place().joinpath(f"{PROFILES[agreement]}.yaml").read_bytes()


def layer_file(name: str) -> bytes:
    """The file of an example layer."""
    return _place().joinpath("layers", f"{name}.yaml").read_bytes()


@lru_cache
def profile(agreement: str) -> Document:
    """A shipped agreement as a whole, fit for the store."""
    return read_agreement(profile_file(agreement), find=shipped)


def shipped(agreement: str) -> Document | None:
    """The shipped agreement of that id; None when there is none."""
    return profile(agreement) if agreement in PROFILES else None


def _place() -> Traversable:
    return files("services.agreements").joinpath("profiles")
