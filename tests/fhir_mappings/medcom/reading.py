"""A message as it is read, at the time of the examples."""

from __future__ import annotations

from fhir_mappings.medcom.intake import NoticeRead, Read, read_message
from tests.fhir_mappings.messages import NOW, Message, body

__all__ = ["notice_of", "read"]


def read(message: Message) -> Read:
    """Whatever it is."""
    return read_message(body(message), now=NOW)


def notice_of(message: Message) -> NoticeRead:
    """A notification that is taken."""
    found = read(message)
    assert isinstance(found, NoticeRead)
    return found
