"""What a condition may look at: the stay, the plan, the citizen and the event, as named values.

The names are the vocabulary of the agreement language; ``docs/agreement.md`` lists them and a test
compares. A value that nobody has said is None, and a comparison with it holds in no case.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Final

from discharge.clock import is_working_day, local
from discharge.conditions import Facts, FactType, Value
from discharge.context import PlanningContext
from discharge.identifiers import SorCode
from discharge.stay import StayState

__all__ = ["FIELDS", "facts_of"]

_Find = Callable[[PlanningContext], Value]


def _leaving(context: PlanningContext) -> datetime | None:
    return context.stay.ended_at or context.stay.plan.expected_discharge_at


def _day(context: PlanningContext) -> date:
    """An ended stay is judged on the day it ended, all else on that of the event."""
    stay = context.stay
    if stay.state is StayState.ENDED and stay.ended_at is not None:
        return local(stay.ended_at).date()
    return context.today


def _full_hours(context: PlanningContext, until: datetime | None) -> int | None:
    return None if until is None else int((until - context.stay.began_at).total_seconds() // 3600)


def _weekday(at: datetime | None) -> int | None:
    return None if at is None else local(at).isoweekday()


def _time(at: datetime | None) -> str | None:
    return None if at is None else local(at).strftime("%H:%M")


def _is_closed(context: PlanningContext, at: datetime | None) -> bool | None:
    return None if at is None else not is_working_day(local(at).date(), context.closed_days)


def _is_today(context: PlanningContext, at: datetime | None) -> bool | None:
    return None if at is None else local(at).date() == context.today


def _kind(context: PlanningContext, sor: SorCode | None) -> str | None:
    found = None if sor is None else context.directory.get(sor)
    return None if found is None else found.kind


_T = FactType
_VOCABULARY: Final[dict[str, tuple[FactType, _Find]]] = {
    "stay.kind": (_T.TEXT, lambda c: c.stay.encounter.encounter_class.value),
    "stay.began": (_T.INSTANT, lambda c: c.stay.began_at),
    "stay.hours": (_T.NUMBER, lambda c: _full_hours(c, c.stay.ended_at or c.received_at)),
    "stay.began_day": (_T.TEXT, lambda c: local(c.stay.began_at).date().isoformat()),
    "stay.began_weekday": (_T.NUMBER, lambda c: _weekday(c.stay.began_at)),
    "stay.began_time": (_T.TEXT, lambda c: _time(c.stay.began_at)),
    "stay.ended": (_T.INSTANT, lambda c: c.stay.ended_at),
    "stay.municipality_is_party": (_T.TRUTH, lambda c: c.municipality_is_party),
    "stay.report_requested": (_T.TRUTH, lambda c: c.report_requested),
    "stay.ward_answers": (_T.TRUTH, lambda c: c.ward_answers),
    "stay.ward": (_T.TEXT, lambda c: c.stay.ward),
    "stay.hospital": (_T.TEXT, lambda c: c.stay.hospital),
    "plan.version": (_T.NUMBER, lambda c: c.stay.plan.version),
    "plan.changed": (_T.TEXTS, lambda c: c.changed),
    "plan.needs": (_T.TEXTS, lambda c: None if c.stay.plan.needs is None else tuple(sorted(c.stay.plan.needs))),
    "plan.municipal_needs": (_T.TRUTH, lambda c: c.stay.plan.names_municipal_need),
    "plan.expected_discharge": (_T.INSTANT, lambda c: c.stay.plan.expected_discharge_at),
    "plan.expected_today": (_T.TRUTH, lambda c: _is_today(c, c.stay.plan.expected_discharge_at)),
    "plan.expected_closed_day": (_T.TRUTH, lambda c: _is_closed(c, c.stay.plan.expected_discharge_at)),
    "plan.expected_hours": (_T.NUMBER, lambda c: _full_hours(c, c.stay.plan.expected_discharge_at)),
    "plan.treatment_finished": (_T.INSTANT, lambda c: c.stay.plan.treatment_finished_at),
    "plan.first_visit": (_T.INSTANT, lambda c: c.stay.plan.first_visit_at),
    "plan.destination": (_T.TEXT, lambda c: c.stay.plan.destination),
    "plan.functional_level": (_T.TEXT, lambda c: c.stay.plan.functional_level),
    "plan.frail": (_T.TRUTH, lambda c: c.stay.plan.frail),
    "plan.without_72_hours": (_T.TEXT, lambda c: c.stay.plan.without_72_hours),
    "plan.agreed_by_phone": (_T.TRUTH, lambda c: bool(c.stay.plan.agreed_by_phone)),
    "plan.medicine_until_said": (_T.TRUTH, lambda c: c.stay.plan.medicine_until is not None),
    "leaving.at": (_T.INSTANT, _leaving),
    "leaving.hours": (_T.NUMBER, lambda c: _full_hours(c, _leaving(c))),
    "leaving.weekday": (_T.NUMBER, lambda c: _weekday(_leaving(c))),
    "leaving.time": (_T.TEXT, lambda c: _time(_leaving(c))),
    "leaving.closed_day": (_T.TRUTH, lambda c: _is_closed(c, _leaving(c))),
    "citizen.services": (_T.TEXTS, lambda c: tuple(sorted(c.patient.services))),
    "citizen.has_gp": (_T.TRUTH, lambda c: c.gp is not None),
    "event.at": (_T.INSTANT, lambda c: c.received_at),
    "event.day": (_T.TEXT, lambda c: _day(c).isoformat()),
    "event.time": (_T.TEXT, lambda c: _time(c.received_at)),
    "event.weekday": (_T.NUMBER, lambda c: _day(c).isoweekday()),
    "event.closed_day": (_T.TRUTH, lambda c: not is_working_day(_day(c), c.closed_days)),
    "message.category": (_T.TEXT, lambda c: None if c.message is None else c.message.category),
    "message.urgent": (_T.TRUTH, lambda c: None if c.message is None else c.message.is_urgent),
    "message.from": (_T.TEXT, lambda c: None if c.message is None else c.message.from_kind),
    "message.to": (_T.TEXT, lambda c: None if c.message is None else c.message.to_kind),
    "message.is_reply": (_T.TRUTH, lambda c: None if c.message is None else c.message.is_reply),
    "medicine.listed": (_T.TRUTH, lambda c: c.stay.medicine_listed_at is not None),
    "medicine.signed": (_T.TRUTH, lambda c: c.stay.medicine_signed_at is not None),
    "medicine.work": (_T.TEXT, lambda c: None if c.medicine is None else c.medicine.work),
    "medicine.unresolved": (_T.NUMBER, lambda c: None if c.medicine is None else c.medicine.unresolved),
    "medicine.newly_open": (_T.NUMBER, lambda c: None if c.medicine is None else c.medicine.newly_open),
    "medicine.asked": (_T.NUMBER, lambda c: None if c.medicine is None else c.medicine.asked),
    "medicine.from": (_T.TEXT, lambda c: None if c.medicine is None else _kind(c, c.medicine.asker)),
    "document.in_force": (_T.TEXTS, lambda c: None if c.document is None else c.document.in_force),
    "document.taken_back": (_T.TEXTS, lambda c: None if c.document is None else c.document.taken_back),
    "task.code": (_T.TEXT, lambda c: c.completed),
    "tasks.open": (_T.TEXTS, lambda c: tuple(sorted(c.open_codes))),
    "tasks.done": (_T.TEXTS, lambda c: tuple(sorted(c.done_codes))),
}
"""Name -> type, and how the value is found."""
FIELDS: Final[dict[str, FactType]] = {name: kind for name, (kind, _) in _VOCABULARY.items()}
"""Name -> type. Hours are full ones since the stay began; Monday is weekday 1.

``leaving`` is when the patient left, and until then the expected discharge.
"""


class _Facts(dict[str, Value]):
    """Values by name, each found when somebody first asks for it: an agreement reads few of them."""

    def __init__(self, context: PlanningContext) -> None:
        super().__init__()
        self._context = context

    def __missing__(self, name: str) -> Value:
        """Find it, and remember it."""
        _, find = _VOCABULARY[name]
        value = self[name] = find(self._context)
        return value


def facts_of(context: PlanningContext) -> Facts:
    """The named values in ``context``, to be asked for by name."""
    return _Facts(context)
