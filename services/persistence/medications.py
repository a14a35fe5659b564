"""Medicine in the store: the lists as they came, and one row a stay for what people decided of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from discharge.identifiers import PatientId, StayId
from discharge.medication.lists import MedicationList
from discharge.medication.record import LineId, MedicationReconciliation
from discharge.stay import Stay
from services.persistence.people import SqlPatients
from services.persistence.pipeline import Batch, Conversation
from services.persistence.tables import MedicationLineRow, MedicationListRow, MedicationRow
from services.persistence.vault import DataKey

__all__ = ["SqlMedications", "read_medication"]

_RECORD: Final = "SELECT version, record FROM medication WHERE stay_id = %(stay)s"
_LISTS: Final = "SELECT id, stated FROM medication_list WHERE stay_id = %(stay)s ORDER BY position"
Row = Mapping[str, Any]


@cache
def _lists() -> TypeAdapter[MedicationList]:
    return TypeAdapter(MedicationList)


@cache
def _records() -> TypeAdapter[MedicationReconciliation]:
    return TypeAdapter(MedicationReconciliation)


def _list_sealed(stated: MedicationList, key: DataKey) -> bytes:
    return key.seal(_lists().dump_json(stated), f"medication-list:{stated.id}")


def _record_sealed(record: MedicationReconciliation, key: DataKey) -> bytes:
    clear = _records().dump_json(replace(record, lists=()))
    return key.seal(clear, f"medication:{record.stay_id}:{record.version}")


async def read_medication(
    talk: Conversation, patients: SqlPatients, stay_id: StayId, patient_id: PatientId
) -> MedicationReconciliation:
    """The medicine of a stay as far as this role may read it; an empty one where nobody has stated any."""
    which = {"stay": UUID(stay_id)}
    records, lists = await talk.ask_all([(_RECORD, which), (_LISTS, which)])
    if not records:
        return MedicationReconciliation(stay_id=stay_id, patient_id=patient_id)
    return _from_rows(records[0], lists, stay_id, await patients.key_of(patient_id))


def _from_rows(row: Row, lists: Sequence[Row], stay_id: StayId, key: DataKey) -> MedicationReconciliation:
    clear = key.open(row["record"], f"medication:{stay_id}:{row['version']}")
    stated = (_lists().validate_json(key.open(each["stated"], f"medication-list:{each['id']}")) for each in lists)
    return replace(_records().validate_json(clear), lists=tuple(stated))


class SqlMedications:
    """Implements ``discharge.ports.Medications``; what is saved is written by ``flush``."""

    def __init__(self, talk: Conversation, patients: SqlPatients) -> None:
        self._talk = talk
        self._patients = patients
        self._loaded: dict[StayId, MedicationReconciliation] = {}
        self._saved: dict[StayId, MedicationReconciliation] = {}

    async def of_stay(self, stay: Stay) -> MedicationReconciliation:
        """The medicine of a stay whose lock is held."""
        known = self._saved.get(stay.id) or self._loaded.get(stay.id)
        if known is None:
            known = await read_medication(self._talk, self._patients, stay.id, stay.patient_id)
            self._loaded[stay.id] = known
        return known

    async def save(self, record: MedicationReconciliation) -> None:
        """Keep its new version, and the lists that were added."""
        self._saved[record.stay_id] = record

    async def flush(self, batch: Batch, now: datetime) -> None:
        """Hand over what was saved."""
        for record in self._saved.values():
            before = self._loaded.get(record.stay_id)
            kept = 0 if before is None else len(before.lists)
            key = await self._patients.key_of(record.patient_id)
            stay_id = UUID(record.stay_id)
            row = {
                "stay_id": stay_id,
                "version": record.version,
                "unresolved": len(record.unresolved),
                "asked": len(record.asked),
                "signed_at": None if record.signed_off is None else record.signed_off.at,
                "changed_at": now,
                "record": _record_sealed(record, key),
            }
            batch.upsert(MedicationRow, [row])
            batch.insert(
                MedicationListRow,
                [
                    {
                        "id": UUID(stated.id),
                        "stay_id": stay_id,
                        "position": position,
                        "place": stated.column.value,
                        "received_at": stated.received_at,
                        "stated": _list_sealed(stated, key),
                    }
                    for position, stated in enumerate(record.lists[kept:], start=kept)
                ],
            )
            batch.upsert(
                MedicationLineRow,
                [
                    {"id": UUID(line), "stay_id": stay_id, "place": place}
                    for line, place in _moved(before, record).items()
                ],
            )


def _moved(before: MedicationReconciliation | None, after: MedicationReconciliation) -> Mapping[LineId, int | None]:
    """The lines that stand at another place than before, each with its place."""
    if before is not None and before.named is after.named:
        return {}
    known = {} if before is None else _places(before)
    return {line: place for line, place in _places(after).items() if line not in known or known[line] != place}


def _places(record: MedicationReconciliation) -> Mapping[LineId, int | None]:
    nowhere: dict[LineId, int | None] = {each.id: None for each in record.named}
    return nowhere | {line: place for place, line in enumerate(record.lines)}
