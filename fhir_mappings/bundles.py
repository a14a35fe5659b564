"""Bundles: reading a message up to the point where it can be answered, and writing search results.

The acknowledgement point: a Bundle of type ``message`` with a legal id and exactly one MessageHeader,
standing first, with a legal id and a sender whose SOR code can be read. Before it the body is refused
as it is; after it every finding goes into an Acknowledgement.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

import orjson

from discharge.commands import Envelope, Sending
from discharge.errors import InvalidIdentifierError
from discharge.identifiers import BundleId, MessageId, SorCode, parse_sor
from fhir_mappings.elements import Element, Json, JsonObject
from fhir_mappings.errors import NotAMessageError, TooCostlyError, finding
from fhir_mappings.systems import GLN_SYSTEMS, SOR_SYSTEM
from fhir_mappings.xhtml import words_of

__all__ = [
    "MAX_ENTRIES",
    "Entry",
    "MessageBundle",
    "destination_of",
    "envelope_of",
    "history",
    "is_legal_id",
    "open_message",
    "searchset",
    "sor_of",
]

MAX_ENTRIES: Final = 1000

_LEGAL_ID = re.compile(r"[A-Za-z0-9\-.]+", re.ASCII)
_LONGEST_ID: Final = 64
_ENDPOINT_SOR = re.compile(r"#id=(\d+)$", re.ASCII)
_RELATIVE = re.compile(r"(?:^|/)([A-Za-z]+/[A-Za-z0-9\-.]{1,64})(?:/_history/[^/]*)?$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of a bundle."""

    resource: Element
    type: str
    id: str | None
    full_url: str | None

    @property
    def address(self) -> str | None:
        """``Type/id``, as relative references name it."""
        return None if self.id is None else f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class MessageBundle:
    """A message that can be answered. Its content is not judged yet."""

    root: Element
    entries: tuple[Entry, ...]
    _places: Mapping[str, Entry]

    @property
    def header(self) -> Element:
        """The MessageHeader."""
        return self.entries[0].resource

    def of_type(self, kind: str) -> tuple[Element, ...]:
        """The resources of type ``kind``, in the order of the bundle."""
        return tuple(entry.resource for entry in self.entries if entry.type == kind)

    def resolve(self, reference: Element) -> Element | None:
        """The resource that a Reference names: by fullUrl first, then by ``Type/id``."""
        named = reference.text("reference")
        if named is None:
            return None
        found = self._places.get(named)
        if found is None and (relative := _RELATIVE.search(named)):
            found = self._places.get(relative[1])
        return None if found is None else found.resource

    def names_header(self, reference: Element) -> bool:
        """Tell whether a Reference names the MessageHeader of this very message."""
        found = self.resolve(reference)
        return found is self.header

    def dangling(self, element: Element) -> Iterator[Element]:
        """The References at or below ``element`` that lead nowhere in this bundle."""
        contained = {f"#{inner.text('id')}" for inner in element.all("contained")}
        for place in element.walk():
            named = place.text("reference")
            if named is not None and named not in contained and self.resolve(place) is None:
                yield place["reference"]


def open_message(content: JsonObject) -> MessageBundle:
    """The message that ``content`` holds, once it can be answered.

    Raises:
        NotAMessageError: the acknowledgement point is not reached.
        TooCostlyError: more than 1,000 entries.

    Source: design.md 6.2, `$process-message`; FHIR R4 Messaging, Bundle rules for messages.
    """
    root = Element("Bundle", content)
    kind = root["type"]
    if kind.value != "message":
        _refuse("stafet-bundle-type", "invalid", "Bundle.type must be message.", kind, "MSG_PARAM_INVALID")
    _require_id(root)
    placed = root.all("entry")
    if len(placed) > MAX_ENTRIES:
        raise TooCostlyError(
            finding(
                "stafet-bundle-size",
                "too-costly",
                f"A Bundle has at most {MAX_ENTRIES} entries here.",
                expression="Bundle.entry",
                detail="MSG_Element_To_Long",
            )
        )
    entries = tuple(_entry(place) for place in placed)
    headers = sum(entry.type == "MessageHeader" for entry in entries)
    if headers != 1 or entries[0].type != "MessageHeader":
        _refuse(
            "stafet-header-first",
            "invalid",
            "A message has exactly one MessageHeader, and it is the first entry.",
            root["entry"],
            "MSG_RESOURCE_REQUIRED",
        )
    bundle = MessageBundle(root, entries, _places(entries))
    _require_id(bundle.header)
    if not bundle.header["sender"].exists or _sender(bundle) is None:
        _refuse(
            "stafet-sender-readable",
            "required",
            "The sender's SOR code cannot be read, so nobody could be answered.",
            bundle.header["sender"],
            "MSG_RESOURCE_REQUIRED",
        )
    return bundle


