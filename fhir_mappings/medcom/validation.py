"""What is wrong with a message, whatever it is and however little of it can be read."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from discharge.commands import Issue
from fhir_mappings.errors import MappingError
from fhir_mappings.medcom.intake import LetterRead, NoticeRead, ReceiptRead, Refused, read_message
from fhir_mappings.wire import Format

__all__ = ["validate"]


def validate(body: bytes, *, now: datetime, media: Format | None = None) -> tuple[Issue, ...]:
    """Every finding about the message in ``body``, judged at ``now``; none when it holds all rules.

    A message that could be answered is held to all of them, one that could not to those of the door.
    """
    try:
        read = read_message(body, now=now, media=media)
    except MappingError as error:
        return error.issues
    match read:
        case Refused():
            return read.issues
        case NoticeRead() | LetterRead():
            return read.warnings
        case ReceiptRead():
            return read.broken
        case _:
            assert_never(read)
