"""CapabilityStatement, from a plain description of what the running service does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fhir_mappings.elements import Json, JsonObject
from fhir_mappings.instants import write_instant
from fhir_mappings.outcomes import narrative

__all__ = ["Messaging", "Operation", "Resource", "SearchParameter", "Server", "capability_statement"]


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """One search parameter and its FHIR type: token, reference, date, string or special."""

    name: str
    type: str
    documentation: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its name without ``$``, and where it is defined."""

    name: str
    definition: str
    documentation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource type and what may be done with it."""

    type: str
    interactions: tuple[str, ...] = ()
    """FHIR codes: read, vread, update, search-type, history-instance, create."""
    search: tuple[SearchParameter, ...] = ()
    operations: tuple[Operation, ...] = ()
    versioning: str = "no-version"
    """no-version, versioned or versioned-update (If-Match is demanded)."""
    documentation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Messaging:
    """What messages are taken, and what is promised of repeated ones."""

    reliable_cache_minutes: int
    """For how long a repeated message is known, in minutes."""
    receives: tuple[str, ...]
    """Canonical addresses of message definitions."""
    sends: tuple[str, ...] = ()
    endpoint: str | None = None
    documentation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The running service."""

    name: str
    version: str
    released: datetime
    description: str
    url: str
    resources: tuple[Resource, ...]
    operations: tuple[Operation, ...] = ()
    messaging: Messaging | None = None
    formats: tuple[str, ...] = ("application/fhir+json",)
    token_url: str | None = None
    documentation: str | None = None


def capability_statement(server: Server) -> JsonObject:
    """The service as a CapabilityStatement of kind instance.

    Source: FHIR R4, CapabilityStatement; MedCom Messaging 2.1.0 (messaging.reliableCache).
    """
    statement: JsonObject = {
        "resourceType": "CapabilityStatement",
        "text": narrative(server.description),
        "name": server.name,
        "status": "active",
        "date": write_instant(server.released),
        "description": server.description,
        "kind": "instance",
        "software": {"name": server.name, "version": server.version},
        "implementation": {"description": server.description, "url": server.url},
        "fhirVersion": "4.0.1",
        "format": list(server.formats),
        "rest": [_rest(server)],
    }
    if server.messaging is not None:
        statement["messaging"] = [_messaging(server.messaging)]
    return statement


def _rest(server: Server) -> JsonObject:
    rest: JsonObject = {"mode": "server", "security": _security(server.token_url)}
    if server.documentation is not None:
        rest["documentation"] = server.documentation
    rest["resource"] = [_resource(resource) for resource in server.resources]
    if server.operations:
        rest["operation"] = [_operation(operation) for operation in server.operations]
    return rest


def _security(token_url: str | None) -> JsonObject:
    service: JsonObject = {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}
        ]
    }
    security: JsonObject = {"service": [service]}
    if token_url is not None:
        security["extension"] = [
            {
                "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                "extension": [{"url": "token", "valueUri": token_url}],
            }
        ]
    return security


def _resource(resource: Resource) -> JsonObject:
    rendered: JsonObject = {"type": resource.type, "versioning": resource.versioning}
    if resource.documentation is not None:
        rendered["documentation"] = resource.documentation
    if resource.interactions:
        rendered["interaction"] = [{"code": code} for code in resource.interactions]
    if resource.search:
        rendered["searchParam"] = [_search(parameter) for parameter in resource.search]
    if resource.operations:
        rendered["operation"] = [_operation(operation) for operation in resource.operations]
    return rendered


def _search(parameter: SearchParameter) -> JsonObject:
    return _documented({"name": parameter.name, "type": parameter.type}, parameter.documentation)


def _operation(operation: Operation) -> JsonObject:
    return _documented({"name": operation.name, "definition": operation.definition}, operation.documentation)


def _messaging(messaging: Messaging) -> JsonObject:
    supported: list[Json] = [{"mode": "receiver", "definition": each} for each in messaging.receives]
    supported += [{"mode": "sender", "definition": each} for each in messaging.sends]
    rendered: JsonObject = {"reliableCache": messaging.reliable_cache_minutes, "supportedMessage": supported}
    if messaging.endpoint is not None:
        protocol: JsonObject = {"system": "http://terminology.hl7.org/CodeSystem/message-transport", "code": "http"}
        rendered["endpoint"] = [{"protocol": protocol, "address": messaging.endpoint}]
    return _documented(rendered, messaging.documentation)


def _documented(rendered: JsonObject, documentation: str | None) -> JsonObject:
    return rendered if documentation is None else rendered | {"documentation": documentation}
