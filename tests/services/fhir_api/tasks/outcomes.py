"""What an answer says."""

from typing import Any

import httpx

SOR = "urn:oid:1.2.208.176.1.1"


def issue(answer: httpx.Response) -> dict[str, Any]:
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome", outcome
    first: dict[str, Any] = outcome["issue"][0]
    return first
