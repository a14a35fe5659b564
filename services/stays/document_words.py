"""Words for documents: what a report counts for, what it leaves out, what its sections are about."""

from __future__ import annotations

from typing import Final

from discharge.documents.changes import SectionWork
from discharge.documents.report import DischargeReport, DocumentStatus, Gap, SectionKind
from discharge.documents.rulings import RulingKind
from discharge.documents.standing import Standing
from services.web.language import Language

__all__ = [
    "CHOICES",
    "choice_words",
    "empty_words",
    "gap_words",
    "kind_words",
    "ruling_words",
    "settled_words",
    "standing_words",
    "status_words",
    "suggestion_words",
    "type_words",
    "work_words",
]

CHOICES: Final = ("this-newer", "other-newer", "both", "not-ours")
"""What the ward may say of the document that it looks at, and of another one."""


def standing_words(standing: Standing, lang: Language, *, in_question: bool = False) -> tuple[str, str]:
    """What a document counts for, and the level of its mark."""
    t = lang.text
    if in_question and standing is Standing.IN_FORCE:
        return t("Gælder, men skal afklares"), "soon"
    return {
        Standing.IN_FORCE: (t("Gælder"), "done"),
        Standing.PRELIMINARY: (t("Foreløbig: ingen medicinliste og ingen frister"), "soon"),
        Standing.COPY: (t("Gentager eller underskriver en anden rapport"), "calm"),
        Standing.REPLACED: (t("Erstattet af en nyere udgave"), "soon"),
        Standing.WITHDRAWN: (t("Trukket tilbage: oprettet ved en fejl"), "over"),
        Standing.HELD: (t("Holdt tilbage: nummeret er brugt til et andet indhold"), "over"),
        Standing.NOT_OURS: (t("Hører ikke til her, siger afdelingen"), "over"),
    }[standing]


def status_words(status: DocumentStatus, lang: Language) -> str:
    """How final its author calls it."""
    t = lang.text
    return {
        DocumentStatus.PRELIMINARY: t("Foreløbig"),
        DocumentStatus.FINAL: t("Endelig"),
        DocumentStatus.AMENDED: t("Rettet"),
        DocumentStatus.ENTERED_IN_ERROR: t("Oprettet ved en fejl"),
    }[status]


def kind_words(kind: SectionKind, lang: Language) -> str:
    """What a section is about, in our words: its title is its author's, and may be in any language."""
    t = lang.text
    return {
        SectionKind.ALERT: t("Advarsler"),
        SectionKind.ADMISSION: t("Ved indlæggelsen"),
        SectionKind.VITAL_SIGNS: t("Målinger"),
        SectionKind.FINDINGS: t("Fund"),
        SectionKind.FUNCTION: t("Funktionsevne"),
        SectionKind.SUMMARY: t("Sammenfatning"),
        SectionKind.COURSE: t("Behandlingsforløb"),
        SectionKind.DIAGNOSES: t("Diagnoser"),
        SectionKind.PROCEDURES: t("Indgreb"),
        SectionKind.DEVICES: t("Hjælpemidler"),
        SectionKind.DEVICES_NEW: t("Nye hjælpemidler"),
        SectionKind.MEDICINE_BEFORE: t("Medicin før indlæggelsen"),
        SectionKind.MEDICINE_IN_HOSPITAL: t("Medicin givet på sygehuset"),
        SectionKind.MEDICINE_AT_DISCHARGE: t("Medicin ved udskrivelse"),
        SectionKind.RESULTS: t("Svar på prøver"),
        SectionKind.PLAN: t("Plan og opfølgning"),
        SectionKind.ALLERGIES: t("Allergier"),
        SectionKind.HISTORY: t("Tidligere"),
        SectionKind.IMMUNIZATIONS: t("Vaccinationer"),
        SectionKind.DEPARTURE: t("Udskrivelse"),
        SectionKind.INSTRUCTIONS: t("Råd med hjem"),
        SectionKind.SOCIAL: t("Hjem og netværk"),
        SectionKind.FILES: t("Bilag"),
        SectionKind.OTHER: t("Andet"),
    }[kind]