def envelope_of(bundle: MessageBundle, *, body: bytes, sending: Sending | None = None) -> Envelope:
    """What is known of the message before its content is judged."""
    header = bundle.header
    sender = _sender(bundle)
    assert sender is not None, "open_message has read it"
    receiver = bundle.resolve(destination_of(header)["receiver"])
    return Envelope(
        bundle_id=BundleId(str(bundle.root.text("id"))),
        message_id=MessageId(str(header.text("id"))),
        sender=sender,
        sender_gln=_gln(bundle.resolve(header["sender"])),
        sender_endpoint=header["source"].text("endpoint"),
        receiver=sor_of(receiver) or _endpoint_sor(destination_of(header)["endpoint"]),
        receiver_gln=_gln(receiver),
        event_code=header["eventCoding"].text("code"),
        sending=sending or Sending(),
        fingerprint=_fingerprint(bundle.root.fields),
        body=body,
    )


def destination_of(header: Element) -> Element:
    """The first destination, or its empty place. A notification has one."""
    return next(iter(header.all("destination")), Element("destination", None, header))


def sor_of(organization: Element | None) -> SorCode | None:
    """The SOR code among an Organization's identifiers."""
    if organization is None:
        return None
    for identifier in organization.all("identifier"):
        if identifier.text("system") == SOR_SYSTEM and (code := _parsed_sor(identifier.text("value"))):
            return code
    return None


def _gln(organization: Element | None) -> str | None:
    identifiers = () if organization is None else organization.all("identifier")
    values = (each.text("value") for each in identifiers if each.text("system") in GLN_SYSTEMS)
    return next((value for value in values if value and re.fullmatch(r"[0-9]{13}", value)), None)


def _sender(bundle: MessageBundle) -> SorCode | None:
    # A sender that is named but not sent along can still be answered: its endpoint carries the SOR code.
    found = sor_of(bundle.resolve(bundle.header["sender"]))
    return found or _endpoint_sor(bundle.header["source"]["endpoint"])


def _endpoint_sor(endpoint: Element) -> SorCode | None:
    named = _ENDPOINT_SOR.search(endpoint.string or "")
    return _parsed_sor(named[1]) if named else None


def _parsed_sor(text: str | None) -> SorCode | None:
    try:
        return parse_sor(text or "")
    except InvalidIdentifierError:
        return None


def _entry(place: Element) -> Entry:
    resource = place["resource"]
    return Entry(
        resource=resource,
        type=resource.text("resourceType") or "",
        id=resource.text("id"),
        full_url=place.text("fullUrl"),
    )


def _places(entries: tuple[Entry, ...]) -> dict[str, Entry]:
    # Backwards, so that the first of two wins; a fullUrl wins over an address.
    places = {entry.address: entry for entry in reversed(entries) if entry.address is not None}
    return places | {entry.full_url: entry for entry in reversed(entries) if entry.full_url is not None}


def is_legal_id(value: Json) -> bool:
    """Tell whether ``value`` is an id as FHIR R4 allows it."""
    return isinstance(value, str) and len(value) <= _LONGEST_ID and _LEGAL_ID.fullmatch(value) is not None


def _require_id(resource: Element) -> None:
    place = resource["id"]
    text = place.value
    if not place.exists or text == "":
        _refuse("stafet-id-legal", "required", "The id is missing.", place, "MSG_RESOURCE_ID_MISSING")
    if not isinstance(text, str) or _LEGAL_ID.fullmatch(text) is None:
        problem = "An id consists of letters A to Z, digits, hyphens and full stops."
        _refuse("stafet-id-legal", "value", problem, place, "MSG_ID_INVALID")
    if len(text) > _LONGEST_ID:
        problem = f"An id has at most {_LONGEST_ID} characters."
        _refuse("stafet-id-legal", "value", problem, place, "MSG_ID_TOO_LONG")


