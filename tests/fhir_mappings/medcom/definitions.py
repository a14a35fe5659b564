"""What the published profiles of notifications and receipts demand beyond FHIR R4, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

__all__ = ["COVERAGE", "DEFINITIONS", "PROFILES", "demands", "published"]

DEFINITIONS: Final = Path(__file__).parents[4] / "shared" / "medcom" / "definitions"
COVERAGE: Final = Path(__file__).with_name("coverage.json")
PROFILES: Final = (
    "medcom-hospitalNotification-message@3.0.2",
    "medcom-hospitalNotification-messageHeader@3.0.2",
    "medcom-hospitalNotification-encounter@3.0.2",
    "medcom-hospitalnotifiation-leave-period-extension@3.0.2",
    "medcom-messaging-reportOfAdmissionExtension@3.0.2",
    "medcom-messaging-reportOfAdmissionRecipientExtension@3.0.2",
    "medcom-messaging-acknowledgement@2.0.3",
    "medcom-messaging-acknowledgementHeader@2.0.3",
    "medcom-acknowledgement-operationoutcome@2.0.3",
    "medcom-messaging-message@2.1.0",
    "medcom-messaging-messageHeader@2.1.0",
    "medcom-messaging-organization@2.1.0",
    "medcom-messaging-provenance@2.1.0",
    "medcom-messaging-destinationUseExtension@2.1.0",
    "medcom-messaging-contactpoint@2.0.0",
    "medcom-core-encounter@2.0.0",
    "medcom-core-organization@2.0.0",
    "medcom-core-patient@2.0.0",
    "medcom-core-ecpr-identifier@2.0.0",
    "lpr3-Identifier@2.0.0",
    "dk-core-cpr-identifier@2.0.0",
    "dk-core-cvr-identifier@2.0.0",
    "dk-core-gln-identifier@2.0.0",
    "dk-core-kombit-org-identifier@2.0.0",
    "dk-core-sor-identifier@2.0.0",
    "dk-core-organization@2.0.0",
    "dk-core-patient@2.0.0",
)
# Invariants of FHIR R4 itself are named like this: ele-1, bdl-7, per-1.
_OF_R4: Final = re.compile(r"[a-z]{3}-\d+[a-z]?")


def published() -> list[str]:
    """Every demand of every profile, as the definitions state it; nothing when they are not beside the checkout."""
    files = [DEFINITIONS / f"StructureDefinition-{name}.json" for name in PROFILES]
    return [each for name, file in zip(PROFILES, files, strict=True) if file.exists() for each in demands(name, file)]


def demands(profile: str, file: Path) -> Iterator[str]:
    """The demands of one profile: how often, what, bound to which codes, and its invariants."""
    for element in orjson.loads(file.read_bytes())["snapshot"]["element"]:
        for demand in _demands(element):
            yield f"{profile} {element['id']} {demand}"


def _demands(element: dict[str, Any]) -> Iterator[str]:
    base = element.get("base", {})
    is_slice = ":" in element["id"].rpartition(".")[2]
    least, most = element.get("min", 0), element.get("max", "*")
    if least > (0 if is_slice else base.get("min", 0)):
        yield f"min {least}"
    if most != base.get("max", "*"):
        yield f"max {most}"
    for name, value in element.items():
        if name.startswith(("fixed", "pattern", "maxLength", "minValue", "maxValue")):
            yield f"{name} {value if isinstance(value, str | int) else orjson.dumps(value).decode()}"
    binding = element.get("binding", {})
    if binding.get("strength") == "required":
        yield f"bound to {binding.get('valueSet')}"
    for constraint in element.get("constraint", ()):
        if _OF_R4.fullmatch(constraint["key"]) is None:
            yield f"invariant {constraint['key']}"
