"""A message of ours as it leaves: the same content every time, with the ids and times of this sending.

Source: MedCom Messaging 2.1.0 and Reliable Messaging: Bundle.id, Bundle.timestamp and the times of the current
Provenance are new on a resend; MessageHeader.id and everything else stay.
"""

from __future__ import annotations

from datetime import datetime

import orjson

from discharge.identifiers import BundleId
from fhir_mappings.elements import Json, JsonObject
from fhir_mappings.instants import write_instant
from fhir_mappings.json_text import parse_object

__all__ = ["restamped"]


def restamped(body: bytes, *, bundle_id: BundleId, at: datetime) -> bytes:
    """The message in ``body``, as JSON, as it is sent at ``at`` in the envelope ``bundle_id``.

    Raises:
        JsonTextError: the body is no Bundle in JSON: never one that we made.
    """
    bundle = parse_object(body, expected="Bundle")
    placed = bundle.get("entry")
    entries: list[Json] = placed if isinstance(placed, list) else []
    resources = [entry["resource"] for entry in entries if isinstance(entry, dict) and "resource" in entry]
    own = _id_of(resources)
    times: JsonObject = {"occurredDateTime": write_instant(at), "recorded": write_instant(at)}
    for resource in resources:
        if isinstance(resource, dict) and own is not None and _is_own(resource, own):
            resource.update(times)
    return orjson.dumps(bundle | {"id": bundle_id, "timestamp": write_instant(at)})


def _id_of(resources: list[Json]) -> str | None:
    header = resources[0] if resources else None
    identity = header.get("id") if isinstance(header, dict) else None
    return identity if isinstance(identity, str) else None


def _is_own(resource: JsonObject, header_id: str) -> bool:
    """Tell whether this is the Provenance whose target is the message's own header."""
    targets = resource.get("target")
    if resource.get("resourceType") != "Provenance" or not isinstance(targets, list):
        return False
    named = (target.get("reference") for target in targets if isinstance(target, dict))
    return any(isinstance(each, str) and each.rpartition("/")[2] == header_id for each in named)
