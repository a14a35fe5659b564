from __future__ import annotations

from typing import Any

from fhir_mappings import r4
from fhir_mappings.capability import Messaging, Operation, Resource, SearchParameter, Server, capability_statement
from tests.fhir_mappings.tasks import AT

PLAN = Operation("plan", "urn:stafet:operation:plan", "The ward's plan by machine.")


def test_a_full_description_is_told_in_full() -> None:
    statement: Any = capability_statement(
        Server(
            name="Stafet",
            version="0.1.0",
            released=AT,
            description="Handover at discharge",
            url="https://stafet.example/fhir",
            resources=(
                Resource(
                    type="Task",
                    interactions=("read", "update", "search-type"),
                    search=(SearchParameter("owner", "reference", "Reference or SOR code."),),
                    versioning="versioned-update",
                    documentation="Duties.",
                ),
                Resource(type="Encounter", operations=(PLAN,)),
            ),
            operations=(Operation("process-message", "urn:x:process-message"),),
            messaging=Messaging(
                reliable_cache_minutes=525_600,
                receives=("urn:x:hospital-notification",),
                sends=("urn:x:acknowledgement",),
                endpoint="https://stafet.example/fhir/$process-message",
                documentation="From the acknowledgement point on: 200 and an Acknowledgement.",
            ),
            token_url="https://stafet.example/token",
            documentation="JSON only.",
        )
    )

    [rest] = statement["rest"]
    [messaging] = statement["messaging"]
    assert [each["type"] for each in rest["resource"]] == ["Task", "Encounter"]
    assert rest["resource"][0]["versioning"] == "versioned-update"
    assert messaging["reliableCache"] == 525_600
    assert [each["mode"] for each in messaging["supportedMessage"]] == ["receiver", "sender"]
    assert statement["fhirVersion"] == "4.0.1"
    r4.CapabilityStatement.model_validate(statement)


def test_what_the_service_does_not_do_is_not_claimed() -> None:
    statement: Any = capability_statement(
        Server(
            name="Stafet",
            version="0.1.0",
            released=AT,
            description="Handover at discharge",
            url="https://stafet.example/fhir",
            resources=(Resource(type="Patient", interactions=("read",)),),
        )
    )
    with_messages = Messaging(reliable_cache_minutes=60, receives=("urn:x",))
    other: Any = capability_statement(
        Server(
            name="Stafet",
            version="0.1.0",
            released=AT,
            description="Handover at discharge",
            url="https://stafet.example/fhir",
            resources=(Resource(type="Patient", search=(SearchParameter("_id", "token"),)),),
            messaging=with_messages,
        )
    )

    [rest] = statement["rest"]
    assert "messaging" not in statement
    assert not rest.keys() & {"operation", "documentation"}
    assert "extension" not in rest["security"]
    r4.CapabilityStatement.model_validate(statement)
    r4.CapabilityStatement.model_validate(other)
