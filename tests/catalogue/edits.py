"""A sound message after one change, and what an answer to it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import httpx
import orjson

from tests.catalogue.answers import issues_of
from tests.services.installation import notification

__all__ = ["PATH", "Edit", "Message", "content_of", "edited", "gone"]

Message = dict[str, Any]
Edit = Callable[[Message], object]
PATH: Final = "/fhir/$process-message"


def edited(edit: Edit) -> bytes:
    """A sound admission after one change."""
    message: Message = notification().bundle()
    edit(message)
    return orjson.dumps(message)


def gone(kind: str) -> Edit:
    """Take every entry of a kind out."""

    def drop(message: Message) -> None:
        message["entry"] = [each for each in message["entry"] if each["resource"]["resourceType"] != kind]

    return drop


def content_of(answer: httpx.Response) -> tuple[object, ...]:
    """What an Acknowledgement says, without what is new in every sending."""
    response = answer.json()["entry"][0]["resource"]["response"]
    return response["identifier"], response["code"], issues_of(answer)
