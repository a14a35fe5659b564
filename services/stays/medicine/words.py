"""What medicine is called on pages: doses, changes, doubts, lists and their age."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from discharge.documents.report import IN_FILE
from discharge.medication.comparing import Aspect
from discharge.medication.gaps import GapKind
from discharge.medication.joining import JoinedBy
from discharge.medication.lines import Change, DoseRow, LineStatus, Maximum, MedicationLine, Quantity, added
from discharge.medication.lists import Column, ListOrigin, MedicationList, Saying
from discharge.medication.reconciling import Doubt, ReconciledLine
from services.web.dates import day_short, full_date
from services.web.language import Language

__all__ = [
    "OLD",
    "UNITS",
    "age_words",
    "amount_words",
    "change_mark",
    "column_word",
    "differs_words",
    "dose_words",
    "doubt_words",
    "gap_words",
    "guess_words",
    "kind_of",
    "length_words",
    "most_words",
    "name_of",
    "origin_words",
    "plain_number",
    "saying_words",
    "stated_words",
    "taking_words",
    "unit_word",
]

OLD: Final = timedelta(days=115)
"""A list of this age is wrong more often than not. Source: PMC8877185."""
UNITS: Final = ("tablet", "kapsel", "ml", "mg", "g", "E", "dråbe", "pust", "plaster", "brev", "stk.")
"""What a dose is counted in, as the form offers it."""
_PLURALS: Final = {"tablet": "tabletter", "kapsel": "kapsler", "dråbe": "dråber", "plaster": "plastre", "brev": "breve"}
_ENGLISH: Final = {
    "tablet": ("tablet", "tablets"),
    "kapsel": ("capsule", "capsules"),
    "dråbe": ("drop", "drops"),
    "pust": ("puff", "puffs"),
    "plaster": ("patch", "patches"),
    "brev": ("sachet", "sachets"),
    "stk.": ("piece", "pieces"),
    "E": ("U", "U"),
}
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_DAY_HOURS: Final = 24
_WHOLE_DAYS: Final = re.compile(r"(\d+) d", re.ASCII)


def column_word(column: Column, lang: Language) -> str:
    """What a list is called above its column."""
    t = lang.text
    return {
        Column.BEFORE: t("Før"),
        Column.AT_DISCHARGE: t("Ved udskrivelse"),
        Column.NOW: t("Nu"),
        Column.IN_HOSPITAL: t("Under indlæggelsen"),
    }[column]


def origin_words(stated: MedicationList, lang: Language) -> str:
    """How a list came here."""
    t = lang.text
    return {
        ListOrigin.DOCUMENT: t("fra et dokument"),
        ListOrigin.SYSTEM: t("fra et fagsystem"),
        ListOrigin.HAND: t("skrevet ind"),
        ListOrigin.HOME: t("set i hjemmet"),
    }[stated.origin]


def saying_words(saying: Saying, lang: Language) -> str:
    """What an empty list says; nothing known and no medicine are never the same words."""
    t = lang.text
    return {
        Saying.LISTED: "",
        Saying.NONE_KNOWN: t("ingen medicin"),
        Saying.NOT_KNOWN: t("ingen oplysninger"),
        Saying.NOT_REPORTED: t("ikke oplyst"),
        Saying.UNCHANGED: t("„uændret“, uden liste"),
    }[saying]


def stated_words(stated: MedicationList, lang: Language) -> str:
    """What a list without lines says, and why it has none."""
    t = lang.text
    if stated.is_in_words and stated.saying is not Saying.UNCHANGED:
        return t("kun i en vedhæftet fil") if stated.why_empty == IN_FILE else t("kun tekst")
    why = {
        "contradiction": t("to udsagn modsiger hinanden"),
        "notasked": t("der er ikke spurgt"),
        "withheld": t("tilbageholdt"),
        "unavailable": t("kunne ikke hentes"),
    }.get(stated.why_empty or "", stated.why_empty or "")
    known = {"", "nilknown", "text-only"}
    said = saying_words(stated.saying, lang)
    return said if why in known or stated.lines else f"{said}: {why}"


def age_words(at: datetime, now: datetime, lang: Language) -> str:
    """``for 3 timer siden``: how old a list is."""
    age = now - at
    if age < _HOUR:
        return lang.choose(max(0, int(age.total_seconds() // 60)), "for 1 min siden", "for {n} min siden")
    if age < 2 * _DAY:
        return lang.choose(int(age / _HOUR), "for 1 time siden", "for {n} timer siden")
    return lang.choose(age.days, "for 1 dag siden", "for {n} dage siden")


def plain_number(value: Decimal, lang: Language) -> str:
    """``0,5`` or ``0.5``, without needless zeros."""
    text = f"{value.normalize():f}"
    return text.replace(".", ",") if lang.is_danish else text


def amount_words(amount: Quantity, lang: Language) -> str:
    """``2 tabletter``."""
    is_one = amount.value <= 1
    if lang.is_danish:
        unit = amount.unit if is_one else _PLURALS.get(amount.unit, amount.unit)
    else:
        unit = _ENGLISH.get(amount.unit, (amount.unit, amount.unit))[not is_one]
    return plain_number(amount.value, lang) if unit == "1" else f"{plain_number(amount.value, lang)} {unit}"


def unit_word(unit: str, lang: Language) -> str:
    """One of ``UNITS`` as the form offers it."""
    return unit if lang.is_danish else _ENGLISH.get(unit, (unit, unit))[0]


def dose_words(line: MedicationLine, lang: Language) -> str:
    """How it is taken: the words of the list, or what its numbers say; empty when it says nothing."""
    if line.dosage_text:
        return _with_rest(line.dosage_text, line.dosage, lang)
    rows = (_with_rest(row.text or _row_words(row, lang), (row,), lang) for row in line.dosage)
    return "; ".join(words for words in rows if words)


def most_words(rows: Iterable[DoseRow], lang: Language) -> tuple[str, ...]:
    """``højst 4 g i døgnet``: what is not to be passed, each once."""
    return tuple(dict.fromkeys(_most_words(each, lang) for row in rows for each in row.maxima))


def length_words(row: DoseRow, lang: Language) -> str | None:
    """``i 3 dage``: how long it is taken."""
    t, said = lang.text, row.length
    if said is None:
        return None
    begins, bounded, ends = said.partition("..")
    if bounded:
        first = t("fra {first}").format(first=_moment_words(begins, lang)) if begins else ""
        return f"{first} {t('til og med {last}').format(last=_moment_words(ends, lang)) if ends else ''}".strip()
    whole = _WHOLE_DAYS.fullmatch(said)
    time = said if whole is None else lang.choose(int(whole[1]), "{n} dag", "{n} dage")
    return t("i {time}").format(time=time)


def _moment_words(said: str, lang: Language) -> str:
    """A day, with its time where one is said; a month stays as it was written."""
    day, _, time = said.partition("T")
    try:
        day = full_date(date.fromisoformat(day), lang)
    except ValueError:
        return said
    return f"{day} {time[:5]}".strip()


def _with_rest(said: str, rows: tuple[DoseRow, ...], lang: Language) -> str:
    """A dose with how long, what else is said of it, and its maximum, unless its own words say the same."""
    lengths = (words for row in rows if (words := length_words(row, lang)) is not None)
    return added(said, (*lengths, *(words for row in rows for words in row.beside), *most_words(rows, lang)))


def _most_words(most: Maximum, lang: Language) -> str:
    t, amount = lang.text, amount_words(most.amount, lang)
    if most.per is None:
        return t("højst {amount} ad gangen").format(amount=amount)
    hours = most.hours
    if hours == _DAY_HOURS:
        return t("højst {amount} i døgnet").format(amount=amount)
    if hours is None:
        time = f"{plain_number(most.per.value, lang)} {most.per.unit}"
    elif hours % _DAY_HOURS:
        time = t("{n} timer").format(n=plain_number(hours, lang))
    else:
        time = t("{n} dage").format(n=plain_number(hours / _DAY_HOURS, lang))
    return t("højst {amount} på {time}").format(amount=amount, time=time)


def _row_words(row: DoseRow, lang: Language) -> str:
    t = lang.text
    parts = [] if row.dose is None else [amount_words(row.dose, lang)]
    if row.times is not None and row.days is not None:
        parts.append(_often(row.times, row.days, lang))
    if row.as_needed:
        why = row.as_needed_for
        parts.append(t("efter behov") if why is None else t("efter behov mod {what}").format(what=why))
    return " ".join(parts)


def _often(times: Decimal, days: Decimal, lang: Language) -> str:
    t, n = lang.text, plain_number(times, lang)
    if days == 1:
        return t("1 gang dagligt") if times == 1 else t("{n} gange dagligt").format(n=n)
    if times == 1:
        return t("hver {n}. dag").format(n=plain_number(days, lang))
    return t("{n} gange på {days} dage").format(n=n, days=plain_number(days, lang))


def taking_words(line: MedicationLine, now: datetime, lang: Language) -> str:
    """What one list says of taking it: stopped and paused come before any dose."""
    t = lang.text
    ends = None if line.ends is None else day_short(line.ends, lang, today=now.date())
    said = {
        LineStatus.STOPPED: t("Stoppet"),
        LineStatus.NOT_TAKEN: t("Tages ikke"),
        LineStatus.PAUSED: t("På pause") if ends is None else t("På pause til {day}").format(day=ends),
        LineStatus.ENDED: t("Kuren er slut"),
    }.get(line.status)
    if said is not None:
        return said
    dose = dose_words(line, lang) or t("dosis er ikke oplyst")
    return dose if ends is None else t("{dose}, til og med {day}").format(dose=dose, day=ends)


def name_of(line: MedicationLine, lang: Language) -> str:
    """The medicine's name, or that nobody said it."""
    if line.is_words:
        return lang.text("Medicin skrevet i ord") if line.instruction else lang.text("Medicin, som ikke er oplyst")
    code = line.codes[0] if line.codes else None
    return line.name or (None if code is None else code.display or code.code) or lang.text("Uden navn")


