"""The form of a plan: what it shows, and the revision it asks for."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, time

from starlette.datastructures import FormData

from discharge.clock import local
from discharge.plan import UNCHANGED, WITHOUT_72_HOURS, Certainty, DischargePlan, Need, PlanRevision
from services.web.dates import clock_time, full_date
from services.web.forms import Form, instant_at
from services.web.language import Language
from services.web.plan_words import has_time

__all__ = ["PlanForm", "blank_form", "form_of", "read_plan"]

_NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanForm:
    """The texts in the fields, as shown and as sent."""

    date: str = ""
    time: str = ""
    certainty: str = "unsure"
    needs: tuple[str, ...] = ()
    medicine: str = ""
    phone: str = ""
    level: str = ""
    destination: str = ""
    visit_date: str = ""
    visit_time: str = ""
    frail: str = ""
    no72: str = ""
    bed: str = ""
    agreed: str = ""
    first24: str = ""


def blank_form(plan: DischargePlan, lang: Language) -> PlanForm:
    """The form of a plan as it stands."""
    home, visit = plan.expected_discharge_at, plan.first_visit_at
    needs = (_NONE,) if plan.needs == frozenset() else tuple(need.value for need in plan.needs or ())
    return PlanForm(
        date=_date(home, lang),
        time="" if home is None or not has_time(home) else clock_time(home, lang),
        certainty=plan.certainty.value,
        needs=needs,
        medicine="" if plan.medicine_until is None else full_date(plan.medicine_until, lang),
        phone=plan.contact_phone or "",
        level=plan.functional_level or "",
        destination=plan.destination or "",
        visit_date=_date(visit, lang),
        visit_time="" if visit is None or not has_time(visit) else clock_time(visit, lang),
        frail="" if plan.frail is None else ("yes" if plan.frail else "no"),
        no72=plan.without_72_hours or "",
        bed=plan.bed or "",
        agreed=plan.agreed_by_phone or "",
        first24=plan.first_24_hours or "",
    )


def _date(instant: datetime | None, lang: Language) -> str:
    return "" if instant is None else full_date(local(instant).date(), lang)


def form_of(data: FormData, form: Form) -> PlanForm:
    """The form as it was sent, so that nothing written is lost."""
    known = {need.value for need in Need} | {_NONE}
    sent = tuple(value for value in data.getlist("needs") if isinstance(value, str) and value in known)
    texts = {f.name: form.text(f.name) for f in fields(PlanForm) if f.name != "needs"}
    return PlanForm(needs=sent, **texts)


def read_plan(sent: PlanForm, form: Form) -> PlanRevision:
    """The revision; what is wrong with the fields is left in ``form.errors``."""
    t = form.lang.text
    needs: frozenset[Need] | None = frozenset(Need(code) for code in sent.needs if code != _NONE)
    if _NONE in sent.needs and needs:
        words = t("Vælg enten behov eller „Ingen behov“, ikke begge dele.")
        form.refuse("needs", t("Har brug for"), words)
    if not sent.needs:
        needs = None
    certainty = sent.certainty if sent.certainty in set(Certainty) else Certainty.UNSURE.value
    return PlanRevision(
        expected_discharge_at=_instant(form, "date", "time", t("Hjem den"), t("Afgang kl.")),
        certainty=Certainty(certainty),
        needs=needs,
        medicine_until=form.date("medicine", t("Medicin med hjem til og med")),
        contact_phone=_phone(form),
        functional_level=sent.level or None,
        # The form always sends the field: only what differs from what it showed has been said.
        destination=UNCHANGED if sent.destination == form.text("destination_shown") else sent.destination or None,
        first_visit_at=_instant(form, "visit_date", "visit_time", t("Første besøg den"), t("Første besøg kl.")),
        frail={"yes": True, "no": False}.get(sent.frail),
        without_72_hours=sent.no72 if sent.no72 in WITHOUT_72_HOURS else None,
        bed=sent.bed or None,
        agreed_by_phone=sent.agreed or None,
        first_24_hours=sent.first24.replace("\r\n", "\n") or None,
    )


def _instant(form: Form, day_field: str, time_field: str, day_label: str, time_label: str) -> datetime | None:
    """Day and time together; a day alone is kept as its local midnight, which pages show without a time."""
    day, clock = form.date(day_field, day_label), form.time(time_field, time_label)
    if day is None:
        if clock is not None and not form.text(day_field):
            form.refuse(day_field, day_label, form.lang.text("Skriv også datoen, for eksempel 20.11.2026."))
        return None
    return instant_at(day, clock or time())


def _phone(form: Form) -> str | None:
    """A number that can be dialled, by the same rule as the domain's."""
    text = form.text("phone")
    digits = text.replace(" ", "").removeprefix("+")
    if text and (not digits.isdecimal() or len(digits) < 3):  # noqa: PLR2004 - 112 is the shortest
        t = form.lang.text
        words = t("Skriv et telefonnummer med tal, for eksempel 70 00 00 42.")
        form.refuse("phone", t("Telefon til afsnittet"), words)
    return text or None
