"""The plan in words: what a patient needs, and what changed between two versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from discharge.clock import local
from discharge.plan import Certainty, DischargePlan, Need, PlanCause, PlanChange, difference
from services.persistence.views import PlanVersion
from services.web.dates import clock_time, day_name, day_short, due_moment
from services.web.language import Language

__all__ = [
    "ChangeWords",
    "cause_words",
    "certainty_word",
    "changes",
    "destination_words",
    "exception_words",
    "functional_words",
    "has_time",
    "home_words",
    "need_words",
    "needs_in_words",
    "version_at",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWords:
    """One field that changed: its tag and label, what it was, what it is."""

    tag: str
    label: str
    before: str
    after: str


def need_words(lang: Language) -> dict[Need, str]:
    """What each need is called."""
    t = lang.text
    return {
        Need.HOME_NURSING: t("Hjemmesygepleje"),
        Need.PERSONAL_CARE: t("Personlig pleje"),
        Need.PRACTICAL_HELP: t("Praktisk hjælp"),
        Need.MEALS: t("Mad"),
        Need.DOSE_DISPENSING: t("Dosispakket medicin"),
        Need.AIDS: t("Hjælpemidler"),
        Need.REHABILITATION: t("Genoptræning"),
        Need.TRAINING: t("Oplæring af personale"),
        Need.FOLLOW_UP_VISIT: t("Opfølgende hjemmebesøg"),
    }


def destination_words(lang: Language) -> dict[str, str]:
    """Where a patient may go."""
    t = lang.text
    return {
        "home": t("Eget hjem"),
        "care-home": t("Plejehjem"),
        "temporary-place": t("Midlertidig plads"),
        "rehabilitation": t("Genoptræningsplads"),
        "acute-team": t("Akutteam"),
        "hospice": t("Hospice"),
        "other": t("Andet"),
    }


def functional_words(lang: Language) -> dict[str, str]:
    """How a patient gets about."""
    t = lang.text
    return {
        "independent": t("Går selv"),
        "walking-aid": t("Går med rollator"),
        "one-person": t("Hjælp af en person"),
        "two-persons": t("Hjælp af to personer"),
        "bedridden": t("Sengeliggende"),
    }


def exception_words(lang: Language) -> dict[str, str]:
    """Why the ward does not answer for 72 hours."""
    t = lang.text
    return {
        "psychiatric": t("Nej: psykiatrisk indlæggelse"),
        "terminal": t("Nej: døende, efter lægens beslutning"),
    }


def certainty_word(certainty: Certainty, lang: Language) -> str:
    """How sure the ward is."""
    t = lang.text
    return {
        Certainty.CERTAIN: t("sikker"),
        Certainty.LIKELY: t("sandsynlig"),
        Certainty.UNSURE: t("usikker"),
    }[certainty]


def cause_words(cause: PlanCause | None, lang: Language) -> str:
    """Why there is a version that no person wrote; empty for all others."""
    t = lang.text
    if cause is None:
        return ""
    return {
        PlanCause.REPORT_FILLED: t("Skal til: udfyldt fra udskrivningsrapporten"),
        PlanCause.REPORT_NEWER: t("Skal til: udfyldt fra den udskrivningsrapport, der gælder nu"),
        PlanCause.REPORT_GONE: t("Skal til: taget ud, for udskrivningsrapporten gælder ikke mere"),
        PlanCause.REPORT_CONFIRMED: t("Skal til: afdelingen siger, at det passer"),
    }[cause]


def has_time(instant: datetime) -> bool:
    """False for local midnight, which is how a date without a time is kept."""
    return local(instant).time() != time()


def home_words(instant: datetime, now: datetime, lang: Language) -> str:
    """``I dag 13.00``, ``Ti 24.11.``: when a patient goes home, as the board shows it."""
    words = day_name(local(instant).date(), local(now).date(), lang)
    words = words[:1].upper() + words[1:]
    return f"{words} {clock_time(instant, lang)}" if has_time(instant) else words


def needs_in_words(plan: DischargePlan, now: datetime, lang: Language) -> tuple[str, ...]:
    """The needs as quiet boxes, in the order of the form, with the medicine last."""
    words = need_words(lang)
    boxes = [words[need] for need in Need if need in (plan.needs or ())]
    if plan.medicine_until is not None:
        until = day_short(plan.medicine_until, lang, today=local(now).date())
        boxes.append(lang.text("Medicin til {day}").format(day=until))
    return tuple(boxes)


def version_at(plans: tuple[PlanVersion, ...], at: datetime) -> DischargePlan:
    """The plan as it stood at an instant."""
    known = [version.plan for version in plans if version.at <= at]
    return known[-1] if known else DischargePlan()


def changes(before: DischargePlan, after: DischargePlan, now: datetime, lang: Language) -> tuple[ChangeWords, ...]:
    """What changed and concerns a receiver, in words."""
    t = lang.text
    labels = _labels(lang)
    return tuple(
        ChangeWords(
            tag=t("Dato") if change.field in {"expected_discharge_at", "first_visit_at"} else t("Nyt"),
            label=labels.get(change.field, change.field),
            before=_value(change, change.before, now, lang),
            after=_value(change, change.after, now, lang),
        )
        for change in difference(before, after)
        if change.concerns_receivers
    )


def _labels(lang: Language) -> dict[str, str]:
    t = lang.text
    return {
        "expected_discharge_at": t("Hjem"),
        "certainty": t("Hvor sikkert"),
        "treatment_finished_at": t("Færdigbehandlet"),
        "needs": t("Behov"),
        "first_visit_at": t("Første besøg"),
        "destination": t("Skal til"),
        "functional_level": t("Går med"),
        "frail": t("Skrøbelig"),
        "without_72_hours": t("72 timers behandlingsansvar"),
        "medicine_until": t("Medicin med hjem"),
        "contact_phone": t("Telefon"),
        "agreed_by_phone": t("Aftalt på telefon"),
        "first_24_hours": t("De første 24 timer"),
        "override_reason": t("Manglede ved udskrivelsen"),
    }


def _value(change: PlanChange, value: object, now: datetime, lang: Language) -> str:
    t = lang.text
    today = local(now).date()
    match value:
        case None:
            said = t("ikke sat")
        case bool():
            said = t("ja") if value else t("nej")
        case datetime():
            said = due_moment(value, now, lang) if has_time(value) else day_name(local(value).date(), today, lang)
        case date():
            said = t("til og med {day}").format(day=day_short(value, lang, today=today))
        case Certainty():
            said = certainty_word(value, lang)
        case frozenset():
            words = need_words(lang)
            said = ", ".join(words[need] for need in Need if need in value) or t("ingen")
        case _:
            coded = {
                "destination": destination_words(lang),
                "functional_level": functional_words(lang),
                "without_72_hours": exception_words(lang),
            }
            said = coded.get(change.field, {}).get(str(value), str(value))
    return said
