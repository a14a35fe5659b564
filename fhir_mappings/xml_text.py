"""XML as we take it: one pass of expat, into the very value that the same message has as JSON.

Refused: what is not UTF-8, a document type declaration (so that no entity can be declared, and none
resolved), more than 64 levels, other namespaces, text between elements, attributes that FHIR does not
know. Comments and processing instructions are passed over; XInclude and schema locations are nothing to
this parser, which opens no file and no address. See ``docs/adr/0014-xml-by-expat.md``.

Source: FHIR R4, XML representation of resources.
"""

from __future__ import annotations

import math
import re
from typing import Final, NoReturn
from xml.parsers import expat

from fhir_mappings.definitions import RESOURCE, Form, Place, places_of
from fhir_mappings.elements import Json, JsonObject, expression_of
from fhir_mappings.errors import XmlTextError, finding
from fhir_mappings.json_text import MAX_DEPTH
from fhir_mappings.xhtml import XHTML, Narrative

__all__ = ["FHIR", "parse"]

FHIR: Final = "http://hl7.org/fhir"

_SCHEMA_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_ENCODINGS: Final = frozenset({None, "utf-8", "us-ascii"})
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,18})", re.ASCII)
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_LARGEST: Final = 2**63


def parse(body: bytes) -> JsonObject:
    """The resource that ``body`` holds, as it would stand in JSON.

    Raises:
        XmlTextError: it is not XML as we take it.
    """
    reader = _Reader()
    if b"\0" in body:
        # expat takes UTF-16 by its looks, whatever it was told.
        _refuse("xml-encoding", "Send UTF-8.", detail="MSG_BAD_FORMAT")
    try:
        body.decode("utf-8-sig")
        reader.read(body)
    except UnicodeDecodeError:
        _refuse("xml-encoding", "Send UTF-8.", detail="MSG_BAD_FORMAT")
    except expat.ExpatError:
        _refuse("xml-syntax", "The body is not XML. Check that it was sent whole.", detail="MSG_BAD_SYNTAX")
    return reader.root


def _refuse(rule: str, text: str, *, detail: str, code: str = "structure", expression: str | None = None) -> NoReturn:
    raise XmlTextError(finding(rule, code, text, detail=detail, expression=expression))


class _Frame:
    """An element that is open."""

    __slots__ = ("fields", "members", "name", "place", "value")

    def __init__(self, name: str, place: Place | None, value: str | None, fields: JsonObject) -> None:
        self.name = name
        self.place = place
        """None: FHIR knows no such element here."""
        self.value: Json = value
        """What stands in its attribute ``value``, or its narrative."""
        self.fields = fields
        """What will stand in the object, or beside the primitive."""
        self.members = None if place is None else places_of(place.type or "Element")


class _Reader:
    """Builds the value while expat reads."""

    def __init__(self) -> None:
        self._open: list[_Frame] = []
        self._narrative: Narrative | None = None
        self.root: JsonObject = {}
        self._parser = parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def read(self, body: bytes) -> None:
        """Read all of ``body``."""
        self._parser.Parse(body, True)

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if (encoding and encoding.lower()) not in _ENCODINGS:
            _refuse("xml-encoding", "Send UTF-8.", detail="MSG_BAD_FORMAT")

    def _doctype(self, *_declared: object) -> None:
        _refuse("xml-doctype", "A document type declaration is not allowed. Leave it out.", detail="MSG_BAD_FORMAT")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if self._narrative is not None:
            self._narrative.start(namespace, local, attributes)
            self._check_depth(self._narrative.depth)
            return
        above = self._open[-1] if self._open else None
        place = None if above is None or above.members is None else above.members.get(local)
        if place is not None and place.form is Form.NARRATIVE and namespace == XHTML:
            self._open.append(_Frame(local, place, None, {}))
            self._narrative = Narrative(attributes)
            return
        if namespace != FHIR:
            self._refuse("xml-namespace", f"Every element belongs to {FHIR}.", "MSG_WRONG_NS", local)
        self._open.append(self._frame(above, local, place, attributes))
        self._check_depth(0)

    def _frame(self, above: _Frame | None, local: str, place: Place | None, attributes: dict[str, str]) -> _Frame:
        fields: JsonObject = {}
        if above is None or (above.place is not None and above.place.type == RESOURCE):
            place = Place(Form.OBJECT, local, repeats=False)
            fields["resourceType"] = local
        value = None
        for name, text in attributes.items():
            if name == "value":
                value = text
            elif name in {"id", "url"}:
                fields[name] = text
            elif not name.startswith(_SCHEMA_INSTANCE):
                self._refuse(
                    "xml-attribute", "FHIR has the attributes value, id and url only.", "MSG_BAD_FORMAT", local
                )
        return _Frame(local, place, value, fields)

    def _end(self, _name: str) -> None:
        if self._narrative is not None and not self._narrative.end():
            return
        frame = self._open.pop()
        if self._narrative is not None:
            frame.value, self._narrative = self._narrative.text, None
        if not self._open:
            self.root = frame.fields
            return
        above = self._open[-1]
        if above.place is not None and above.place.type == RESOURCE:
            # <entry><resource><Patient>: the middle one is a place, not an object.
            above.value = frame.fields if above.value is None else _joined(above.value, frame.fields)
            return
        _put(above.fields, frame)

    def _text(self, text: str) -> None:
        if self._narrative is not None:
            self._narrative.characters(text)
        elif text.strip(" \t\r\n"):
            self._refuse("xml-text", "Text stands in attributes, not between elements.", "MSG_BAD_FORMAT")

    def _check_depth(self, within: int) -> None:
        if len(self._open) + within > MAX_DEPTH:
            _refuse("xml-depth", f"More than {MAX_DEPTH} levels of nesting.", detail="MSG_BAD_FORMAT")

    def _refuse(self, rule: str, text: str, detail: str, *below: str) -> NoReturn:
        names = [*(frame.name for frame in self._open), *below]
        _refuse(rule, text, detail=detail, expression=expression_of("Bundle", names[1:]))


