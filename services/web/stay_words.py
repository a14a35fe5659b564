"""Where a patient is, and what a notice tells, in the reader's words."""

from __future__ import annotations

from datetime import datetime

from discharge.notices import FiledNotice, NoticeKind, StayState
from discharge.stay import Stay
from services.web.dates import moment
from services.web.language import Language

__all__ = ["departure", "notice_words", "whereabouts"]


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


def notice_words(notice: FiledNotice, lang: Language) -> str:
    """Which notice it is. A death is told by the patient, not by the activity."""
    t = lang.text
    base = {
        NoticeKind.STAA: t("Start akut ambulant"),
        NoticeKind.STIN: t("Start indlagt"),
        NoticeKind.STOR: t("Start orlov"),
        NoticeKind.SLOR: t("Slut orlov"),
        NoticeKind.SLHJ: t("Slut sygehusophold"),
    }
    if notice.deceased is not None:
        return t("Død") if notice.deceased else t("Annullering: {what}").format(what=t("Død"))
    what = base[notice.kind.base]
    if notice.kind.corrects:
        return t("Rettelse: {what}").format(what=what)
    return t("Annullering: {what}").format(what=what) if notice.kind.cancels else what