def kind_of(line: MedicationLine, lang: Language) -> str:
    """``tablet 40 mg``: form and strength, and the route where it is not by mouth."""
    t = lang.text
    routes = {
        "intravenous": t("i en blodåre"),
        "intramuscular": t("i en muskel"),
        "subcutaneous": t("under huden"),
        "rectal": t("i endetarmen"),
        "inhalation": t("til inhalation"),
        "nasal": t("i næsen"),
        "transdermal": t("på huden"),
        "oral": "",
    }
    route = routes.get(line.route or "oral", line.route)
    return " ".join(part for part in (line.form, line.strength, route) if part)


def change_mark(line: ReconciledLine, lang: Language) -> tuple[str, str, str]:
    """Icon, word and colour class of what has become of a line."""
    t = lang.text
    if line.change is Change.CHANGED:
        return _changed_mark(line, lang)
    return {
        Change.NEW: ("plus", t("Ny"), ""),
        Change.STOPPED: ("stop", t("Stoppet"), ""),
        Change.PAUSED: ("pause", t("På pause"), ""),
        Change.UNCHANGED: ("same", t("Uændret"), "same"),
        Change.UNCLEAR: ("ask", t("Uklar"), "odd"),
    }[line.change]


def _changed_mark(line: ReconciledLine, lang: Language) -> tuple[str, str, str]:
    t = lang.text
    before, after = line.joined.line(Column.BEFORE), line.joined.line(Column.AT_DISCHARGE)
    one, other = (None, None) if before is None or after is None else _comparable(before, after)
    if one is None or other is None or one == other:
        return "diamond", t("Ændret"), ""
    return ("up", t("Dosis op"), "") if other > one else ("down", t("Dosis ned"), "")


