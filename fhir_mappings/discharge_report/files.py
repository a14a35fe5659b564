"""The files inside a document. What a file is, its first bytes decide; nothing is fetched, and HTML is never shown."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Final

from discharge.commands import Issue
from discharge.documents.report import DocumentFile
from discharge.letter import media_type_of
from fhir_mappings.elements import Element
from fhir_mappings.errors import finding
from fhir_mappings.json_text import parse_object

__all__ = ["attachments", "file_content", "file_of"]

_PRESENTED: Final = "presentedForm"
"""What a national extension for the author's own rendering ends in."""
_SHOWN: Final = frozenset({"application/pdf", "image/png", "image/jpeg"})
_PLAIN: Final = "text/plain"
_MARKUP: Final = (b"<!doctype", b"<html", b"<?xml", b"<script", b"<svg", b"<body", b"<head")
_CODE: Final = "stafet-document-file"


def attachments(composition: Element, others: tuple[Element, ...]) -> Iterator[Element]:
    """Every file: the author's rendering at the Composition, then those of DocumentReference and Binary."""
    for extension in composition.all("extension"):
        if (extension.text("url") or "").endswith(_PRESENTED):
            yield extension["valueAttachment"]
    for resource in others:
        if resource.text("resourceType") == "Binary":
            yield resource
        elif resource.text("resourceType") == "DocumentReference":
            yield from (content["attachment"] for content in resource.all("content"))


def _content_of(attachment: Element) -> bytes | None:
    """The content; None when there is none, or it is no base64."""
    data = attachment.text("data")
    if data is None:
        return None
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except ValueError:
        return None


def file_content(body: bytes, number: int) -> bytes | None:
    """The content of the file at place ``number`` of a document that was filed; None where there is none."""
    bundle = Element("Bundle", parse_object(body, expected="Bundle"))
    resources = tuple(entry["resource"] for entry in bundle.all("entry"))
    places = tuple(attachments(resources[0], resources))
    return _content_of(places[number]) if 0 <= number < len(places) else None


def file_of(attachment: Element) -> tuple[DocumentFile, tuple[Issue, ...]]:
    """What a file is, and what keeps it from being handed out."""
    said = attachment.text("contentType")
    content = _content_of(attachment)
    shown = None if content is None else _shown(content, said)
    file = DocumentFile(
        title=attachment.text("title"),
        media_type=shown,
        said_type=said,
        size=0 if content is None else len(content),
        sha256=None if content is None else hashlib.sha256(content).hexdigest(),
        place=attachment.path,
    )
    return file, tuple(_findings(attachment, file, content))


def _shown(content: bytes, said: str | None) -> str | None:
    """The type that the content shows, if it is one that is handed out."""
    if _is_markup(content):
        return None
    shown = media_type_of(content)
    if shown is not None:
        return shown if shown in _SHOWN else None
    is_plain = (said or "").partition(";")[0].strip().lower() == _PLAIN
    return _PLAIN if is_plain and _is_text(content) else None


def _is_markup(content: bytes) -> bool:
    return content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP)


def _is_text(content: bytes) -> bool:
    try:
        return "\x00" not in content.decode()
    except UnicodeDecodeError:
        return False


def _findings(attachment: Element, file: DocumentFile, content: bytes | None) -> Iterator[Issue]:
    if content is None and attachment["data"].exists:
        yield _warning("The content of the file is not base64: nothing of it is shown.", attachment["data"])
    elif content is None and attachment["url"].exists:
        yield _warning("The file is an address: it is never fetched. Send the content.", attachment["url"])
    elif content is not None and _is_markup(content):
        text = "The content is HTML or XML, whatever it is sent as: it is kept in the original and never shown."
        yield _warning(text, attachment["contentType"])
    elif content is not None and file.media_type is None:
        yield _warning("Only pdf, png, jpeg and plain text are shown; the file is kept.", attachment["contentType"])
    elif file.media_type is not None and (file.said_type or "").partition(";")[0] != file.media_type:
        yield _warning("The content is of another type than it says. What it shows counts.", attachment["contentType"])


def _warning(text: str, place: Element) -> Issue:
    return finding(_CODE, "not-supported", text, expression=place.path, severity="warning")
