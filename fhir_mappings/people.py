"""Professionals as record systems name them: an identifier and a name, which colleagues read and the store keeps."""

from __future__ import annotations

import re
from typing import Final

from discharge.errors import InvalidIdentifierError
from discharge.identifiers import CprNumber, PersonId
from discharge.task import Person

__all__ = ["NOT_A_PERSON", "person_named"]

NOT_A_PERSON: Final = "An identifier and a name have at most 200 characters each, and hold no CPR number."
"""What is said where ``person_named`` finds nobody."""
_LONGEST: Final = 200
_NUMBER: Final = re.compile(r"(?<!\d)\d{6}[-\s]?\d{4}(?!\d)", re.ASCII)


def person_named(identity: str, name: str) -> Person | None:
    """The person, unless it is too long for a name, or holds a citizen's number: neither is kept in clear anywhere."""
    is_plain = all(len(text) <= _LONGEST and not _holds_a_number(text) for text in (identity, name))
    return Person(PersonId(identity), name) if is_plain else None


def _holds_a_number(text: str) -> bool:
    return any(_is_cpr(found) for found in _NUMBER.findall(text))


def _is_cpr(text: str) -> bool:
    try:
        CprNumber.parse(text[:6] + text[-4:])
    except InvalidIdentifierError:
        return False
    return True
