"""What an answer says, wherever it says it."""

from __future__ import annotations

from typing import Any

import httpx

from tests.factories import CPR

__all__ = ["found_in", "issues_of", "no_number_in"]


def issues_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """The findings of an OperationOutcome, alone or in a Bundle."""
    body = answer.json()
    resources = [entry["resource"] for entry in body["entry"]] if body["resourceType"] == "Bundle" else [body]
    return [i for each in resources if each["resourceType"] == "OperationOutcome" for i in each["issue"]]


def found_in(answer: httpx.Response) -> set[tuple[str, str | None]]:
    """Issue code and detail code of each error."""
    return {
        (issue["code"], next((coding["code"] for coding in issue.get("details", {}).get("coding", [])), None))
        for issue in issues_of(answer)
        if issue["severity"] in {"error", "fatal"}
    }


def no_number_in(answer: httpx.Response) -> None:
    """No answer repeats the citizen's number, whatever was wrong with it."""
    for number in (CPR.digits, f"{CPR.digits[:6]}-{CPR.digits[6:]}"):
        assert number not in answer.text
        assert number not in str(answer.headers)