def _comparable(before: MedicationLine, after: MedicationLine) -> tuple[Decimal | None, Decimal | None]:
    """The daily amounts, where they are counted in the same."""
    if before.daily_milligrams is not None and after.daily_milligrams is not None:
        return before.daily_milligrams, after.daily_milligrams
    one, other = before.daily, after.daily
    if one is None or other is None or one.unit != other.unit or before.strength != after.strength:
        return None, None
    return one.value, other.value


def differs_words(line: ReconciledLine, lang: Language) -> str:
    """What is changed, in words; empty when nothing is."""
    t = lang.text
    words = {
        Aspect.DOSE: t("dosis"),
        Aspect.FREQUENCY: t("hvor tit"),
        Aspect.STRENGTH: t("styrke"),
        Aspect.FORM: t("form"),
        Aspect.ROUTE: t("hvordan den gives"),
        Aspect.AS_NEEDED: t("fast eller efter behov"),
        Aspect.MAXIMUM: t("hvor meget højst"),
        Aspect.END: t("hvor længe"),
        Aspect.TAKEN: t("om den tages"),
    }
    differs = () if line.since_before is None else line.since_before.differs
    if not differs or line.change is not Change.CHANGED:
        return ""
    if set(differs) <= {Aspect.DOSE, Aspect.FREQUENCY} and change_mark(line, lang)[0] in {"up", "down"}:
        return ""  # The mark says it.
    return t("Ændret: {what}").format(what=", ".join(words[each] for each in differs))