def _put(above: JsonObject, frame: _Frame) -> None:
    """Set the finished ``frame`` into the object above it."""
    place = frame.place
    if place is None:
        # FHIR knows no such element: it is kept for the rules, which will say so.
        value: Json = frame.fields or (frame.value if frame.value is not None else "")
        _add(above, frame.name, value, repeats=False)
    elif place.type == RESOURCE:
        _add(above, frame.name, frame.value if frame.value is not None else {}, repeats=place.repeats)
    elif not place.is_primitive:
        beside: JsonObject = {} if frame.value is None else {"value": frame.value}
        _add(above, frame.name, frame.fields | beside, repeats=place.repeats)
    elif place.repeats:
        _add_primitive(above, frame, place)
    else:
        if frame.value is not None or not frame.fields:
            _add(above, frame.name, _primitive(frame.value, place.form), repeats=False)
        if frame.fields:
            _add(above, f"_{frame.name}", frame.fields, repeats=False)


def _add(above: JsonObject, name: str, value: Json, *, repeats: bool) -> None:
    if name not in above:
        above[name] = [value] if repeats else value
        return
    above[name] = _joined(above[name], value)


def _joined(present: Json, value: Json) -> list[Json]:
    """One more of what stands already: what may stand once is a list then, too, and the rules will say so."""
    listed: list[Json] = present if isinstance(present, list) else [present]
    listed.append(value)  # In place: a copy for each would be quadratic.
    return listed


def _add_primitive(above: JsonObject, frame: _Frame, place: Place) -> None:
    """Add one of several values; what stands beside them is a list of its own, in step with theirs."""
    beside = f"_{frame.name}"
    value = None if frame.value is None and frame.fields else _primitive(frame.value, place.form)
    _add(above, frame.name, value, repeats=True)
    listed, extras = above[frame.name], above.setdefault(beside, []) if frame.fields else above.get(beside)
    if isinstance(listed, list) and isinstance(extras, list):
        extras += [None] * (len(listed) - 1 - len(extras))
        extras.append(frame.fields or None)


def _primitive(text: Json, form: Form) -> Json:
    """The value as JSON has it; as it stands when it is none of its type, so that the rules can say so."""
    if not isinstance(text, str):
        return ""
    if form is Form.BOOLEAN and text in {"true", "false"}:
        return text == "true"
    if form is Form.INTEGER and _INTEGER.fullmatch(text) and -_LARGEST <= int(text) < _LARGEST:
        return int(text)
    if form is Form.DECIMAL and _DECIMAL.fullmatch(text) and not math.isinf(float(text)):
        return float(text) if set(text) & set(".eE") else _whole(text)
    return text


def _whole(text: str) -> int | float | str:
    return int(text) if _INTEGER.fullmatch(text) and -_LARGEST <= int(text) < _LARGEST else text
