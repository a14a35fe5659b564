from __future__ import annotations

from fhir_mappings import r4
from fhir_mappings.errors import finding
from fhir_mappings.outcomes import narrative, operation_outcome


def test_findings_become_issues_with_rule_place_and_code() -> None:
    outcome = operation_outcome(
        [
            finding("a", "value", "Wrong <form>.", expression="Bundle.id", detail="MSG_ID_INVALID"),
            finding("b", "required", "Missing.", detail="MSG_Receiver_Identifier_MISSING"),
            finding("c", "informational", "Thanks.", severity="information"),
        ]
    )

    assert outcome["issue"] == [
        {
            "severity": "error",
            "code": "value",
            "details": {
                "text": "Wrong <form>.",
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/operation-outcome", "code": "MSG_ID_INVALID"}
                ],
            },
            "diagnostics": "a",
            "expression": ["Bundle.id"],
        },
        {
            "severity": "error",
            "code": "required",
            "details": {
                "text": "Missing.",
                "coding": [
                    {
                        "system": "http://medcomfhir.dk/ig/terminology/CodeSystem/medcom-acknowledgement-error-codes",
                        "code": "MSG_Receiver_Identifier_MISSING",
                    }
                ],
            },
            "diagnostics": "b",
        },
        {"severity": "information", "code": "informational", "details": {"text": "Thanks."}, "diagnostics": "c"},
    ]
    r4.OperationOutcome.model_validate(outcome)


def test_narrative_is_escaped_and_never_empty() -> None:
    assert "<p>&lt;script&gt;</p>" in str(narrative("<script>")["div"])
    assert "<p>-</p>" in str(narrative()["div"])
