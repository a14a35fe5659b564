"""A list of medicine on the page where it is written: its lines, the form, and what may be found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from discharge.clock import local
from discharge.medication.lines import MedicationLine
from discharge.medication.lists import Column, ListOrigin, MedicationList
from discharge.medication.record import MedicationReconciliation
from discharge.policy import Caller, Role
from services.persistence.views import Timeline
from services.stays.medicine import words
from services.stays.medicine.catalogue import Catalogue
from services.stays.medicine.form import LineForm, statuses
from services.stays.medicine.sheet import list_path
from services.web.cards import Reader
from services.web.patient_bar import bar_of

__all__ = ["ListRow", "ListView", "list_context", "origin_of"]

_OFFERED: Final = 500
_COPIED: Final = {Column.AT_DISCHARGE: Column.BEFORE, Column.NOW: Column.AT_DISCHARGE}
"""What an empty list may begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """One list of a stay, as one reader found it."""

    column: Column
    view: Timeline
    record: MedicationReconciliation
    reader: Reader
    catalogue: Catalogue

    @property
    def stated(self) -> MedicationList | None:
        """The list that is written on: one's own; else the one that holds, but for what others say is taken now."""
        caller = self.reader.caller
        own = self.record.table.own(self.column, caller.acting, origin_of(caller))
        if self.column is Column.NOW or (own is not None and own.is_told):
            return own
        return self.record.table.told(self.column)

    @property
    def lines(self) -> tuple[MedicationLine, ...]:
        """Its lines."""
        return () if self.stated is None else self.stated.lines

    @property
    def beside(self) -> tuple[MedicationList, ...]:
        """The lists of the same column that stand beside the one that is written on."""
        stated = self.stated
        standing = self.record.table.standing(self.column)
        return () if stated is None else tuple(each for each in standing if each.id != stated.id)

    @property
    def source(self) -> MedicationList | None:
        """What an empty list may begin with."""
        column = _COPIED.get(self.column)
        return None if column is None else self.record.table.told(column)

    def line(self, line_id: str) -> MedicationLine | None:
        """One of them."""
        return next((each for each in self.lines if each.id == line_id), None)


def origin_of(caller: Caller) -> ListOrigin:
    """How a list comes here that ``caller`` writes."""
    return ListOrigin.HOME if caller.role is Role.HOME_NURSE else ListOrigin.HAND


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """A line of the list that is written."""

    id: str
    name: str
    kind: str
    take: str
    reason: str


def list_context(about: ListView, form: LineForm, old: MedicationLine | None, query: str) -> dict[str, Any]:
    """Everything that ``stays/medicine_list.html`` shows, but for what was wrong with the form."""
    lang, t = about.reader.lang, about.reader.lang.text
    stay = about.view.context.stay
    is_ward = about.reader.caller.role in {Role.WARD, Role.DOCTOR}
    stated, source = about.stated, about.source
    now = local(about.reader.now)
    return {
        "stay_id": stay.id,
        "bar": bar_of(about.view.context, about.view.tasks, about.reader),
        "here": list_path(stay.id, about.column),
        "back": f"{'/ward' if is_ward else ''}/stays/{stay.id}/medicine",
        "heading": {
            Column.BEFORE: t("Medicin før indlæggelsen"),
            Column.AT_DISCHARGE: t("Medicin ved udskrivelsen"),
        }.get(about.column, t("Medicin, som den tages hjemme")),
        "list_id": "" if stated is None else stated.id,
        "age": "" if stated is None else words.age_words(stated.stated_at, about.reader.now, lang),
        "origin": "" if stated is None else words.origin_words(stated, lang),
        "saying": t("ingen liste") if stated is None else words.saying_words(stated.saying, lang),
        "beside": tuple(
            f"{words.origin_words(each, lang)}, {words.age_words(each.stated_at, about.reader.now, lang)}"
            for each in about.beside
        ),
        "rows": tuple(
            ListRow(
                id=line.id,
                name=words.name_of(line, lang),
                kind=words.kind_of(line, lang),
                take=words.taking_words(line, now, lang),
                reason=line.change_reason or "",
            )
            for line in about.lines
        ),
        "copies": "" if source is None or not source.lines else words.column_word(source.column, lang).lower(),
        "form": form,
        "editing": "" if old is None else old.id,
        "names": _names(about.catalogue),
        "forms": about.catalogue.forms,
        "units": _offered({unit: words.unit_word(unit, lang) for unit in words.UNITS}, form.unit),
        "routes": _offered(_routes(about), form.route),
        "statuses": statuses(about.column, lang, old),
        "query": query,
        "found": about.catalogue.search(query),
        "asks_reason": about.column is Column.AT_DISCHARGE,
    }


def _names(catalogue: Catalogue) -> tuple[str, ...]:
    """What the field offers while somebody writes; of a long catalogue nothing: there one searches."""
    return tuple(each.name for each in catalogue.substances) if len(catalogue.substances) <= _OFFERED else ()


def _offered(known: dict[str, str], own: str) -> dict[str, str]:
    """What may be chosen; what the line says itself is always among it."""
    return known if not own else known | {own: known.get(own, own)}


def _routes(about: ListView) -> dict[str, str]:
    t = about.reader.lang.text
    return {
        "oral": t("gennem munden"),
        "subcutaneous": t("under huden"),
        "inhalation": t("til inhalation"),
        "transdermal": t("på huden"),
        "intravenous": t("i en blodåre"),
        "intramuscular": t("i en muskel"),
        "rectal": t("i endetarmen"),
        "nasal": t("i næsen"),
    }
