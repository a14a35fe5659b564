"""The demo's people: one stable named person per role and place, all of them invented."""

import hashlib
import uuid
from typing import Final

from discharge.identifiers import PersonId, SorCode
from discharge.policy import Role
from discharge.task import Person

__all__ = ["demo_person"]

_NAMESPACE: Final = uuid.UUID("6f3c0a4e-6f0b-5a51-9d7e-3b1c5d0f8a21")
_FIRST: Final = (
    "Mette", "Anders", "Kirsten", "Søren", "Lone", "Jesper", "Hanne", "Rasmus", "Birgit", "Mikkel",
    "Tina", "Ole", "Camilla", "Henrik", "Sofie", "Torben", "Gitte", "Emil", "Pia", "Lars",
    "Ulla", "Kasper", "Rikke", "Bent", "Maja", "Niels", "Lis", "Jonas", "Vibeke", "Frederik",
)  # fmt: skip
_LAST: Final = (
    "Krog", "Lindhardt", "Bruun", "Dalgaard", "Holst", "Vestergaard", "Friis", "Skov", "Lauridsen", "Bech",
    "Nørgaard", "Thygesen", "Kjær", "Riis", "Østergaard", "Munk", "Winther", "Juhl", "Bang", "Toft",
    "Hedegaard", "Iversen", "Ravn", "Storm", "Borup", "Lund", "Elkjær", "Damgaard", "Buus", "Falk",
)  # fmt: skip


def demo_person(role: Role, place: SorCode) -> Person:
    """The person who has ``role`` at ``place`` in every demo; the same name and id each time."""
    key = f"{role}|{place}"
    person_id = PersonId(str(uuid.uuid5(_NAMESPACE, key)))
    if role is Role.SYSTEM:
        return Person(person_id, f"Fagsystem {place}")
    digest = hashlib.sha256(key.encode()).digest()
    return Person(person_id, f"{_FIRST[digest[0] % len(_FIRST)]} {_LAST[digest[1] % len(_LAST)]}")