def _refuse(rule: str, code: str, text: str, place: Element, detail: str) -> NoReturn:
    raise NotAMessageError(finding(rule, code, text, expression=place.path, detail=detail))


_SENDING_TIMES: Final = frozenset({"occurredDateTime", "occurredPeriod", "recorded", "text"})


def _fingerprint(content: JsonObject) -> bytes:
    """SHA-256 over what stays the same when a message is sent again.

    A resend has a new Bundle.id, timestamp and Provenance times. The narrative of a Provenance repeats
    those times in words, so it is left out as well. Entries after the header come in any order. Of other
    narrative the words count: its form is not the same in JSON and in XML.
    """
    stable = {name: value for name, value in content.items() if name not in {"id", "timestamp", "entry"}}
    placed = content.get("entry")
    entries = [_canonical(_lasting(entry)) for entry in placed] if isinstance(placed, list) else []
    digest = hashlib.sha256(_canonical(stable))
    for entry in (*entries[:1], *sorted(entries[1:])):
        digest.update(len(entry).to_bytes(8, "big"))
        digest.update(entry)
    return digest.digest()


def _lasting(entry: Json) -> Json:
    """What stays the same of one entry."""
    resource = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(resource, dict):
        return entry
    if resource.get("resourceType") == "Provenance":
        return entry | {"resource": {name: value for name, value in resource.items() if name not in _SENDING_TIMES}}
    text = resource.get("text")
    div = text.get("div") if isinstance(text, dict) else None
    if not isinstance(text, dict) or not isinstance(div, str):
        return entry
    return entry | {"resource": resource | {"text": text | {"div": words_of(div)}}}


def _canonical(value: Json) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def searchset(
    resources: Iterable[JsonObject],
    *,
    base_url: str,
    self_link: str,
    next_link: str | None = None,
    total: int | None = None,
    outcome: JsonObject | None = None,
) -> JsonObject:
    """A page of search results; ``outcome`` rides along as its last entry.

    Source: FHIR R4, Bundle.type searchset; RESTful search.
    """
    entries: list[Json] = [
        {"fullUrl": _url(base_url, each), "resource": each, "search": {"mode": "match"}} for each in resources
    ]
    if outcome is not None:
        entries.append({"resource": outcome, "search": {"mode": "outcome"}})
    return _page("searchset", entries, self_link=self_link, next_link=next_link, total=total)


def history(versions: Iterable[JsonObject], *, base_url: str, self_link: str) -> JsonObject:
    """The versions of a resource, newest first, as each was answered.

    Source: FHIR R4, Bundle.type history (entry.request and entry.response are mandatory there).
    """
    entries: list[Json] = [_past(base_url, version) for version in versions]
    return _page("history", entries, self_link=self_link, total=len(entries))


def _past(base_url: str, version: JsonObject) -> JsonObject:
    meta = Element("meta", version.get("meta"))
    response: JsonObject = {"status": "200"}
    if (number := meta.text("versionId")) is not None:
        response["etag"] = f'W/"{number}"'
    if (at := meta.text("lastUpdated")) is not None:
        response["lastModified"] = at
    return {
        "fullUrl": _url(base_url, version),
        "resource": version,
        "request": {"method": "PUT", "url": f"{version['resourceType']}/{version['id']}"},
        "response": response,
    }


def _page(
    kind: str, entries: list[Json], *, self_link: str, next_link: str | None = None, total: int | None = None
) -> JsonObject:
    links: list[Json] = [{"relation": "self", "url": self_link}]
    if next_link is not None:
        links.append({"relation": "next", "url": next_link})
    page: JsonObject = {"resourceType": "Bundle", "type": kind}
    if total is not None:
        page["total"] = total
    page["link"] = links
    if entries:
        # FHIR has no empty arrays.
        page["entry"] = entries
    return page


def _url(base_url: str, resource: JsonObject) -> str:
    return f"{base_url.rstrip('/')}/{resource['resourceType']}/{resource['id']}"
