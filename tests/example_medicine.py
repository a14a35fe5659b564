"""The pages of medicine with example lists: full, empty and refused."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from discharge.handlers.resolving import ANSWERS, RECONCILE
from discharge.identifiers import PersonId
from discharge.medication.lines import LineStatus
from discharge.medication.lists import Column, ListOrigin, Saying
from discharge.medication.record import Answer, Comment, Decision, MedicationReconciliation, Opened, SignOff, Verdict
from discharge.policy import Role
from discharge.task import Person, Wait
from services.persistence.views import MedicineBoard, MedicineRow, Part, TaskPage
from services.stays.medicine.acts import Round, SentLine, round_of
from services.stays.medicine.catalogue import catalogue_of
from services.stays.medicine.form import LineForm
from services.stays.medicine.leaflet import leaflet_context
from services.stays.medicine.listing import ListView, list_context
from services.stays.medicine.sheet import Flash, Sent, sheet_context
from services.stays.medicine_stays import stay_lines
from services.stays.task_view import TaskForm, task_context
from services.web.cards import Reader
from services.web.forms import FieldError
from services.web.paging import Pages
from tests import factories_views as made
from tests.discharge.medication.lines import dose, medicine, stated

__all__ = ["MEDICINE_TEMPLATES", "medicine_examples", "record"]

MEDICINE_TEMPLATES = (
    "stays/leaflet.html",
    "stays/medicine.html",
    "stays/medicine_list.html",
    "stays/medicine_parts.html",
    "stays/medicine_round.html",
    "stays/medicine_stays.html",
)
_GP = Person(PersonId("p-gp"), "Lene Dalgaard")
_WORDS = FieldError(field="override", label="Skriv hvorfor", words="Skriv, hvorfor du godkender.")


def medicine_examples(
    reader: Callable[[Role], Reader], framed: Callable[[str, Role, str, Mapping[str, object]], str]
) -> dict[str, str]:
    """Every example by its name.

    Args:
        reader: who looks, by role.
        framed: renders a template for a role at a path.
    """
    ward, nurse, gp = reader(Role.WARD), reader(Role.HOME_NURSE), reader(Role.GP)
    pharmacist = reader(Role.PHARMACIST)
    found = {
        "medicine": ("medicine.html", nurse, _sheet(nurse)),
        "medicine-empty": ("medicine.html", nurse, _sheet(nurse, empty=True)),
        "medicine-error": ("medicine.html", ward, _sheet(ward, wrong=True)),
        "medicine-comment": ("medicine.html", pharmacist, _sheet(pharmacist, remarks=True)),
        "medicine-stays": ("medicine_stays.html", pharmacist, _stays(pharmacist)),
        "medicine-stays-empty": ("medicine_stays.html", pharmacist, _stays(pharmacist, empty=True)),
        "medicine-list": ("medicine_list.html", ward, _listing(ward)),
        "medicine-list-error": ("medicine_list.html", ward, _listing(ward, wrong=True)),
        "leaflet": ("leaflet.html", nurse, _leaflet(nurse)),
        "leaflet-empty": ("leaflet.html", nurse, _leaflet(nurse, empty=True)),
        "task-medicine": ("task.html", nurse, _task(made.task_page(), nurse)),
        "task-waiting": ("task.html", nurse, _task(_waiting_page(), nurse)),
        "task-released": ("task.html", nurse, _task(_waiting_page(made.NOW), nurse)),
        "reconcile": ("task.html", gp, _task(_reconcile_page(), gp)),
        "reconcile-empty": ("task.html", gp, _task(_reconcile_page(), gp, empty=True)),
        "answer-question": ("task.html", ward, _task(_question_page(), ward)),
        "answer-question-error": ("task.html", ward, _task(_question_page(), ward, wrong=True)),
        "reconcile-error": ("task.html", gp, _task(_reconcile_page(), gp, wrong=True)),
    }
    return {
        name: framed(f"stays/{template}", each.caller.role, "/stays/stay-1/medicine", context)
        for name, (template, each, context) in found.items()
    }


def _task(view: TaskPage, reader: Reader, *, empty: bool = False, wrong: bool = False) -> dict[str, object]:
    context = task_context(view, reader, TaskForm(), None, _nothing() if empty else record())
    return {"medicine": _round_on(view, reader, empty=empty, wrong=wrong), **context}


def record() -> MedicationReconciliation:
    """Every change there is, a guess, a line said twice, a question with its answer, one opened again."""
    ids = itertools.count(1)
    twice = medicine("Pinex", "N02BE01")
    before = stated(
        Column.BEFORE,
        medicine(),
        medicine("Losartan", "C09CA01"),
        medicine("Simvastatin", "C10AA01"),
        medicine("Hjertemagnyl", "B01AC06", strength=None, form=None, route=None),
        medicine("Ibuprofen", "M01AE01"),
        medicine("Pantoprazol", "A02BC02"),
        twice,
        replace(twice, id="twice"),
        received_at=made.NOW - timedelta(days=120),
    )
    at_discharge = stated(
        Column.AT_DISCHARGE,
        medicine(dosage=(dose("2"),), change_reason="Hurtig puls", supply="14 tabletter", indication="hjerterytme"),
        medicine("Losartan", "C09CA01", status=LineStatus.PAUSED, ends=made.NOW.date()),
        medicine("Simvastatin", "C10AA01", status=LineStatus.STOPPED),
        medicine("Acetylsalicylsyre", "B01AC06"),
        medicine("Furosemid", "C03CA01", dosage_text="efter vægt"),
        medicine("Pantoprazol", "A02BC02"),
        replace(twice, id="again"),
        received_at=made.NOW - timedelta(hours=3),
    )
    report = {
        "origin": ListOrigin.DOCUMENT,
        "saying": Saying.NOT_KNOWN,
        "received_at": made.NOW - timedelta(hours=1),
        "documents": ("document-1",),
    }
    words = stated(Column.BEFORE, text="Metoprolol som hidtil\nHjertemagnyl", why_empty="text-only", **report)
    now = stated(Column.NOW, medicine(), origin=ListOrigin.HOME, received_at=made.NOW - timedelta(minutes=1))
    known = stated(Column.NOW, medicine(), source=made.PRACTICE, received_at=made.NOW - timedelta(days=200))
    empty = MedicationReconciliation(stay_id=made.stay().id, patient_id=made.stay().patient_id)
    found = empty
    for each in (before, at_discharge, words, now, known):
        found = found.with_list(each, lambda: f"line-{next(ids)}")
    return _said(found)


def _said(found: MedicationReconciliation) -> MedicationReconciliation:
    names = {line.instruction_line.name: each for each, line in found.lines.items()}
    at = made.NOW - timedelta(minutes=40)

    def decided(name: str, verdict: Verdict, reason: str | None = None) -> Decision:
        return Decision(
            line_id=names[name],
            verdict=verdict,
            by=_GP,
            organization=made.PRACTICE,
            at=at,
            shown=found.lines[names[name]].fingerprint,
            reason=reason,
        )

    asked = decided("Losartan", Verdict.ASK, "Hvornår igen?")
    by = Person(PersonId("p-doctor"), "Jonas Falk")
    answer = Answer(line_id=names["Losartan"], text="Om en uge", by=by, organization=made.WARD, at=made.NOW)
    opening = Opened(line_id=names["Metoprolol"], by=_GP, organization=made.NORTH, at=made.NOW, note="Tager kun en")
    pharmacist = Person(PersonId("p-pharmacist"), "Rikke Ravn")
    remark = Comment(
        line_id=names["Ibuprofen"],
        text="Frarådes sammen med losartan",
        by=pharmacist,
        role=Role.PHARMACIST,
        organization=made.WARD,
        at=at,
    )
    return replace(
        found,
        decisions=(
            decided("Metoprolol", Verdict.AGREE),
            asked,
            decided("Simvastatin", Verdict.ASK, "Hvorfor?"),
            decided("Furosemid", Verdict.CHANGE, "40 mg fast"),
        ),
        answers=(answer,),
        openings=(opening,),
        comments=(remark,),
        sign_offs=(SignOff(by=by, at=at, shown={}, override_reason="Travlt"),),
    )


def _nothing() -> MedicationReconciliation:
    return MedicationReconciliation(stay_id=made.stay().id, patient_id=made.stay().patient_id)


def _sheet(reader: Reader, *, empty: bool = False, wrong: bool = False, remarks: bool = False) -> dict[str, object]:
    """The page of a stay's medicine."""
    found = _nothing() if empty else record()
    if wrong:
        found = replace(found, sign_offs=())
    view = made.timeline(ended=reader.caller.role is not Role.WARD)
    sent = (
        Sent(errors={"override": _WORDS}, flash=Flash(words="En anden har ændret listen imens.")) if wrong else Sent()
    )
    if remarks:
        key = f"comment-{next(iter(found.lines))}"
        error = FieldError(field=key, label="Bemærkning", words="Skriv din bemærkning.")
        line = SentLine(line=key.removeprefix("comment-"), is_comment=True, errors={key: error})
        sent = Sent(line=line)
    return sheet_context(view, found, frozenset(), reader, sent=sent, shows_rest=not empty)


