"""Where a patient is, and what a notice tells, in the reader's words."""

from __future__ import annotations

from datetime import datetime

from discharge.notices import NoticeKind, StayState
from discharge.stay import Stay
from services.web.dates import moment
from services.web.language import Language

__all__ = ["departure", "notice_words", "reason_words", "whereabouts"]


def whereabouts(stay: Stay, ward_name: str, lang: Language) -> str:
    """The place where the patient is now, or what came instead."""
    t = lang.text
    elsewhere = {
        StayState.ON_LEAVE: t("På orlov fra {place}").format(place=ward_name),
        StayState.ENDED: t("Hjemme"),
        StayState.DEAD: t("Død"),
        StayState.CANCELLED: t("Opholdet er annulleret"),
    }
    return elsewhere.get(stay.state, ward_name)


def departure(stay: Stay, now: datetime, lang: Language) -> str | None:
    """When the patient left or died; None while in hospital."""
    t = lang.text
    if stay.state is StayState.DEAD and stay.died_at is not None:
        return t("Død {at}").format(at=moment(stay.died_at, now, lang))
    if stay.ended_at is not None:
        return t("Udskrevet {at}").format(at=moment(stay.ended_at, now, lang))
    return None


def notice_words(kind: NoticeKind, lang: Language) -> str:
    """What a notice tells, or what it does to an earlier one."""
    t = lang.text
    told, corrected, cancelled = {
        NoticeKind.STAA: (t("Akut ambulant"), t("Den akutte kontakt er rettet"), t("Den akutte kontakt er annulleret")),
        NoticeKind.STIN: (t("Indlagt"), t("Indlæggelsen er rettet"), t("Indlæggelsen er annulleret")),
        NoticeKind.STOR: (t("På orlov"), t("Orloven er rettet"), t("Orloven er annulleret")),
        NoticeKind.SLOR: (t("Tilbage fra orlov"), t("Tilbagekomsten er rettet"), t("Tilbagekomsten er annulleret")),
        NoticeKind.SLHJ: (t("Udskrevet"), t("Udskrivelsen er rettet"), t("Udskrivelsen er annulleret")),
        NoticeKind.MORS: (t("Død"), t("Meldingen om død er rettet"), t("Meldingen om død er trukket tilbage")),
    }[kind.base]
    return corrected if kind.corrects else cancelled if kind.cancels else told


def reason_words(reason: str | None, lang: Language) -> str | None:
    """Why a duty ended: the core's own reasons in the reader's language, what a person wrote as it was written."""
    t = lang.text
    known = {
        "Udskrivningen er taget tilbage": t("Udskrivningen er taget tilbage"),
        "Hospitalet har annulleret meldingen": t("Hospitalet har annulleret meldingen"),
        "Borgeren er død": t("Borgeren er død"),
        "Hospitalet beder ikke længere om indlæggelsesrapporten": t(
            "Hospitalet beder ikke længere om indlæggelsesrapporten"
        ),
        "Færdigmeldingen er taget tilbage": t("Færdigmeldingen er taget tilbage"),
        "Planen er ændret": t("Planen er ændret"),
        "Patienten er udskrevet": t("Patienten er udskrevet"),
        "Der er svaret på beskeden": t("Der er svaret på beskeden"),
        "Det er klaret på medicinlisten": t("Det er klaret på medicinlisten"),
        "Linjen er ændret: spørg igen, hvis spørgsmålet stadig står": t(
            "Linjen er ændret: spørg igen, hvis spørgsmålet stadig står"
        ),
        "Udskrivningsrapporten er kommet": t("Udskrivningsrapporten er kommet"),
        "Grunden til opgaven er faldet væk": t("Grunden til opgaven er faldet væk"),
    }
    return None if reason is None else known.get(reason, reason)
