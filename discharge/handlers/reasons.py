"""Why duties end that no person ended, as their owners read it."""

from __future__ import annotations

from typing import Final

from discharge.agreement import Trigger
from discharge.handlers.planner import LEFT, NO_NEWS, News
from discharge.task import HandoverTask, TaskStatus

__all__ = [
    "CANCELLED_BY_NOTICE",
    "DEATH",
    "REPORT_NOT_ASKED",
    "UNDONE_BY_WARD",
    "is_dropped",
    "is_taken_away",
    "why_void",
]

UNDONE_BY_WARD: Final = "Udskrivningen er taget tilbage"
CANCELLED_BY_NOTICE: Final = "Hospitalet har annulleret meldingen"
DEATH: Final = "Borgeren er død"
REPORT_NOT_ASKED: Final = "Hospitalet beder ikke længere om indlæggelsesrapporten"
_TAKEN_BACK: Final = frozenset({UNDONE_BY_WARD, CANCELLED_BY_NOTICE, DEATH, REPORT_NOT_ASKED})
"""Reasons of ours on what was withdrawn: when the fact comes back, so does the duty."""
_NO_LONGER_NEEDED: Final = "Grunden til opgaven er faldet væk"
_LINE_CHANGED: Final = "Linjen er ændret: spørg igen, hvis spørgsmålet stadig står"
_VOIDED: Final = {
    Trigger.TREATMENT_RESUMED: "Færdigmeldingen er taget tilbage",
    Trigger.PLAN_REVISED: "Planen er ændret",
    Trigger.DISCHARGED: LEFT,
    Trigger.MESSAGE_WRITTEN: "Der er svaret på beskeden",
    Trigger.MEDICATION_REVISED: "Det er klaret på medicinlisten",
    Trigger.DOCUMENT_FILED: "Udskrivningsrapporten er kommet",
}
"""Why an event took a duty back."""
_OURS: Final = _TAKEN_BACK | {_NO_LONGER_NEEDED, _LINE_CHANGED, *_VOIDED.values()}


def why_void(trigger: Trigger, news: News = NO_NEWS) -> str:
    """Why ``trigger`` ends a duty: where a line changed under a question, that is nothing that was settled."""
    if news.medicine is not None and news.medicine.newly_open:
        return _LINE_CHANGED
    return _VOIDED.get(trigger, _NO_LONGER_NEEDED)


def is_taken_away(task: HandoverTask) -> bool:
    """Tell whether an event withdrew it, and no person did."""
    return task.status is TaskStatus.CANCELLED and task.status_reason in _OURS


def is_dropped(task: HandoverTask) -> bool:
    """Tell whether a person ended it undone: what it was there for is as it was."""
    return task.status is TaskStatus.FAILED or (task.status is TaskStatus.CANCELLED and not is_taken_away(task))
