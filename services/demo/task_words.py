"""What a Task says, as the simulated country reads it."""

from __future__ import annotations

from discharge.task import Proof, TaskStatus
from fhir_mappings.elements import Element, JsonObject
from fhir_mappings.task import WAITS_FOR

__all__ = ["is_waiting", "proof_of", "status_of", "stay_of"]


def stay_of(task: JsonObject) -> str | None:
    """The stay that it belongs to."""
    return Element("Task", task)["groupIdentifier"].text("value")


def status_of(task: JsonObject) -> TaskStatus:
    """How it stands."""
    return TaskStatus(str(task["status"]))


def is_waiting(task: JsonObject) -> bool:
    """Tell whether another task of its stay comes first."""
    wait = Element("Task", task).extension(WAITS_FOR)
    return wait.extension("since").exists and not wait.extension("released").exists


def proof_of(task: Element) -> Proof:
    """The highest proof reached."""
    codes = (coding.text("code") for coding in task["businessStatus"].all("coding"))
    return Proof(next((code for code in codes if code is not None), Proof.SENT))
