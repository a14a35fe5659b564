"""Receipt -> Acknowledgement 2.0.3.

The same receipt makes the same content every time; only ids of this sending and times are new.
Not carried: what the acknowledged message says of its history before its latest Provenance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from discharge.commands import Envelope, Issue, Receipt, ReceiptCode
from discharge.identifiers import SorCode
from fhir_mappings.elements import Json, JsonObject
from fhir_mappings.instants import write_instant
from fhir_mappings.medcom.codes import (
    ACTIVITY_SYSTEM,
    DESTINATION_USE,
    DESTINATION_USE_SYSTEM,
    EVENT_SYSTEM,
    EventCode,
)
from fhir_mappings.outcomes import narrative, operation_outcome
from fhir_mappings.systems import GLN_SYSTEMS, SOR_SYSTEM

__all__ = ["Correspondent", "acknowledge"]

_ACKNOWLEDGEMENT: Final = "http://medcomfhir.dk/ig/acknowledgement/StructureDefinition"
_MESSAGING: Final = "http://medcomfhir.dk/ig/messaging/StructureDefinition"
_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondent:
    """An organisation that messages go to and come from."""

    sor: SorCode
    gln: str | None = None
    name: str | None = None

    @property
    def endpoint(self) -> str:
        """Where messages reach it. Source: MedCom Messaging 2.1.0, destination.endpoint."""
        return f"https://sor2.sum.dsdn.dk/#id={self.sor}"


def acknowledge(
    receipt: Receipt,
    envelope: Envelope,
    *,
    responder: Correspondent,
    now: datetime,
    new_id: Callable[[], str],
    recipient: Correspondent | None = None,
    base_url: str = "https://stafet.invalid/fhir",
) -> JsonObject:
    """The Acknowledgement message that answers ``envelope`` with ``receipt``.

    Args:
        receipt: the answer.
        envelope: the message that is answered.
        responder: who answers: the receiver of the message, or we ourselves when it is not known.
        now: when it is sent.
        new_id: makes globally unique ids.
        recipient: the sender of the message as the register has it; None: as the envelope says.
        base_url: what fullUrls begin with.

    Source: MedCom Acknowledgement 2.0.3; exactly two Provenances (MedCom Messaging 2.1.0).
    """
    to = recipient or Correspondent(sor=envelope.sender, gln=envelope.sender_gln)
    own_id, us, them = new_id(), new_id(), new_id()
    issues = receipt.issues or _unsaid(receipt.code)
    outcome_id = new_id() if issues else None
    resources: list[JsonObject] = [
        _header(receipt, envelope, own_id=own_id, us=us, them=them, outcome_id=outcome_id, ends=(responder, to)),
        _organization(us, responder),
        _organization(them, to),
        _provenance_of(envelope, new_id(), them, now),
        _own_provenance(envelope, new_id(), own_id, us, now),
    ]
    if outcome_id is not None:
        identity: JsonObject = {
            "resourceType": "OperationOutcome",
            "id": outcome_id,
            "meta": _meta(f"{_ACKNOWLEDGEMENT}/medcom-acknowledgement-operationoutcome"),
        }
        resources.append(identity | operation_outcome(issues))
    return {
        "resourceType": "Bundle",
        "id": new_id(),
        "meta": _meta(f"{_ACKNOWLEDGEMENT}/medcom-messaging-acknowledgement"),
        "type": "message",
        "timestamp": write_instant(now),
        "entry": [
            {"fullUrl": f"{base_url.rstrip('/')}/{each['resourceType']}/{each['id']}", "resource": each}
            for each in resources
        ],
    }


def _header(
    receipt: Receipt,
    envelope: Envelope,
    *,
    own_id: str,
    us: str,
    them: str,
    outcome_id: str | None,
    ends: tuple[Correspondent, Correspondent],
) -> JsonObject:
    responder, to = ends
    response: JsonObject = {"identifier": envelope.message_id, "code": receipt.code.value}
    if outcome_id is not None:
        response["details"] = {"reference": f"OperationOutcome/{outcome_id}"}
    use: JsonObject = {
        "url": DESTINATION_USE,
        "valueCoding": {"system": DESTINATION_USE_SYSTEM, "code": "primary"},
    }
    return {
        "resourceType": "MessageHeader",
        "id": own_id,
        "meta": _meta(f"{_ACKNOWLEDGEMENT}/medcom-messaging-acknowledgementHeader"),
        "text": narrative(_IN_WORDS[receipt.code]),
        "eventCoding": {"system": EVENT_SYSTEM, "code": EventCode.ACKNOWLEDGEMENT},
        "destination": [
            {
                "extension": [use],
                "endpoint": envelope.sender_endpoint or to.endpoint,
                "receiver": {"reference": f"Organization/{them}"},
            }
        ],
        "sender": {"reference": f"Organization/{us}"},
        "source": {"endpoint": responder.endpoint},
        "response": response,
    }


_IN_WORDS: Final = {
    ReceiptCode.OK: "The message was accepted.",
    ReceiptCode.TRANSIENT_ERROR: "The message cannot be handled just now. Send it again later.",
    ReceiptCode.FATAL_ERROR: "The message was refused.",
}


def _unsaid(code: ReceiptCode) -> tuple[Issue, ...]:
    """What is said of a refusal that says nothing itself: it must say something (acknowledgement-1)."""
    if code is ReceiptCode.OK:
        return ()
    kind = "transient" if code is ReceiptCode.TRANSIENT_ERROR else "processing"
    return (Issue(severity="error", code=kind, rule="acknowledgement-1", text=_IN_WORDS[code]),)


def _organization(identity: str, correspondent: Correspondent) -> JsonObject:
    identifiers: list[Json] = [{"system": SOR_SYSTEM, "value": correspondent.sor}]
    if correspondent.gln is not None:
        identifiers.append({"system": GLN_SYSTEMS[0], "value": correspondent.gln})
    organization: JsonObject = {
        "resourceType": "Organization",
        "id": identity,
        "meta": _meta(f"{_MESSAGING}/medcom-messaging-organization"),
        "text": narrative(correspondent.name or f"SOR {correspondent.sor}"),
        "identifier": identifiers,
    }
    return organization if correspondent.name is None else organization | {"name": correspondent.name}


def _provenance_of(envelope: Envelope, identity: str, agent: str, now: datetime) -> JsonObject:
    """The latest Provenance of the acknowledged message, as far as it is one."""
    sending = envelope.sending
    occurred = sending.occurred_at or now
    provenance = _provenance(
        identity,
        target=envelope.message_id,
        times=(occurred, sending.recorded_at or occurred),
        activity=sending.activity,
        agent=agent,
    )
    if sending.follows:
        provenance["entity"] = [
            {"role": role, "what": {"reference": f"MessageHeader/{earlier}"}} for role, earlier in sending.follows
        ]
    return provenance


def _own_provenance(envelope: Envelope, identity: str, own_id: str, agent: str, now: datetime) -> JsonObject:
    own = _provenance(identity, target=own_id, times=(now, now), activity="acknowledgement", agent=agent)
    what: JsonObject = {"reference": f"MessageHeader/{envelope.message_id}"}
    return own | {"entity": [{"role": "revision", "what": what}]}


def _provenance(
    identity: str, *, target: str, times: tuple[datetime, datetime], activity: str | None, agent: str
) -> JsonObject:
    occurred, recorded = times
    coding: JsonObject = {"system": ACTIVITY_SYSTEM, "code": activity}
    if activity is None:
        # The acknowledged message did not say, and a Provenance without activity is none.
        coding = {"system": ACTIVITY_SYSTEM, "_code": {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}}
    return {
        "resourceType": "Provenance",
        "id": identity,
        "meta": _meta(f"{_MESSAGING}/medcom-messaging-provenance"),
        "text": narrative(f"Provenance of message {target}"),
        "target": [{"reference": f"MessageHeader/{target}"}],
        "occurredDateTime": write_instant(occurred),
        "recorded": write_instant(recorded),
        "activity": {"coding": [coding]},
        "agent": [{"who": {"reference": f"Organization/{agent}"}}],
    }


def _meta(profile: str) -> JsonObject:
    return {"profile": [profile]}
