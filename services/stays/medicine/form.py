"""The form of one line of a list: what it shows, and the line it asks for."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final

from discharge.medication.lines import ATC, Coding, DoseRow, LineStatus, MedicationLine, Quantity
from discharge.medication.lists import Column
from services.stays.medicine.catalogue import Substance
from services.stays.medicine.words import amount_words, dose_words, plain_number
from services.web.dates import full_date
from services.web.forms import Form
from services.web.language import Language, language

__all__ = ["LineForm", "line_of", "picked", "sent_form", "shown_line", "statuses"]

_LONGEST: Final = 400
_DIGITS: Final = 6
"""Before and after the point: more of them is no dose, and counting with them takes long."""
_MOST: Final = Decimal(10_000)
_PARTS: Final = {"½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4)}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineForm:
    """The texts in the fields, as shown and as sent."""

    name: str = ""
    strength: str = ""
    form: str = ""
    route: str = "oral"
    amount: str = ""
    unit: str = "tablet"
    times: str = ""
    needed: str = ""
    """``yes``: taken as needed."""
    words: str = ""
    status: str = "active"
    ends: str = ""
    reason: str = ""
    indication: str = ""
    supply: str = ""


def statuses(column: Column, lang: Language) -> dict[str, str]:
    """What a list can say of taking a medicine."""
    t = lang.text
    found = {
        LineStatus.ACTIVE.value: t("Tages"),
        LineStatus.PAUSED.value: t("På pause"),
        LineStatus.STOPPED.value: t("Stoppet"),
    }
    if column is Column.NOW:
        found[LineStatus.NOT_TAKEN.value] = t("Tages ikke")
    return found


def picked(substance: Substance | None, strength: str) -> LineForm:
    """A form with a product that was found by search; an empty one when there is none such."""
    if substance is None:
        return LineForm()
    form = substance.forms[0]
    known = strength if strength in substance.strengths else ""
    unit = form if form in {"tablet", "kapsel", "plaster"} else "stk."
    return LineForm(name=substance.name, strength=known, form=form, route=substance.route, unit=unit)


def shown_line(line: MedicationLine, lang: Language) -> LineForm:
    """The form of a line as it stands."""
    row = line.dosage[0] if len(line.dosage) == 1 else None
    dose = None if row is None else row.dose
    numbers = _numbers(row)
    said = line.dosage_text or ("" if row is None else row.text or "")
    if row is None and line.dosage:
        said = dose_words(line, lang)
    return LineForm(
        name=line.name or "",
        strength=line.strength or "",
        form=line.form or "",
        route=line.route or "",
        amount="" if dose is None else plain_number(dose.value, lang),
        unit="tablet" if dose is None else dose.unit,
        times="" if row is None or row.times is None or row.days != 1 else plain_number(row.times, lang),
        needed="yes" if row is not None and row.as_needed else "",
        words=said.removeprefix(numbers).removeprefix(", ") if numbers else said,
        status=line.status.value if line.status is not LineStatus.UNKNOWN else "active",
        ends="" if line.ends is None else full_date(line.ends, lang),
        reason=line.change_reason or "",
        indication=line.indication or "",
        supply=line.supply or "",
    )


def sent_form(form: Form) -> LineForm:
    """The form as it was sent, so that nothing written is lost."""
    return LineForm(**{each.name: form.text(each.name)[:_LONGEST] for each in fields(LineForm)})


def line_of(
    sent: LineForm, form: Form, column: Column, known: Substance | None, *, line_id: str, old: MedicationLine | None
) -> MedicationLine:
    """The line; what is wrong with the fields is left in ``form.errors``.

    Args:
        sent: the form.
        form: what it came in.
        column: the list that it is written to.
        known: the substance of that name, where the catalogue has it.
        line_id: what it is called.
        old: the line as it stood.
    """
    t = form.lang.text
    form.required("name", t("Lægemiddel"), t("Skriv, hvad lægemidlet hedder, for eksempel Furosemid."))
    amount = _amount(form, "amount", t("Hvor meget"), sent.amount)
    times = _amount(form, "times", t("Hvor mange gange om dagen"), sent.times)
    status = LineStatus(sent.status) if sent.status in statuses(column, form.lang) else LineStatus.ACTIVE
    needed = sent.needed == "yes"
    row = DoseRow(
        dose=None if amount is None else Quantity(amount, sent.unit or "stk."),
        times=times,
        days=None if times is None else Decimal(1),
        as_needed=needed,
    )
    is_said = amount is not None or times is not None or needed
    if status is LineStatus.ACTIVE and not is_said and not sent.words and "amount" not in form.errors:
        form.refuse("amount", t("Hvor meget"), t("Skriv en dosis, for eksempel 1, eller skriv den med ord."))
    numbers = _numbers(row) if is_said else ""
    return MedicationLine(
        id=line_id,
        name=sent.name or None,
        codes=_codes(sent.name, known, old),
        orders=frozenset() if old is None else old.orders,
        products=frozenset() if old is None else old.products,
        strength=sent.strength or None,
        form=sent.form or None,
        route=sent.route or None,
        dosage=(row,) if is_said else (),
        dosage_text=", ".join(part for part in (numbers, sent.words) if part) if sent.words else None,
        status=status,
        begins=None if old is None else old.begins,
        ends=form.date("ends", t("Til og med")),
        indication=sent.indication or None,
        change_reason=sent.reason or None,
        supply=sent.supply or None,
    )


def _codes(name: str, known: Substance | None, old: MedicationLine | None) -> tuple[Coding, ...]:
    """The code of a substance that we know by its name; a line that keeps its name keeps its codes."""
    if old is not None and old.name == name:
        return old.codes
    return () if known is None else (Coding(ATC, known.atc, known.name),)


def _numbers(row: DoseRow | None) -> str:
    """The dose in Danish words, as it stands before what is written with words."""
    if row is None or (row.dose is None and row.times is None and not row.as_needed):
        return ""
    danish = language("da")
    if row.times is None and not row.as_needed and row.dose is not None:
        return amount_words(row.dose, danish)
    return dose_words(MedicationLine(id="", name=None, dosage=(replace(row, text=None),)), danish)


def _amount(form: Form, name: str, label: str, text: str) -> Decimal | None:
    """``1``, ``0,5``, ``½``, ``1½`` or ``1/2``."""
    if not text:
        return None
    value = _read(text.replace(" ", ""))
    if value is None or not 0 < value <= _MOST:
        words = form.lang.text("Skriv et tal, for eksempel 1 eller 0,5. Du skrev „{text}“.")
        form.refuse(name, label, words.format(text=text[:40]))
        return None
    return value


def _read(text: str) -> Decimal | None:
    part = Fraction(0)
    if text and text[-1] in _PARTS:
        part, text = _PARTS[text[-1]], text[:-1] or "0"
    try:
        number = Decimal(text.replace(",", ".")) if "/" not in text else None
        if number is not None and (not number.is_finite() or abs(number.adjusted()) > _DIGITS):
            return None
        exact = Fraction(text) if number is None else Fraction(number)
    except (InvalidOperation, ValueError, ZeroDivisionError, OverflowError):
        return None
    whole = exact + part
    return Decimal(whole.numerator) / Decimal(whole.denominator) if abs(whole) <= _MOST else None
