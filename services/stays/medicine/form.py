"""The form of one line of a list: what it shows, and the line it asks for."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final

from discharge.medication.lines import ATC, Coding, LineStatus, MedicationLine
from discharge.medication.lists import Column
from services.stays.medicine.catalogue import Substance
from services.stays.medicine.instruction import SaidDose, dosage_of, shown_words
from services.stays.medicine.words import plain_number
from services.web.dates import full_date
from services.web.forms import Form
from services.web.language import Language

__all__ = ["LineForm", "line_of", "picked", "sent_form", "shown_line", "statuses"]

_DIGITS: Final = 6
"""Before and after the point: more of them is no dose, and counting with them takes long."""
_MOST: Final = Decimal(10_000)
_BESIDE_THE_MEDICINE: Final = frozenset({"reason", "indication", "supply"})
"""Fields that say nothing of what is taken, how, or whether."""
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


def statuses(column: Column, lang: Language, old: MedicationLine | None = None) -> dict[str, str]:
    """What a list can say of taking a medicine, and what ``old`` says of it."""
    t = lang.text
    found = {
        LineStatus.ACTIVE.value: t("Tages"),
        LineStatus.PAUSED.value: t("På pause"),
        LineStatus.STOPPED.value: t("Stoppet"),
    }
    if column is Column.NOW:
        found[LineStatus.NOT_TAKEN.value] = t("Tages ikke")
    own = {
        LineStatus.NOT_TAKEN: t("Tages ikke"),
        LineStatus.ENDED: t("Kuren er slut"),
        LineStatus.UNKNOWN: t("Ikke oplyst"),
    }
    if old is not None and old.status in own:
        found[old.status.value] = own[old.status]
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
    """The form of a line as it stands: what no field of its own holds stands among the words."""
    row = line.dosage[0] if len(line.dosage) == 1 else None
    dose = None if row is None else row.dose
    return LineForm(
        name=line.name or "",
        strength=line.strength or "",
        form=line.form or "",
        route=line.route or "",
        amount="" if dose is None else plain_number(dose.value, lang),
        unit="tablet" if dose is None else dose.unit,
        times="" if row is None or row.times is None or row.days != 1 else plain_number(row.times, lang),
        needed="yes" if row is not None and row.as_needed else "",
        words=shown_words(line),
        status=line.status.value,
        ends="" if line.ends is None else full_date(line.ends, lang),
        reason=line.change_reason or "",
        indication=line.indication or "",
        supply=line.supply or "",
    )


def sent_form(form: Form) -> LineForm:
    """The form as it was sent, so that nothing written is lost."""
    return LineForm(**{each.name: form.text(each.name) for each in fields(LineForm)})


def line_of(
    sent: LineForm, form: Form, column: Column, known: Substance | None, *, line_id: str, old: MedicationLine | None
) -> MedicationLine:
    """The line; what is wrong with the fields is left in ``form.errors``.

    What nobody touched stays as it was, also where no field can show all of it.

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
    shown = LineForm() if old is None else shown_line(old, form.lang)
    begun = MedicationLine(id=line_id, name=None, status=LineStatus.ACTIVE) if old is None else old
    touched = frozenset(
        each.name
        for each in fields(LineForm)
        if old is None or _plain(getattr(sent, each.name)) != _plain(getattr(shown, each.name))
    )
    made = _with_dose(replace(begun, id=line_id), sent, form, touched)
    made = replace(
        made,
        name=sent.name or None if "name" in touched else made.name,
        codes=made.codes if "name" not in touched else () if known is None else _codes(known),
        strength=sent.strength or None if "strength" in touched else made.strength,
        form=sent.form or None if "form" in touched else made.form,
        route=sent.route or None if "route" in touched else made.route,
        status=_status(sent, column, form, old) if "status" in touched else made.status,
        ends=form.date("ends", t("Til og med")) if "ends" in touched else made.ends,
        indication=sent.indication or None if "indication" in touched else made.indication,
        change_reason=sent.reason or None if "reason" in touched else made.change_reason,
        supply=sent.supply or None if "supply" in touched else made.supply,
    )
    is_silent = not made.dosage and made.dosage_text is None
    if made.status is LineStatus.ACTIVE and is_silent and "amount" not in form.errors:
        form.refuse("amount", t("Hvor meget"), t("Skriv en dosis, for eksempel 1, eller skriv den med ord."))
    # What the list itself said has become of it was said of another dose or another medicine.
    return made if touched <= _BESIDE_THE_MEDICINE else replace(made, change=None)


def _with_dose(line: MedicationLine, sent: LineForm, form: Form, touched: frozenset[str]) -> MedicationLine:
    """The line with the dose that was sent; as it was where nobody touched it."""
    t = form.lang.text
    amount = _amount(form, "amount", t("Hvor meget"), sent.amount) if "amount" in touched else None
    times = _amount(form, "times", t("Hvor mange gange om dagen"), sent.times) if "times" in touched else None
    said = SaidDose(amount=amount, unit=sent.unit, times=times, needed=sent.needed == "yes", words=sent.words)
    return dosage_of(line, said, touched)


def _status(sent: LineForm, column: Column, form: Form, old: MedicationLine | None) -> LineStatus:
    return LineStatus(sent.status) if sent.status in statuses(column, form.lang, old) else LineStatus.ACTIVE


def _codes(known: Substance) -> tuple[Coding, ...]:
    """The code of a substance that we know by its name; a line that keeps its name keeps its codes."""
    return (Coding(ATC, known.atc, known.name),)


def _plain(text: str) -> str:
    """As a browser sends it back: a field of one line has no line breaks, one of several has its own."""
    return " ".join(text.replace("\r", "").replace("\n", "").split())


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