def doubt_words(doubt: Doubt, lang: Language) -> str:
    """Why nobody can tell what has become of a line."""
    t = lang.text
    return {
        Doubt.IN_WORDS: t("Noget er kun skrevet som tekst. Læs det, og tag stilling til det, der står."),
        Doubt.PRODUCT_MISSING: t("Listen siger ikke, hvilket lægemiddel det er."),
        Doubt.CONTRADICTION: t("Listen siger ét, og doserne siger noget andet."),
        Doubt.LISTS_DISAGREE: t("To lister fra samme tid siger ikke det samme om den."),
        Doubt.DOSE_UNCLEAR: t("Doserne kan ikke sammenlignes."),
        Doubt.STATUS_UNKNOWN: t("Det er ikke oplyst, om den stadig tages."),
        Doubt.COURSE_ENDED: t("Kuren er slut. Ingen har skrevet, at den skal stoppe."),
        Doubt.RIVALS: t("Flere linjer har samme indholdsstof. Vi ved ikke, hvilke der hører sammen."),
        Doubt.NOT_MENTIONED: t("Udskrivelsen nævner den ikke. Det betyder ikke, at den er stoppet."),
        Doubt.ASSERTED_UNCHANGED: t("Teksten siger „uændret“, men lægemidlet er ikke skrevet på listen."),
        Doubt.NO_LIST_BEFORE: t("Der er ingen liste fra før indlæggelsen, så vi ved ikke, om den er ny."),
        Doubt.NO_LIST_AT_DISCHARGE: t("Der er ingen liste ved udskrivelsen."),
        Doubt.NO_LONGER_LISTED: t("Den står ikke på nogen liste mere. Sådan stod den sidst."),
        Doubt.ONLY_NOW: t("Den står kun på listen over, hvad der tages nu."),
        Doubt.SOURCE_WITHDRAWN: t("Den er skrevet af efter et dokument, der er trukket tilbage eller ikke er vores."),
    }[doubt]


def guess_words(by: JoinedBy, lang: Language) -> str:
    """What a guess rests on."""
    t = lang.text
    if by is JoinedBy.NAME:
        return t("Gættet ud fra navnet: er det samme lægemiddel?")
    return t("Gættet ud fra indholdsstoffet: er det samme lægemiddel?")


def gap_words(kind: GapKind, lang: Language) -> str:
    """What the doctor should close before the patient leaves."""
    t = lang.text
    return {
        GapKind.NO_LIST: t("Ingen liste over, hvad patienten går hjem med"),
        GapKind.UNCLEAR: t("Uklar"),
        GapKind.GUESSED: t("Gættet, skal bekræftes"),
        GapKind.NO_REASON: t("Ændret uden grund"),
        GapKind.NO_SUPPLY: t("Rækker ikke til næste hverdag"),
        GapKind.DISPENSING_PAUSED: t("Dosispakningen er stadig på pause"),
    }[kind]
