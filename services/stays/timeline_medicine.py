"""What was said of the medicine, as lines of the stay's timeline: only for who reads medicine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from discharge.medication.record import MedicationReconciliation
from services.persistence.medication_reads import Pairing
from services.stays.medicine.history import told_of
from services.stays.timeline import TimelineEvent, lane_of
from services.web.cards import Reader

__all__ = ["medicine_events"]


def medicine_events(
    record: MedicationReconciliation, pairings: Sequence[Pairing], reader: Reader
) -> Iterator[TimelineEvent]:
    """Who said what, and of which medicine; the words of a remark stand on the medicine's own page."""
    for told in told_of(record, reader, pairings):
        lane = "h" if told.place is None else lane_of(told.place, reader)
        detail = " · ".join(part for part in (told.about, told.who) if part)
        yield TimelineEvent(at=told.at, lane=lane, title=told.words, detail=detail)
