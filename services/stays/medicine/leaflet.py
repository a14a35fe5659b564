"""The list that a citizen takes along on paper: what is new, changed, stopped and why, and what goes on. In Danish."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from discharge.clock import local
from discharge.medication.lines import Change, LineStatus
from discharge.medication.lists import Column
from discharge.medication.reconciling import ReconciledLine
from discharge.medication.record import LineId, LineState, MedicationReconciliation, Verdict
from services.persistence.views import Timeline
from services.stays.medicine import words
from services.stays.medicine.table import table_of
from services.web.cards import Reader, place_name
from services.web.dates import full_date
from services.web.language import language
from services.web.task_lists import phone_of

__all__ = ["Group", "Item", "leaflet_context"]

_ORDER: Final = (
    Change.NEW,
    Change.CHANGED,
    Change.STOPPED,
    Change.PAUSED,
    Change.UNCLEAR,
    Change.UNCHANGED,
)
_TAKEN: Final = frozenset({LineStatus.ACTIVE, LineStatus.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One medicine."""

    name: str
    kind: str
    take: str
    before: str
    """How it was taken before, where that is changed."""
    why: str
    against: str
    told: str
    """What the practice has said of it since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Medicines to which the same has happened."""

    key: str
    word: str
    hint: str
    items: tuple[Item, ...]


def leaflet_context(view: Timeline, record: MedicationReconciliation, reader: Reader) -> dict[str, Any]:
    """Everything that ``stays/leaflet.html`` shows, in Danish whatever the reader reads."""
    danish = replace(reader, lang=language("da"))
    stay, t = view.context.stay, danish.lang.text
    table = table_of(record, danish)
    now = record.table.told(Column.AT_DISCHARGE)
    return {
        "stay_id": stay.id,
        "back": f"{'/ward' if stay.ward in reader.scope else ''}/stays/{stay.id}/medicine",
        "name": view.context.patient.name,
        "cpr": view.context.patient.cpr_masked,
        "age": view.context.patient.age,
        "ward": place_name(stay.ward, reader.directory),
        "left": "" if stay.ended_at is None else full_date(local(stay.ended_at).date(), danish.lang),
        "gp": place_name(view.context.gp, reader.directory),
        "phone": phone_of(view.context, reader.directory, danish.lang),
        "groups": tuple(_groups(record, danish)),
        "is_told": now is not None and now.is_told,
        "said": t("ingen liste") if now is None else words.saying_words(now.saying, danish.lang),
        "signed": table.signed,
        "waits": len(table.missing),
    }


def _groups(record: MedicationReconciliation, reader: Reader) -> Iterator[Group]:
    t = reader.lang.text
    said = {
        Change.NEW: (t("Nyt"), t("Det skal du begynde at tage.")),
        Change.CHANGED: (t("Ændret"), t("Det tager du på en anden måde end før.")),
        Change.STOPPED: (t("Stoppet"), t("Det skal du ikke tage mere.")),
        Change.PAUSED: (t("På pause"), t("Det skal du ikke tage lige nu.")),
        Change.UNCLEAR: (t("Skal afklares"), t("Spørg, før du ændrer noget: listerne siger ikke det samme.")),
        Change.UNCHANGED: (t("Fortsætter som før"), t("Det tager du, som du plejer.")),
    }
    for change in _ORDER:
        items = tuple(
            _item(record, each, line, reader) for each, line in record.lines.items() if _group(record, each) is change
        )
        if items:
            word, hint = said[change]
            yield Group(key=change.value, word=word, hint=hint, items=items)


def _group(record: MedicationReconciliation, line_id: LineId) -> Change | None:
    """Where it is told: no guess as a fact, nor what is taken otherwise, nor what the practice wants otherwise."""
    line, decision = record.lines[line_id], record.decision_on(line_id)
    if record.is_over(line_id):
        return None
    wants_else = decision is not None and decision.verdict is Verdict.CHANGE
    return Change.UNCLEAR if line.is_guess or line.drifts or wants_else else line.change


def _item(record: MedicationReconciliation, line_id: LineId, line: ReconciledLine, reader: Reader) -> Item:
    lang, now = reader.lang, local(reader.now)
    shown, before = line.instruction_line, line.joined.line(Column.BEFORE)
    is_changed = line.change in {Change.CHANGED, Change.UNCLEAR} and before is not None and before is not shown
    return Item(
        name=words.name_of(shown, lang),
        kind=words.kind_of(shown, lang),
        take=words.taking_words(shown, now, lang) if shown.status in _TAKEN or shown.ends is not None else "",
        before=words.taking_words(before, now, lang) if is_changed and before is not None else "",
        why=line.reason or "",
        against=shown.indication or "",
        told=_told(record, line_id, reader),
    )


def _told(record: MedicationReconciliation, line_id: LineId, reader: Reader) -> str:
    t, decision, opened = reader.lang.text, record.decision_on(line_id), record.opening_on(line_id)
    if opened is not None:
        return t("Hjemme er set: {what}. Din læge tager stilling.").format(what=opened.note)
    if decision is None:
        return ""
    answer = record.answer_to(decision)
    if answer is not None:
        return t("Sygehuset har svaret: {what}. Din læge tager stilling.").format(what=answer.text)
    if decision.verdict is Verdict.CHANGE:
        return t("Egen læge: {what}").format(what=decision.reason or "")
    if record.state_of(line_id) is LineState.ASKED:
        return t("Egen læge har spurgt sygehuset og venter på svar.")
    return ""
