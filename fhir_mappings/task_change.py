"""``PUT Task`` -> the one move that it asks for.

A PUT may change status, statusReason, owner, the proposed time, the assignee and the note. Meta,
businessStatus, the proofs and what is read off them, narrative and lastModified are ours and ignored. So are
the lines in ``input``, as long as they are the stay's: lists come and go without a new version of the task.
Anything else that differs from the task as it stands is refused by name: a client must not believe
that it changed a deadline.
Source: design.md 6.5, `PUT Task`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn

from discharge.errors import InvalidIdentifierError
from discharge.identifiers import EncounterId, SorCode, parse_sor
from discharge.medication.record import LineId
from discharge.task import HandoverTask, Move, Person, TaskStatus
from fhir_mappings.elements import Element, Json, JsonObject
from fhir_mappings.errors import TaskChangeError, finding
from fhir_mappings.instants import is_plausible, read_instant
from fhir_mappings.json_text import parse_object
from fhir_mappings.people import NOT_A_PERSON, person_named
from fhir_mappings.r4 import require_shape
from fhir_mappings.systems import SOR_SYSTEM
from fhir_mappings.task import ASSIGNEE, PROOFS, PROPOSED_TIME, WAITS_FOR, task_resource

__all__ = ["TaskChange", "read_put"]

_S: Final = TaskStatus
_MOVES: Final[dict[TaskStatus, Move]] = {
    _S.ACCEPTED: Move.ACCEPT,
    _S.IN_PROGRESS: Move.START,
    _S.ON_HOLD: Move.PAUSE,
    _S.REJECTED: Move.REJECT,
    _S.COMPLETED: Move.COMPLETE,
    _S.CANCELLED: Move.WITHDRAW,
    _S.FAILED: Move.GIVE_UP,
}
_EXPLAINED: Final = frozenset({Move.REJECT, Move.WITHDRAW, Move.GIVE_UP})
_READ_OR_IGNORED: Final = frozenset(
    {"meta", "text", "businessStatus", "lastModified", "status", "statusReason", "owner", "note", "extension"}
    # The period is read off the proofs: a client that still holds the Task from before it was accepted lacks it.
    | {"executionPeriod"}
    # Whom it is meant for follows from the rule; clients from before it was told lack it.
    | {"performerType"}
    # Libraries drop what they do not know of a primitive; the English title is no loss.
    | {"_description"}
    | {"input"}
)
_OUR_EXTENSIONS: Final = frozenset({PROOFS, PROPOSED_TIME, ASSIGNEE, WAITS_FOR})
_LONGEST_TEXT: Final = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChange:
    """What a PUT asks for: the fields of ``MoveTask`` that come from the body."""

    move: Move
    reason: str | None = None
    proposed_time: datetime | None = None
    assignee: Person | None = None
    owner: SorCode | None = None
    note: str | None = None


def read_put(
    body: bytes,
    current: HandoverTask,
    *,
    encounter_id: EncounterId,
    earlier_encounters: Collection[EncounterId] = (),
    lines: Collection[LineId] = (),
    stale: bool = False,
) -> TaskChange:
    """The move that ``body`` asks of ``current``.

    Args:
        body: the Task as the client wants it.
        current: the task as it stands.
        encounter_id: as given to ``task_resource``.
        earlier_encounters: other contacts of the stay. A stay that goes on in another contact raises no
            version of its tasks, so a client may honestly still hold the earlier one.
        lines: the lines of medicine that the stay has or had, for a duty to go through them.
        stale: True when the client decided on an older version. Then differences are not held against
            it: the answer will be that somebody else has it, or that it changed.

    Raises:
        JsonTextError: not JSON as we take it, or no Task.
        ResourceShapeError: not a Task of FHIR R4.
        TaskChangeError: a change that a PUT cannot make, or none at all.
    """
    content = parse_object(body, expected="Task")
    require_shape(content)
    task = Element("Task", content)
    if content.get("id") != current.id:
        _refuse(task["id"], "The id is not the one in the address.", "MSG_RESOURCE_ID_MISMATCH")
    if not stale:
        contacts = (encounter_id, *earlier_encounters)
        _refuse_other_changes(content, task_resource(current, encounter_id=_held(task, contacts)))
        _refuse_other_lines(task, lines)
    status = _status(task)
    proposed, assignee, owner = _proposed_time(task), _assignee(task), _owner(task, current)
    proposes = proposed is not None and proposed != current.proposed_time
    if owner != current.owner:
        move = _hand_over(task, current, status)
    elif stale and status is _S.REQUESTED:
        # Somebody has touched it since: whatever this client meant, it meant it for an older task.
        move = Move.SEE
    else:
        move = _move(task, current, status, proposes=proposes) or _same_again(task, current, status, assignee)
    reason = _reason(task["statusReason"])
    if move in _EXPLAINED and reason is None:
        _refuse(task["statusReason"], "Say why: the others read it.", "MSG_PARAM_INVALID", "stafet-reason-required")
    return TaskChange(
        move=move,
        reason=reason,
        proposed_time=proposed if move is Move.PROPOSE_TIME else None,
        assignee=assignee if move in {Move.ACCEPT, Move.ASSIGN} and assignee != current.assignee else None,
        owner=None if owner == current.owner else owner,
        note=_note(task, current),
    )


def _hand_over(task: Element, current: HandoverTask, status: TaskStatus) -> Move:
    if status not in {_S.REQUESTED, current.status}:
        _refuse(task["owner"], "Give it to another owner in a change of its own.")
    return Move.ASSIGN


def _move(task: Element, current: HandoverTask, status: TaskStatus, *, proposes: bool) -> Move | None:
    """The move that the status asks for; None when it stays as it is and something else must tell."""
    if proposes:
        if status not in {_S.RECEIVED, current.status}:
            _refuse(task.extension(PROPOSED_TIME), "Propose another time with status received.")
        return Move.PROPOSE_TIME
    declines = current.proposed_time is not None and not task.extension(PROPOSED_TIME).exists
    if status is current.status:
        return Move.DECLINE_TIME if declines and status is _S.RECEIVED else None
    if status is _S.REQUESTED:
        _refuse(task["status"], "Nobody but the sender's plan can ask for it anew.")
    if status is _S.RECEIVED:
        return Move.SEE if current.status is _S.REQUESTED else Move.RELEASE
    if status is _S.IN_PROGRESS and current.status is _S.ON_HOLD:
        return Move.RESUME
    return _MOVES[status]


def _same_again(task: Element, current: HandoverTask, status: TaskStatus, assignee: Person | None) -> Move:
    if assignee is not None and assignee != current.assignee:
        return Move.ASSIGN
    # The same status again is harmless for its holder, and tells everybody else who has it.
    if status is _S.RECEIVED:
        return Move.SEE
    if status is _S.REQUESTED:
        _refuse(task["status"], "This changes nothing: ask for a status, an owner, a time or an assignee.")
    return _MOVES[status]


def _status(task: Element) -> TaskStatus:
    try:
        return TaskStatus(str(task["status"].value))
    except ValueError:
        known = ", ".join(status.value for status in TaskStatus)
        _refuse(task["status"], f"The status must be one of: {known}.", "MSG_VALUESET_VALUE_UNKNOWN")


def _proposed_time(task: Element) -> datetime | None:
    extension = task.extension(PROPOSED_TIME)
    if not extension.exists:
        return None
    place = extension["valueDateTime"]
    try:
        proposed = read_instant(place.string or "")
    except ValueError:
        _refuse(place, "A time needs date, seconds and zone.", "MSG_DATE_FORMAT")
    if not is_plausible(proposed):
        _refuse(place, "The time lies too far away.")
    return proposed


def _assignee(task: Element) -> Person | None:
    extension = task.extension(ASSIGNEE)
    if not extension.exists:
        return None
    person = extension["valueReference"]
    identity = person["identifier"].text("value") or (person.text("reference") or "").rpartition("/")[2]
    name = person.text("display") or extension.text("valueString")
    if not identity and name is None:
        _refuse(extension, "Name the person: valueReference with identifier and display, or valueString.")
    found = person_named(identity or str(name), name or identity)
    if found is None:
        _refuse(extension, NOT_A_PERSON)
    return found


def _owner(task: Element, current: HandoverTask) -> SorCode:
    owner = task["owner"]
    if not owner.exists:
        return current.owner
    identifier = owner["identifier"]
    by_code = identifier.text("value") if identifier.text("system") == SOR_SYSTEM else None
    by_reference = (owner.text("reference") or "").rpartition("Organization/")[2] or None
    named = {each for each in (by_code, by_reference) if each is not None}
    if len(named) > 1:
        # One of the two may have been left as it was; the other is what the client means.
        named -= {current.owner}
    try:
        return parse_sor(named.pop() if len(named) == 1 else "")
    except InvalidIdentifierError:
        _refuse(owner, "Name the owner by SOR code.", "MSG_PARAM_INVALID")


def _reason(concept: Element) -> str | None:
    coded = (coding.text("display") or coding.text("code") for coding in concept.all("coding"))
    reason = concept.text("text") or next(coded, None)
    if reason is not None and len(reason) > _LONGEST_TEXT:
        _refuse(concept, "The reason is too long.", "MSG_Element_To_Long")
    return reason


def _note(task: Element, current: HandoverTask) -> str | None:
    notes = task.all("note")
    latest = notes[-1].text("text") if notes else None
    if latest is not None and len(latest) > _LONGEST_TEXT:
        _refuse(task["note"], "The note is too long.", "MSG_Element_To_Long")
    return None if latest == current.note else latest


def _held(task: Element, contacts: tuple[EncounterId, ...]) -> EncounterId:
    """The contact that the client's Task is about, if it is one of the stay's; else the latest."""
    named = task["encounter"].text("reference")
    return next((each for each in contacts if named == f"Encounter/{each}"), contacts[0])


def _refuse_other_changes(asked: JsonObject, current: JsonObject) -> None:
    for name in sorted(asked.keys() | current.keys()):
        if name not in _READ_OR_IGNORED and _meaning(asked.get(name)) != _meaning(current.get(name)):
            _refuse(Element(f"Task.{name}", None), "This element cannot be changed. Read the Task again.")
    for extension in Element("Task", asked).all("extension"):
        if extension.text("url") not in _OUR_EXTENSIONS:
            _refuse(extension, "This extension is not known here.")


def _refuse_other_lines(task: Element, lines: Collection[LineId]) -> None:
    for given in task.all("input"):
        kind, _, named = (given["valueReference"].text("reference") or "").rpartition("/")
        if kind.rpartition("/")[2] != "MedicationStatement" or named not in lines:
            _refuse(task["input"], "No line of this stay. Lines come from its lists, never from a Task.")


_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT")


def _meaning(value: Json) -> object:
    """The value with times as instants, so that another way of writing a time is no change."""
    if isinstance(value, dict):
        return {name: _meaning(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_meaning(each) for each in value]
    if isinstance(value, str) and _TIME.match(value):
        try:
            return read_instant(value)
        except ValueError:
            return value
    return value


def _refuse(
    element: Element, text: str, detail: str = "MSG_PARAM_INVALID", rule: str = "stafet-task-change"
) -> NoReturn:
    raise TaskChangeError(finding(rule, "business-rule", text, expression=element.path, detail=detail))
