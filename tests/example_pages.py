"""Every template of the house, rendered with example views: full, empty and broken, in a language and a theme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from discharge.policy import Role
from notifications.budget import ShiftPlan
from services.agreements.pages import agreements_context
from services.agreements.reading import read_agreement
from services.agreements.shipped import LAYERS, layer_file, profile, shipped
from services.hospital.begin import BeginForm
from services.hospital.plan_form import blank_form
from services.hospital.plan_page import Flash, Sent, plan_context
from services.hospital.rows import counters_of, groups_of, row_of, rows_of
from services.operator.alert_pages import alerts_context
from services.operator.message_pages import message_context, raw_context
from services.operator.pages import operator_context
from services.persistence.desk_acts import RawMessage
from services.persistence.views import FeedHead, Part, Show, TaskCard, TaskList, TaskRecord
from services.stays.conversation_form import MessageForm, file_labels
from services.stays.conversation_view import (
    category_words,
    lines_of_threads,
    listed_lines,
    recipients_of,
    thread_view,
)
from services.stays.task_view import TaskForm, task_context
from services.stays.timeline import days_of, lanes_of
from services.web.cards import Reader, card_of
from services.web.forms import FieldError, Form
from services.web.language import language
from services.web.paging import Pages
from services.web.patient_bar import bar_of, lines_of
from services.web.shell import Shell, Tab
from services.web.signin import people_of
from services.web.task_lists import Empty, filters_of, phone_of, phones_of, sections_of, sort_text
from services.web.task_pages import Notice
from services.web.templating import render
from tests import factories_messages as messages
from tests import factories_threads as threads
from tests import factories_views as made
from tests.example_counts import score_context, try_context
from tests.example_documents import CLINICAL_TEMPLATES, clinical_examples
from tests.factories_alerts import alerts_page

FRAGMENTS = frozenset({"card", "card-lost", "row"})
"""Parts of a page: no frame of their own."""

_PLACES = {
    Role.WARD: ("Medicinsk sengeafsnit M2", "Regionshospitalet Fjordby"),
    Role.HOME_NURSE: ("Hjemmesygeplejen Nord", "Birkelund Kommune"),
    Role.GP: ("Lægerne Kirkestræde", ""),
    Role.PHARMACIST: ("Medicinsk sengeafsnit M2", "Regionshospitalet Fjordby"),
    Role.OPERATOR: ("Birkelund Kommune", ""),
    Role.LEADER: ("Birkelund Kommune", ""),
}


class Examples:
    """Renders the examples."""

    def __init__(self, code: str = "da", theme: str = "auto") -> None:
        self._code = code
        self._theme = theme

    def all(self) -> dict[str, str]:
        """Every example by its name."""
        return {
            "municipality": self.tasks(made.task_list()),
            "municipality-empty": self.tasks(made.task_list([made.taken(5, made.NURSE)])),
            "municipality-filter": self.tasks(made.task_list([made.taken(5, made.NURSE)], show=Show.LATE)),
            "leader": self.tasks(self._nameless(), Role.LEADER),
            "gp": self.tasks(made.task_list([made.ward_tasks(1)[1]]), Role.GP, "/gp"),
            "ward": self.ward(10),
            "ward-empty": self.ward(0),
            "ward-found": self.ward(10, "Stisen"),
            "plan": self.plan(),
            "plan-ended": self.plan(ended=True),
            "plan-error": self.plan_error(),
            "begin": self.begin(),
            "task": self.task(),
            "task-mine": self.task(made.taken(5, made.NURSE)),
            "task-proposed": self.task(made.records()[7], role=Role.WARD),
            "task-lost": self.task(made.taken(5, made.COLLEAGUE), notice=self._lost()),
            "task-error": self.task(form=self._bad_reason()),
            "stay": self.stay(),
            "stay-table": self.stay(as_table=True),
            "stay-open": self.stay(ended=False),
            "conversation": self.conversation(),
            "conversation-unbound": self.conversation(bound=False),
            "conversations": self.conversations(),
            "conversations-empty": self.conversations(empty=True),
            "write": self.write(),
            "write-error": self.write(wrong=True),
            "operator": self.operator(),
            "operator-empty": self.operator(empty=True),
            "operator-out": self.message(leaves=True),
            "operator-in": self.message(leaves=False),
            "operator-raw": self.raw(),
            "alerts": self.alerts(empty=False),
            "alerts-empty": self.alerts(empty=True),
            "agreements": self.agreements(),
            "agreements-error": self.agreements(day="soon", place="999", agreements=()),
            "score": self.score(score_context(self._code)),
            "score-empty": self.score(score_context(self._code, empty=True)),
            "try": self.trial(try_context()),
            "try-error": self.trial(try_context(errors=("line 3, rule R17: no such trigger",))),
            "try-done": self.trial(try_context(tried=True)),
            "signin": self.signin(full=True),
            "signin-empty": self.signin(full=False),
            **{f"error-{status}": self.error(status) for status in (403, 404, 409, 500, 503)},
            **clinical_examples(self.reader, self._framed),
            "card": self.card(made.records()[0]),
            "card-lost": self.card(made.taken(5, made.COLLEAGUE), self._lost()),
            "row": self.row(),
        }

    def shell(self, role: Role | None, path: str, word: str = "Opgaver") -> Shell:
        """A frame for somebody of ``role``."""
        place, above = ("", "") if role is None else _PLACES[role]
        return Shell(
            lang=language(self._code),
            path=path,
            caller=None if role is None else made.caller(role),
            place=place,
            above=above,
            now=made.NOW,
            csrf="token-of-the-session",
            theme=self._theme,
            is_demo=True,
            tabs=() if role is None else (Tab(href=path, word=word, is_current=True),),
        )

    def reader(self, role: Role) -> Reader:
        """Who looks."""
        return Reader(caller=made.caller(role), directory=made.directory(), now=made.NOW, lang=language(self._code))

    def tasks(self, view: TaskList, role: Role = Role.HOME_NURSE, path: str = "/municipality") -> str:
        reader = self.reader(role)
        return self._page(
            f"{path[1:]}/feed.html",
            self.shell(role, path),
            view.feed_head,
            heading="Indbakke" if path == "/gp" else "Opgaver",
            path=path,
            back=path,
            filters=filters_of(view, reader.lang, path),
            sections=sections_of(view, reader, path),
            phones=phones_of(view.cards, reader.directory, reader.lang),
            pages=Pages.of(Part.of(250, 2), path) if path == "/gp" else Pages.of(view.part, path),
            tab_count=view.counts.unowned,
            takes_new=True,
        )

    def _nameless(self) -> TaskList:
        view = made.task_list()
        return replace(view, cards=tuple(TaskCard(record=card.record, context=None) for card in view.cards))

    def ward(self, number: int, query: str = "") -> str:
        view, reader = made.ward_board(number), self.reader(Role.WARD)
        rows = rows_of(view, reader)
        return self._page(
            "hospital/board.html",
            self.shell(Role.WARD, "/ward", "Tavle"),
            view.feed_head,
            filters=counters_of(rows, "all", reader.lang),
            groups=groups_of(rows, view.now, reader.lang),
            query=query,
            pages=Pages.of(Part.of(number * 25, 2), "/ward"),
            empty=Empty(icon="check", title="Ingen", text="Hentet 11.40", href="/ward/begin", action="Begynd"),
        )

    def row(self) -> str:
        made_row = row_of(made.ward_board(1).rows[0], self.reader(Role.WARD))
        return render(self._code, "hospital/row.html", shell=self.shell(Role.WARD, "/ward"), row=made_row)

    def plan(self, sent: Sent | None = None, *, ended: bool = False) -> str:
        view = made.plan_page(ended=ended)
        context = plan_context(view, self.reader(Role.WARD), sent or Sent())
        return self._page(
            "hospital/plan.html", self.shell(Role.WARD, "/ward/stays/stay-1", "Tavle"), view.feed_head, **context
        )

    def plan_error(self) -> str:
        form = replace(blank_form(made.plan(), language(self._code)), time="25.00")
        error = FieldError(field="time", label="Afgang kl.", words="Skriv et klokkeslæt. Du skrev „25.00“.")
        give = FieldError(field="reason", label="Skriv hvorfor", words="Skriv, hvorfor I udskriver nu.")
        flash = Flash(words="En anden har ændret det imens", kind="red", icon="octagon")
        return self.plan(Sent(form=form, errors={"time": error}, give_errors={"reason": give}, flash=flash))

    def begin(self) -> str:
        error = FieldError(field="cpr", label="CPR-nummer", words="Skriv alle ti cifre.")
        return self._page(
            "hospital/begin.html",
            self.shell(Role.WARD, "/ward/begin", "Tavle"),
            None,
            form=BeginForm(date="20.11.2026", time="11.40"),
            errors={"cpr": error},
            municipalities={"1": "Birkelund Kommune"},
            practices={"2": "Lægerne Kirkestræde"},
            wards={"3": "M2", "4": "M3"},
            kinds={"STIN": "Indlagt", "STAA": "Akut ambulant"},
        )

    def task(
        self,
        found: TaskRecord | None = None,
        *,
        role: Role = Role.HOME_NURSE,
        notice: Notice | None = None,
        form: TaskForm | None = None,
    ) -> str:
        view = made.task_page(found)
        context = task_context(view, self.reader(role), form or TaskForm(), notice)
        return self._framed("stays/task.html", role, "/tasks/task-1", {"medicine": None, **context})

    def _framed(self, template: str, role: Role, path: str, context: Mapping[str, object]) -> str:
        return self._page(template, self.shell(role, path, "Opgave"), made.head(), **context)

    def _lost(self) -> Notice:
        return Notice(words="Hanne P. tog den først, kl. 11.49.58", detail="Intet er gemt fra dig", lost=True)

    def _bad_reason(self) -> TaskForm:
        error = FieldError(field="reason", label="Hvorfor?", words="Skriv en grund.")
        return TaskForm(move="reject", errors={"reason": error})

    def card(self, found: TaskRecord, notice: Notice | None = None) -> str:
        reader, card = self.reader(Role.HOME_NURSE), made.card(found)
        return render(
            self._code,
            "web/card.html",
            shell=self.shell(Role.HOME_NURSE, "/municipality"),
            card=card_of(card, reader),
            sort=sort_text(card, reader),
            back="/municipality",
            notice=notice,
        )

    def stay(self, *, as_table: bool = False, ended: bool = True) -> str:
        view, reader = made.timeline(ended=ended), self.reader(Role.HOME_NURSE)
        return self._page(
            "stays/timeline.html",
            self.shell(Role.HOME_NURSE, "/stays/stay-1", "Forløb"),
            view.feed_head,
            stay_id="stay-1",
            bar=bar_of(view.context, view.tasks, reader),
            lanes=lanes_of(view, reader),
            days=days_of(view, reader, [threads.thread()]),
            phone=phone_of(view.context, reader.directory, reader.lang),
            open_tasks=lines_of(view.tasks, reader),
            threads=lines_of_threads([threads.thread()] if ended else [], reader, "stay-1"),
            as_table=as_table,
            reads_medicine=True,
            documents=(),
        )

    def conversation(self, *, bound: bool = True) -> str:
        view, reader = threads.page(bound=bound), self.reader(Role.HOME_NURSE)
        of_stay = made.timeline()
        shown = thread_view(view, reader)
        return self._page(
            "stays/conversation.html",
            self.shell(Role.HOME_NURSE, "/conversations/thread-1", "Samtaler"),
            view.feed_head,
            thread=shown,
            form=MessageForm(draft="draft-1", about=shown.answered),
            errors={},
            file_hint=file_labels(reader.lang),
            here="/conversations/thread-1",
            bar=bar_of(of_stay.context, of_stay.tasks, reader) if bound else None,
            stay_id="stay-1" if bound else "",
            back="/stays/stay-1",
        )

    def conversations(self, *, empty: bool = False) -> str:
        found = () if empty else threads.listed()
        return self._page(
            "stays/conversations.html",
            self.shell(Role.HOME_NURSE, "/conversations", "Samtaler"),
            made.head(),
            lines=listed_lines(found, self.reader(Role.HOME_NURSE)),
        )

    def write(self, *, wrong: bool = False) -> str:
        view, reader = made.timeline(ended=False), self.reader(Role.HOME_NURSE)
        error = FieldError(field="files", label="Filer", words="„Plan“ er for stor.")
        return self._page(
            "stays/write.html",
            self.shell(Role.HOME_NURSE, "/stays/stay-1/conversations/new", "Forløb"),
            None,
            heading="Ny besked",
            hint="Haster det, så ring.",
            action="/stays/stay-1/conversations",
            button="Send besked",
            form=MessageForm(draft="draft-1", text="Mit udkast" if wrong else ""),
            errors={"files": error} if wrong else {},
            recipients=recipients_of(view.context.stay, [made.WARD, made.PRACTICE], reader),
            categories={each.value: word for each, word in category_words(reader.lang).items()},
            file_hint=file_labels(reader.lang),
            here="/stays/stay-1",
            name="",
            bar=None if wrong else bar_of(view.context, view.tasks, reader),
            stay_id="stay-1",
            back="/stays/stay-1",
        )

    def operator(self, *, empty: bool = False) -> str:
        view = messages.message_list(empty=empty)
        context = operator_context(view, self.reader(Role.OPERATOR))
        shell = self.shell(Role.OPERATOR, "/operator", "Beskeder")
        return self._page("operator/messages.html", shell, view.feed_head, **context)

    def alerts(self, *, empty: bool) -> str:
        view = alerts_page(empty=empty)
        context = alerts_context(view, self.reader(Role.LEADER), plan=ShiftPlan(), limit=12)
        return self._page("operator/alerts.html", self.shell(Role.LEADER, "/alerts", "Varsler"), None, **context)

    def agreements(
        self, *, agreements: tuple[str, ...] = ("dk-midtjylland",), layers: tuple[str, ...] = LAYERS, **asked: str
    ) -> str:
        reader = self.reader(Role.LEADER)
        documents = [*map(profile, agreements), *(read_agreement(layer_file(name), find=shipped) for name in layers)]
        form = Form(asked, reader.lang, reader.now)
        context = agreements_context(form, reader.caller, reader.directory, documents)
        return self._page("agreements/rules.html", self.shell(Role.LEADER, "/agreements", "Aftaler"), None, **context)

    def score(self, context: dict[str, object]) -> str:
        return self._page("agreements/score.html", self.shell(Role.LEADER, "/score", "Frister"), None, **context)

    def trial(self, context: dict[str, object]) -> str:
        shell = self.shell(Role.LEADER, "/agreements/try", "Afprøv")
        return self._page("agreements/try.html", shell, None, **context)

    def message(self, *, leaves: bool) -> str:
        view = messages.message_detail(leaves=leaves)
        context = message_context(view, self.reader(Role.OPERATOR))
        shell = self.shell(Role.OPERATOR, "/operator/outbox/ud-1", "Beskeder")
        return self._page("operator/message.html", shell, view.feed_head, **context)

    def raw(self) -> str:
        view, shell = messages.message_detail(), self.shell(Role.OPERATOR, "/operator/outbox/ud-1/open", "Beskeder")
        shown = RawMessage(body=b'{"resourceType":"Bundle"}', words=("Postkassen er lukket.",))
        context = raw_context(view, shown, "Modtageren siger, at den er tom", self.reader(Role.OPERATOR))
        return self._page("operator/raw.html", shell, view.feed_head, back="/operator/outbox/ud-1", **context)

    def signin(self, *, full: bool) -> str:
        groups = people_of(made.directory(), language(self._code)) if full else ()
        return self._page("web/signin.html", self.shell(None, "/"), None, groups=groups)

    def error(self, status: int) -> str:
        shell = replace(self.shell(Role.HOME_NURSE, "/tasks/task-1"), now=None, place="", above="")
        return self._page(
            "web/error.html",
            shell,
            None,
            error_status=status,
            title="Siden findes ikke",
            text="Det, du leder efter, findes ikke.",
            request_id="7f3a-20",
        )

    def _page(self, template: str, shell: Shell, head: FeedHead | None, **context: object) -> str:
        return render(self._code, template, shell=shell, feed_head=head, **context)


def templates_covered() -> Iterable[str]:
    """The templates that the examples render or include."""
    return (
        "web/base.html",
        "web/parts.html",
        "web/card.html",
        "web/tasks.html",
        "web/error.html",
        "web/signin.html",
        "agreements/plots.html",
        "agreements/rules.html",
        "agreements/score.html",
        "agreements/try.html",
        "hospital/board.html",
        "hospital/row.html",
        "hospital/plan.html",
        "hospital/begin.html",
        "municipality/feed.html",
        "gp/feed.html",
        "stays/conversation.html",
        "stays/conversations.html",
        *CLINICAL_TEMPLATES,
        "stays/message_parts.html",
        "stays/task.html",
        "stays/timeline.html",
        "stays/write.html",
        "operator/alerts.html",
        "operator/message.html",
        "operator/messages.html",
        "operator/raw.html",
    )
