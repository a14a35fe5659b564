"""A citizen gone home, and what everybody's record system sends about the medicine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from discharge.policy import Role
from tests.factories import CPR, HOSPITAL, MUNICIPALITY, PRACTICE
from tests.services.installation import FHIR, Installation

__all__ = ["ATC", "NUMBER", "Course", "bundle", "findings", "metoprolol", "pinex", "statement"]

ATC = "http://www.whocc.no/atc"
CPR_SYSTEM = "urn:oid:1.2.208.176.1.2"
NUMBER = f"{CPR_SYSTEM}|{CPR.digits}"
LIST = "urn:stafet:medication-list"


def statement(name: str, atc: str | None = None, *, dose: float | None = 1, **elements: Any) -> dict[str, Any]:
    """One medicine, ``dose`` tablets a day."""
    coding = [] if atc is None else [{"system": ATC, "code": atc}]
    timing = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
    amount = {"doseQuantity": {"value": dose, "unit": "tablet"}}
    made = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": {"text": name} | ({"coding": coding} if coding else {}),
        "subject": {"identifier": {"system": CPR_SYSTEM, "value": CPR.digits}},
        "dosage": [{"text": f"{dose:g} tablet daglig", "timing": timing, "doseAndRate": [amount]}] if dose else None,
    }
    return {element: value for element, value in (made | elements).items() if value is not None}


def metoprolol(dose: float = 1, **elements: Any) -> dict[str, Any]:
    """What goes on."""
    identifier = [{"system": "urn:order", "value": "metoprolol"}]
    return statement("Metoprolol 50 mg", "C07AB02", dose=dose, identifier=identifier, **elements)


def pinex(**elements: Any) -> dict[str, Any]:
    """What is new."""
    return statement("Pinex 500 mg", "N02BE01", **elements)


def bundle(*resources: dict[str, Any], column: str | None = None, **elements: Any) -> dict[str, Any]:
    """A list."""
    told = {} if column is None else {"category": {"coding": [{"system": LIST, "code": column}]}}
    entries = [{"resource": each | told} for each in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries} | elements


def findings(answer: httpx.Response) -> list[dict[str, Any]]:
    """What is said of a list that was taken in: it stands last in the answer."""
    assert answer.status_code in {200, 201}, answer.text
    outcome = answer.json()["entry"][-1]["resource"]
    assert outcome["resourceType"] == "OperationOutcome"
    found: list[dict[str, Any]] = outcome["issue"]
    return found


@dataclass
class Course:
    """The citizen's way home, with the record systems of all three parties."""

    house: Installation

    @property
    def gp_system(self) -> dict[str, str]:
        """The practice's record system."""
        return self.house.token(Role.SYSTEM, PRACTICE) | {"content-type": FHIR}

    @property
    def municipal_system(self) -> dict[str, str]:
        """The municipality's record system."""
        return self.house.token(Role.SYSTEM, MUNICIPALITY) | {"content-type": FHIR}

    @property
    def hospital_system(self) -> dict[str, str]:
        """The hospital's record system."""
        return self.house.token(Role.SYSTEM, HOSPITAL) | {"content-type": FHIR}

    async def send(self, headers: dict[str, str], content: Any) -> httpx.Response:
        """A list goes in."""
        return await self.house.client.post("/fhir/Bundle", json=content, headers=headers)

    async def two_lists(self) -> None:
        """Before: one medicine. At discharge: the same, and a new one."""
        for column, lines in (("before", [metoprolol()]), ("at-discharge", [metoprolol(), pinex()])):
            answer = await self.send(self.hospital_system, bundle(*lines, column=column))
            assert answer.status_code == 201, answer.text

    async def task(self) -> dict[str, Any]:
        """The practice's duty to go through the lines."""
        (found,) = await self.house.tasks(self.house.gp, "?code=reconcile-medication")
        return found

    async def lines(self, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
        """The lines of the duty, in the order of the table."""
        task = await self.task()
        answer = await self.house.client.get(
            f"/fhir/MedicationStatement?part-of=Task/{task['id']}", headers=headers or self.house.gp
        )
        assert answer.status_code == 200, answer.text
        return [each["resource"] for each in answer.json().get("entry", [])]

    async def decide(
        self,
        task: dict[str, Any],
        *decisions: tuple[str, str] | tuple[str, str, str],
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Decide lines: id, code and reason of each."""
        names = ("line", "code", "reason")
        kinds = ("valueString", "valueCode", "valueString")
        parameters = [
            {"name": "decision", "part": [{"name": n, k: v} for n, k, v in zip(names, kinds, each, strict=False)]}
            for each in decisions
        ]
        return await self.house.client.post(
            f"/fhir/Task/{task['id']}/$decide",
            json={"resourceType": "Parameters", "parameter": parameters},
            headers=(headers or self.house.gp) | {"content-type": FHIR},
        )
