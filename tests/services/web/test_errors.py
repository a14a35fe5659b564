from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

import discharge.errors
import fhir_mappings.errors
import notifications.errors
from discharge.errors import (
    AgreementError,
    ClockError,
    ConcurrentUpdateError,
    LineChangedError,
    MedicationError,
    PersonRequiredError,
    PlanError,
    ReasonRequiredError,
    RoundClosedError,
    TaskTakenError,
    TransitionError,
)
from fhir_mappings.errors import NotAMessageError, finding
from services.web import refusals
from services.web.errors import TABLE, answer_to, headers_of, is_foreseen, issues_of, unwrapped

AT = datetime(2026, 11, 20, 10, 40, tzinfo=UTC)
CHANGED = LineChangedError(kind="MedicationReconciliation", expected=1, actual=2, lines=("a", "b"))


def descendants(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from descendants(child)


ROOTS = (
    discharge.errors.DischargeError,
    fhir_mappings.errors.MappingError,
    notifications.errors.DeliveryError,
    refusals.RefusedRequestError,
)


def in_our_packages(kind: type[Exception]) -> bool:
    return kind.__module__.split(".")[0] in {"discharge", "fhir_mappings", "notifications", "services"}


@pytest.mark.parametrize("root", ROOTS)
def test_every_error_of_the_house_has_a_line(root: type[Exception]) -> None:
    for kind in filter(in_our_packages, descendants(root)):
        assert any(ancestor in TABLE for ancestor in kind.__mro__), kind


@pytest.mark.parametrize("module", [discharge.errors, notifications.errors, refusals])
def test_every_named_error_has_a_line_of_its_own(module: object) -> None:
    for name in module.__all__:  # type: ignore[attr-defined] # every module here has one
        assert getattr(module, name) in TABLE, name


def test_every_line_says_something_to_machines_and_to_people() -> None:
    for kind, answer in TABLE.items():
        assert 400 <= answer.status <= 599, kind
        assert answer.text.endswith("."), kind
        assert answer.title, kind
        assert answer.words.endswith("."), kind


@pytest.mark.parametrize(
    ("error", "status", "part"),
    [
        (TaskTakenError(holder="Mette Krog", since=AT), 409, "Mette Krog has had the task since 2026-11-20T10:40:00Z"),
        (ConcurrentUpdateError(kind="Task", expected=1, actual=2), 412, "expected=1, actual=2"),
        (CHANGED, 412, "Read it again, then decide. MedicationStatement/a, MedicationStatement/b."),
        (CHANGED, 412, "'decision').part.where(name='line')"),
        (TransitionError(kind="Task", state="done", move="accept"), 422, "move=accept"),
        (ReasonRequiredError(action="reject"), 422, "Task.statusReason"),
        (PlanError(element="discharged", problem="too early"), 422, "where(name='discharged')"),
        (MedicationError(element="decision.line", problem="unknown"), 422, "'decision').part.where(name='line')"),
        (MedicationError(element="line", problem="unknown"), 422, "where(name='line')"),
        (ReasonRequiredError(action="decide-ask"), 422, "'decision').part.where(name='reason')"),
        (PersonRequiredError(action="decide"), 422, "where(name='practitioner')"),
        (RoundClosedError(state="completed"), 409, "state=completed"),
        (AgreementError(path="rules[0]", problem="unknown"), 422, "rules[0]"),
        (ClockError(now=AT, asked=AT), 422, "asked=2026-11-20T10:40:00Z"),
        (refusals.MediaTypeError(takes=("a", "b")), 415, "takes=a|b"),
        (refusals.BadRequestError(element="due", problem="no date", code="value"), 400, "no date"),
        (NotAMessageError(finding("some-rule", "required", "No id.")), 400, "some-rule"),
        (RuntimeError("0101901234"), 500, "rule='Runtime'"),
        (PoolTimeoutError(), 503, "rule='Timeout'"),
    ],
)
def test_refusal_names_rule_and_particulars(error: Exception, status: int, part: str) -> None:
    issues = issues_of(error)

    assert answer_to(error).status == status
    assert part in repr(issues)
    assert "0101901234" not in repr(issues)


def test_lost_database_is_told_from_a_mistake_of_ours() -> None:
    lost = OperationalError("SELECT 1", {}, psycopg.OperationalError("gone"))
    mistake = ProgrammingError("SELECT x", {}, psycopg.ProgrammingError("no column x"))

    assert (answer_to(lost).status, headers_of(lost)) == (503, {"retry-after": "5"})
    assert answer_to(mistake).status == 500
    assert is_foreseen(lost)
    assert not is_foreseen(mistake)


def test_wrapped_refusal_is_answered_as_itself() -> None:
    ours = refusals.BodyTooLargeError(limit=1)
    wrapped = HTTPException(400)
    wrapped.__cause__ = ours

    assert unwrapped(wrapped) is ours
    assert answer_to(unwrapped(HTTPException(400))).status == 400
    assert answer_to(unwrapped(HTTPException(405))).status == 405
    assert answer_to(unwrapped(HTTPException(404))).status == 404


def test_refused_token_is_said_to_be_invalid_and_a_missing_one_is_not() -> None:
    refused = headers_of(refusals.LoginRequiredError(reason="expired", presented=True))["www-authenticate"]
    missing = headers_of(refusals.LoginRequiredError(reason="no-credentials"))["www-authenticate"]

    assert "invalid_token" in refused
    assert "invalid_token" not in missing


def test_documented_table_is_the_table() -> None:
    documented = (Path(__file__).parents[3] / "docs" / "fhir.md").read_text(encoding="utf-8")
    for kind, answer in TABLE.items():
        package = kind.__module__.split(".")[0]
        assert f"| `{kind.__name__}` | {package} | {answer.status} | `{answer.code}` |" in documented, kind
