"""How feeds say what became of the medicine and the documents of a stay: in Danish, and naming nobody."""

from __future__ import annotations

from typing import Final

from discharge.documents.standing import Standing
from discharge.medication.record import MedicationWork

__all__ = ["DOCUMENT", "DOCUMENT_CLASH", "DOCUMENT_QUESTION", "MEDICINE"]

MEDICINE: Final[dict[MedicationWork, str]] = {
    MedicationWork.LISTED: "En medicinliste er ændret",
    MedicationWork.SEEN_AT_HOME: "Hjemmeplejen melder, hvad der faktisk tages",
    MedicationWork.SIGNED: "Lægen har godkendt medicinlisten",
    MedicationWork.DECIDED: "Egen læge har taget stilling til medicinen",
    MedicationWork.ASKED: "Egen læge spørger om medicinen",
    MedicationWork.ANSWERED: "Afdelingen har svaret om medicinen",
    MedicationWork.OPENED: "En medicinlinje skal ses på igen",
    MedicationWork.PAIRED: "En medicinliste er ændret",
}
DOCUMENT: Final[dict[Standing, str]] = {
    Standing.IN_FORCE: "En udskrivningsrapport er kommet",
    Standing.PRELIMINARY: "En foreløbig udskrivningsrapport er kommet",
    Standing.COPY: "En udskrivningsrapport er kommet i en anden form",
    Standing.REPLACED: "En ældre udgave af udskrivningsrapporten er kommet",
    Standing.WITHDRAWN: "En udskrivningsrapport er trukket tilbage",
    Standing.HELD: "En udskrivningsrapport skal afklares",
}
DOCUMENT_QUESTION: Final = "Der er to udskrivningsrapporter. Afklar, hvilken der gælder"
DOCUMENT_CLASH: Final = "To udskrivningsrapporter har samme nummer og forskelligt indhold"
