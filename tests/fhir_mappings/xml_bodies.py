"""Bodies in XML, as these tests write and read them."""

from __future__ import annotations

from typing import Any

import pytest

from discharge.commands import Issue
from fhir_mappings import xml_text
from fhir_mappings.elements import Json
from fhir_mappings.errors import XmlTextError
from fhir_mappings.xhtml import written

XHTML = "http://www.w3.org/1999/xhtml"


def xml(content: str, *, root: str = "Bundle") -> bytes:
    return f'<{root} xmlns="http://hl7.org/fhir">{content}</{root}>'.encode()


def resource(content: str, kind: str) -> Any:
    return xml_text.parse(xml(content, root=kind))


def refusal(body: bytes) -> Issue:
    with pytest.raises(XmlTextError) as refused:
        xml_text.parse(body)
    return refused.value.issue


def canonical(value: Json) -> Json:
    """The value with its narrative in the one form that we write."""
    if isinstance(value, list):
        return [canonical(each) for each in value]
    if isinstance(value, dict):
        return {
            name: written(each) if name == "div" and isinstance(each, str) else canonical(each)
            for name, each in value.items()
        }
    return value