def _stays(reader: Reader, *, empty: bool = False) -> dict[str, object]:
    """The pharmacist's list: open lines and none, signed and not, on the second page of three."""
    home, in_bed = made.timeline().context, made.timeline(ended=False).context
    rows = tuple(
        MedicineRow(context=context, unresolved=unresolved, asked=asked, changed_at=made.NOW, signed_at=signed)
        for context, unresolved, asked, signed in (
            (home, 5, 2, made.NOW),
            (home, 1, 1, None),
            (home, 0, 0, made.NOW),
            (in_bed, 6, 0, None),
            (in_bed, 1, 0, None),
        )
    )
    part = Part.of(0, 1) if empty else Part.of(250, 2)
    view = MedicineBoard(now=made.NOW, feed_head=made.head(), part=part, rows=() if empty else rows)
    return {"lines": stay_lines(view, reader), "pages": Pages.of(view.part, "/medicine")}


def _waiting_page(released_at: datetime | None = None) -> TaskPage:
    """A nurse's task that waits for the practice, or did until then."""
    wait = Wait(code=RECONCILE, since=made.NOW - timedelta(hours=2), released_at=released_at)
    return made.task_page(made.taken(5, made.NURSE, wait=wait))


def _reconcile_page() -> TaskPage:
    """The practice's task, taken by whoever reads it."""
    view = made.task_page(made.taken(5, Person(made.caller(Role.GP).person_id, "Lene Dalgaard")))
    task = replace(view.card.record.task, code=RECONCILE, owner=made.PRACTICE, audience=frozenset({Role.GP}))
    return replace(view, card=replace(view.card, record=replace(view.card.record, task=task)))


