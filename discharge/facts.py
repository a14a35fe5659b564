"""What a condition may look at: the stay, the plan, the citizen and the event, as named values.

The names are the vocabulary of the agreement language; ``docs/agreement.md`` lists them and a test
compares. A value that nobody has said is None, and a comparison with it holds in no case.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from discharge.clock import is_working_day, local
from discharge.conditions import Facts, FactType
from discharge.context import PlanningContext
from discharge.stay import StayState

__all__ = ["FIELDS", "facts_of"]

_T = FactType
FIELDS: Final[dict[str, FactType]] = {
    "stay.kind": _T.TEXT,
    "stay.began": _T.INSTANT,
    "stay.hours": _T.NUMBER,
    "stay.began_day": _T.TEXT,
    "stay.began_weekday": _T.NUMBER,
    "stay.began_time": _T.TEXT,
    "stay.ended": _T.INSTANT,
    "stay.municipality_is_party": _T.TRUTH,
    "stay.report_requested": _T.TRUTH,
    "stay.ward": _T.TEXT,
    "stay.hospital": _T.TEXT,
    "plan.version": _T.NUMBER,
    "plan.changed": _T.TEXTS,
    "plan.needs": _T.TEXTS,
    "plan.municipal_needs": _T.TRUTH,
    "plan.expected_discharge": _T.INSTANT,
    "plan.expected_today": _T.TRUTH,
    "plan.expected_closed_day": _T.TRUTH,
    "plan.expected_hours": _T.NUMBER,
    "plan.treatment_finished": _T.INSTANT,
    "plan.first_visit": _T.INSTANT,
    "plan.destination": _T.TEXT,
    "plan.functional_level": _T.TEXT,
    "plan.frail": _T.TRUTH,
    "plan.agreed_by_phone": _T.TRUTH,
    "plan.medicine_until_said": _T.TRUTH,
    "leaving.at": _T.INSTANT,
    "leaving.hours": _T.NUMBER,
    "leaving.weekday": _T.NUMBER,
    "leaving.time": _T.TEXT,
    "leaving.closed_day": _T.TRUTH,
    "citizen.services": _T.TEXTS,
    "citizen.has_gp": _T.TRUTH,
    "event.at": _T.INSTANT,
    "event.day": _T.TEXT,
    "event.time": _T.TEXT,
    "event.weekday": _T.NUMBER,
    "event.closed_day": _T.TRUTH,
    "message.category": _T.TEXT,
    "message.urgent": _T.TRUTH,
    "message.from": _T.TEXT,
    "message.to": _T.TEXT,
    "message.is_reply": _T.TRUTH,
    "task.code": _T.TEXT,
    "tasks.open": _T.TEXTS,
    "tasks.done": _T.TEXTS,
}
"""Name -> type. Hours are full ones since the stay began; Monday is weekday 1.

``leaving`` is when the patient left, and until then the expected discharge.
"""


def facts_of(context: PlanningContext) -> Facts:
    """The named values in ``context``. An ended stay is judged on the day it ended, all else on that of the event."""
    stay, plan, patient = context.stay, context.stay.plan, context.patient
    until = stay.ended_at or context.received_at
    began, at, expected = local(stay.began_at), local(context.received_at), plan.expected_discharge_at
    leaving = stay.ended_at or expected
    leaves = None if leaving is None else local(leaving)
    day = local(stay.ended_at).date() if stay.state is StayState.ENDED and stay.ended_at is not None else at.date()
    message = context.message
    return {
        "stay.kind": stay.encounter.encounter_class.value,
        "stay.began": stay.began_at,
        "stay.hours": _full_hours(stay.began_at, until),
        "stay.began_day": began.date().isoformat(),
        "stay.began_weekday": began.isoweekday(),
        "stay.began_time": began.strftime("%H:%M"),
        "stay.ended": stay.ended_at,
        "stay.municipality_is_party": context.municipality_is_party,
        "stay.report_requested": context.report_requested,
        "stay.ward": stay.ward,
        "stay.hospital": stay.hospital,
        "plan.version": plan.version,
        "plan.changed": context.changed,
        "plan.needs": None if plan.needs is None else tuple(sorted(plan.needs)),
        "plan.municipal_needs": plan.names_municipal_need,
        "plan.expected_discharge": expected,
        "plan.expected_today": None if expected is None else local(expected).date() == at.date(),
        "plan.expected_closed_day": None if expected is None else _is_closed(local(expected).date(), context),
        "plan.expected_hours": None if expected is None else _full_hours(stay.began_at, expected),
        "plan.treatment_finished": plan.treatment_finished_at,
        "plan.first_visit": plan.first_visit_at,
        "plan.destination": plan.destination,
        "plan.functional_level": plan.functional_level,
        "plan.frail": plan.frail,
        "plan.agreed_by_phone": bool(plan.agreed_by_phone),
        "plan.medicine_until_said": plan.medicine_until is not None,
        "leaving.at": leaving,
        "leaving.hours": None if leaving is None else _full_hours(stay.began_at, leaving),
        "leaving.weekday": None if leaves is None else leaves.isoweekday(),
        "leaving.time": None if leaves is None else leaves.strftime("%H:%M"),
        "leaving.closed_day": None if leaves is None else _is_closed(leaves.date(), context),
        "citizen.services": tuple(sorted(patient.services)),
        "citizen.has_gp": context.gp is not None,
        "event.at": context.received_at,
        "event.day": day.isoformat(),
        "event.time": at.strftime("%H:%M"),
        "event.weekday": day.isoweekday(),
        "event.closed_day": _is_closed(day, context),
        "message.category": None if message is None else message.category,
        "message.urgent": None if message is None else message.is_urgent,
        "message.from": None if message is None else message.from_kind,
        "message.to": None if message is None else message.to_kind,
        "message.is_reply": None if message is None else message.is_reply,
        "task.code": context.completed,
        "tasks.open": tuple(sorted(context.open_codes)),
        "tasks.done": tuple(sorted(context.done_codes)),
    }


def _is_closed(day: date, context: PlanningContext) -> bool:
    return not is_working_day(day, context.closed_days)


def _full_hours(since: datetime, until: datetime) -> int:
    return int((until - since).total_seconds() // 3600)