def gap_words(gap: Gap, lang: Language) -> str:
    """What is missing, and what that means for who reads it."""
    t = lang.text
    return {
        Gap.EPISODE: t("Nummer på forløbet: koblet på borger, tid og sygehus"),
        Gap.DEPARTURE_TIME: t("Tidspunkt for udskrivelsen"),
        Gap.MEDICINE_BEFORE: t("Medicin før indlæggelsen"),
        Gap.MEDICINE_AT_DISCHARGE: t("Medicin ved udskrivelse"),
        Gap.MEDICINE_LINES: t("Medicin linje for linje: står kun som tekst, så læs den"),
        Gap.DOSAGE: t("Dosering på nogle af linjerne: spørg afdelingen"),
        Gap.PRODUCT: t("Præparat på nogle af linjerne: spørg afdelingen"),
        Gap.FUNCTION: t("Funktionsevne"),
        Gap.FUNCTION_VALUES: t("Funktionsevne i koder: står kun som tekst"),
        Gap.PLAN: t("Plan og opfølgning"),
        Gap.FOLLOW_UP: t("Aftaler om opfølgning"),
        Gap.COURSE: t("Behandlingsforløb"),
        Gap.ALLERGIES: t("Allergier"),
        Gap.FILES: t("Bilag"),
        Gap.DOCUMENT_IDENTIFIER: t("Nummer på rapporten: en ny udgave kan ikke kendes igen"),
        Gap.ATTESTER: t("Hvem der står inde for rapporten"),
        Gap.LANGUAGE: t("Sprog"),
    }[gap]


def empty_words(reason: str, lang: Language) -> str:
    """Why a section is empty: that there is nothing is another thing than that nobody knows."""
    t = lang.text
    known = {
        "nilknown": t("Ingen kendte"),
        "notasked": t("Der er ikke spurgt"),
        "withheld": t("Oplyses ikke"),
        "unavailable": t("Oplysningen kan ikke skaffes"),
        "notstarted": t("Ikke begyndt"),
        "closed": t("Føres ikke mere"),
    }
    return known.get(reason, reason)


def work_words(work: SectionWork, lang: Language) -> str:
    """What became of a section."""
    t = lang.text
    return {SectionWork.ADDED: t("Nyt"), SectionWork.REMOVED: t("Fjernet"), SectionWork.CHANGED: t("Ændret")}[work]


def suggestion_words(element: str, lang: Language) -> str:
    """The field of the plan."""
    t = lang.text
    return {
        "destination": t("Hvor patienten skal hen"),
        "need": t("Behov hjemme"),
        "first-24-hours": t("De første 24 timer"),
        "functional-level": t("Funktionsniveau"),
    }[element]


def type_words(report: DischargeReport, lang: Language) -> str:
    """What the document is, in our words: its own title may be in any language."""
    t = lang.text
    return t("Patientresumé: medicin før indlæggelsen") if report.is_summary else t("Udskrivningsrapport")


def choice_words(code: str, lang: Language) -> str:
    """What the ward may say of two documents."""
    t = lang.text
    return {
        "this-newer": t("Rapporten her er den nyeste. Den anden gælder ikke mere"),
        "other-newer": t("Den anden er den nyeste. Rapporten her gælder ikke mere"),
        "both": t("Begge gælder"),
        "not-ours": t("Rapporten her er ikke vores: forkert borger eller forkert ophold"),
    }[code]


def ruling_words(kind: RulingKind, *, is_first: bool, lang: Language) -> str:
    """What somebody said, as seen from the document that is shown."""
    t = lang.text
    if kind is RulingKind.REPLACES:
        return t("Rapporten her erstatter") if is_first else t("Rapporten her er erstattet af")
    return t("Gælder sammen med") if kind is RulingKind.BOTH_COUNT else t("Rapporten hører ikke til her")


def settled_words(kind: RulingKind, lang: Language) -> str:
    """What somebody did about documents in question."""
    t = lang.text
    return {
        RulingKind.REPLACES: t("Afklaret: den nyeste udskrivningsrapport gælder"),
        RulingKind.BOTH_COUNT: t("Afklaret: begge udskrivningsrapporter gælder"),
        RulingKind.NOT_OURS: t("Afklaret: en udskrivningsrapport hører ikke til her"),
        RulingKind.TAKEN_BACK: t("Afklaring af udskrivningsrapporter fortrudt"),
    }[kind]