def _question_page() -> TaskPage:
    """The ward's task to answer, which nobody has taken."""
    view = made.task_page()
    owed = replace(view.card.record.task, code=min(ANSWERS), owner=made.WARD, audience=frozenset({Role.WARD}))
    return replace(view, card=replace(view.card, record=replace(view.card.record, task=owed)))


def _round_on(view: TaskPage, reader: Reader, *, empty: bool = False, wrong: bool = False) -> Round:
    """The medicine on a task's page."""
    found = _nothing() if empty else record()
    assert view.card.context is not None, "the example tells whom it is about"
    answers = view.card.record.task.code in ANSWERS
    line = next(iter(found.asked if answers else found.lines), "")
    asked, answered = ("reason", "Dit svar", "Skriv, hvad du spørger om."), ("answer", "Svar", "Skriv et svar.")
    form, label, why = answered if answers else asked
    error = FieldError(field=f"{form}-{line}", label=label, words=why)
    sent = SentLine(line=line, verdict="ask", errors={error.field: error}) if wrong else None
    return round_of(found, view.card.record.task, view.card.context.stay, reader, sent=sent)


def _listing(reader: Reader, *, wrong: bool = False) -> dict[str, object]:
    """The page on which a list is written."""
    found = _nothing() if wrong else record()
    view = ListView(
        column=Column.AT_DISCHARGE,
        view=made.timeline(ended=False),
        record=found,
        reader=reader,
        catalogue=catalogue_of(None),
    )
    error = FieldError(field="name", label="Lægemiddel", words="Skriv, hvad lægemidlet hedder.")
    form = LineForm(amount="to", strength=str(Decimal(40)))
    context = list_context(view, form, None if wrong else view.lines[0], "furo")
    return {"errors": {"name": error} if wrong else {}, "flash": None, **context}


def _leaflet(reader: Reader, *, empty: bool = False) -> dict[str, object]:
    """The printed list."""
    found = record()
    if empty:
        nothing = stated(Column.AT_DISCHARGE, saying=Saying.NOT_KNOWN)
        found = _nothing().with_list(nothing, lambda: "line-1")
    return leaflet_context(made.timeline(), found, reader)
