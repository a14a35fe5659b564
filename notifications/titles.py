"""How feeds say what became of a stay, its messages, medicine and documents: in Danish, and naming nobody."""

from __future__ import annotations

from typing import Final

from discharge.documents.rulings import RulingKind
from discharge.documents.standing import Standing
from discharge.events import DocumentFiled, DocumentRuled
from discharge.letter import LetterKind
from discharge.medication.record import MedicationWork
from discharge.stay import NoticeKind

__all__ = [
    "ARRIVED",
    "BEGAN",
    "DOCUMENT_CLASH",
    "DOCUMENT_RULED",
    "MEDICINE",
    "document_title",
]

BEGAN: Final[dict[NoticeKind, str]] = {
    NoticeKind.STAA: "Akut ambulant kontakt er begyndt",
    NoticeKind.STIN: "Patient er indlagt",
    NoticeKind.SLHJ: "Patient er udskrevet",
    NoticeKind.MORS: "Patient er død",
}
ARRIVED: Final[dict[LetterKind, str]] = {
    LetterKind.NEW: "Ny besked om en borger",
    LetterKind.REPLY: "Svar på en besked",
    LetterKind.FORWARD: "En besked er sendt videre til jer",
    LetterKind.MODIFIED: "En besked er rettet af afsenderen",
    LetterKind.RETRACTED: "En besked er trukket tilbage af afsenderen",
}
MEDICINE: Final[dict[MedicationWork, str]] = {
    MedicationWork.LISTED: "En medicinliste er ændret",
    MedicationWork.SEEN_AT_HOME: "Hjemmeplejen melder, hvad der faktisk tages",
    MedicationWork.SIGNED: "Lægen har godkendt medicinlisten",
    MedicationWork.DECIDED: "Egen læge har taget stilling til medicinen",
    MedicationWork.ASKED: "Egen læge spørger om medicinen",
    MedicationWork.ANSWERED: "Afdelingen har svaret om medicinen",
    MedicationWork.OPENED: "En medicinlinje skal ses på igen",
    MedicationWork.PAIRED: "En medicinliste er ændret",
    MedicationWork.COMMENTED: "En bemærkning er skrevet om medicinen",
}
_DOCUMENT: Final[dict[Standing, str]] = {
    Standing.IN_FORCE: "En udskrivningsrapport er kommet",
    Standing.PRELIMINARY: "En foreløbig udskrivningsrapport er kommet",
    Standing.COPY: "En udskrivningsrapport er kommet i en anden form",
    Standing.REPLACED: "En ældre udgave af udskrivningsrapporten er kommet",
    Standing.WITHDRAWN: "En udskrivningsrapport er trukket tilbage",
    Standing.HELD: "En udskrivningsrapport skal afklares",
    Standing.NOT_OURS: "En udskrivningsrapport hører ikke til her",
}
_SUMMARY: Final[dict[Standing, str]] = _DOCUMENT | {
    Standing.IN_FORCE: "Et patientresumé er kommet",
    Standing.WITHDRAWN: "Et patientresumé er trukket tilbage",
}
"""The same of a patient summary."""
_QUESTION: Final = "Der er to udskrivningsrapporter. Afklar, hvilken der gælder"
DOCUMENT_CLASH: Final = "To udskrivningsrapporter har samme nummer og forskelligt indhold"
DOCUMENT_RULED: Final[dict[RulingKind, str]] = {
    RulingKind.REPLACES: "Afdelingen har afklaret, hvilken udskrivningsrapport der gælder",
    RulingKind.BOTH_COUNT: "Afdelingen har afklaret, at begge udskrivningsrapporter gælder",
    RulingKind.NOT_OURS: "Afdelingen har afklaret, at en udskrivningsrapport ikke hører til her",
    RulingKind.TAKEN_BACK: "Afdelingen har fortrudt en afklaring af udskrivningsrapporterne",
}


def document_title(event: DocumentFiled | DocumentRuled) -> str:
    """What a feed says of a document that came, or was settled."""
    if isinstance(event, DocumentRuled):
        return DOCUMENT_RULED[event.kind]
    if event.is_question and event.standing is not Standing.HELD:
        return _QUESTION
    return (_SUMMARY if event.is_summary else _DOCUMENT)[event.standing]
