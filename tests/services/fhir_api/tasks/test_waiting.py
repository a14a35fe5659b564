"""A task that waits for another one is completed by a machine with a reason only."""

from typing import Any

import pytest

from discharge.policy import Role
from fhir_mappings.task import WAITS_FOR
from tests.factories import PRACTICE
from tests.services.fhir_api.tasks.outcomes import issue
from tests.services.installation import Installation
from tests.services.waits import visits_wait

SIGNED = "Besøget kan ikke vente, givet efter den underskrevne liste"


@pytest.fixture
async def visit(house: Installation) -> dict[str, Any]:
    """The nurse has taken the visit on, and the practice has still to go through the medicine."""
    await visits_wait(house)
    await house.home()
    (found,) = await house.tasks(house.nurse, "?code=resume-services")
    accepted = await house.put(found, house.nurse, status="accepted")
    assert accepted.status_code == 200, accepted.text
    made: dict[str, Any] = accepted.json()
    return made


def waits(task: dict[str, Any]) -> set[str]:
    """The parts of what it says of its waiting."""
    (found,) = [each for each in task["extension"] if each["url"] == WAITS_FOR]
    assert found["extension"][0] == {"url": "code", "valueCode": "reconcile-medication"}
    return {part["url"] for part in found["extension"]}


async def test_task_says_what_it_waits_for(visit: dict[str, Any]) -> None:
    assert waits(visit) == {"code", "since"}


async def test_completing_without_a_reason_is_refused_by_the_rule(house: Installation, visit: dict[str, Any]) -> None:
    refused = await house.put(visit, house.nurse, status="completed")

    assert (refused.status_code, issue(refused)["code"]) == (422, "business-rule")
    assert "rule=R17" in issue(refused)["diagnostics"]
    assert "waits_for=reconcile-medication" in issue(refused)["diagnostics"]


async def test_completing_with_a_reason_keeps_it(house: Installation, visit: dict[str, Any]) -> None:
    done = await house.put(visit, house.nurse, status="completed", statusReason={"text": SIGNED})

    assert (done.status_code, done.json()["status"]) == (200, "completed")
    assert done.json()["statusReason"] == {"text": SIGNED}
    assert waits(done.json()) == {"code", "since"}


async def test_task_is_released_when_the_practice_is_done(house: Installation, visit: dict[str, Any]) -> None:
    gp = house.token(Role.GP, PRACTICE)
    (found,) = await house.tasks(gp, "?code=reconcile-medication")
    accepted = (await house.put(found, gp, status="accepted")).json()
    assert (await house.put(accepted, gp, status="completed")).status_code == 200

    (released,) = await house.tasks(house.nurse, f"?_id={visit['id']}")

    assert waits(released) == {"code", "since", "released"}
    without = released | {"extension": [each for each in released["extension"] if each["url"] != WAITS_FOR]}
    assert (await house.put(without, house.nurse, status="completed")).status_code == 200
