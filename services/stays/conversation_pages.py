"""Care messages: the threads of a stay and of a place, one thread, and writing, answering, forwarding, attaching."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from discharge.commands import WriteMessage
from discharge.conversation import Conversation
from discharge.errors import LetterError, NotAllowedError, TransitionError
from discharge.handlers import write_message
from discharge.identifiers import AttachmentId, ConversationId, MessageId, SorCode, StayId
from discharge.letter import LetterKind
from discharge.policy import Role
from discharge.stay import Stay
from services.persistence import boards
from services.persistence.conversation_reads import (
    ConversationPage,
    conversation_list,
    conversation_page,
    conversations_of_stay,
    download,
)
from services.persistence.views import StayView, TaskRecord
from services.stays.conversation_form import (
    MessageForm,
    file_labels,
    files_of,
    form_of,
    read_category,
    read_form,
    read_message_id,
    refuse_letter,
)
from services.stays.conversation_view import category_words, listed_lines, recipients_of, thread_view
from services.web.access import Body, Party, access
from services.web.cards import Reader
from services.web.downloads import download_response
from services.web.forms import Form
from services.web.patient_bar import bar_of
from services.web.reading import audit_in_place, reader_of, see_other
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller
from services.web.shell import language_of, shell_of
from services.web.templating import page

__all__ = ["router"]

router = APIRouter()
_READERS: Final = (Role.WARD, Role.DOCTOR, Role.HOME_NURSE, Role.VISITATOR, Role.GP)


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """What a form is about: a citizen in a stay, or one that only a thread tells of."""

    reader: Reader
    stay_id: StayId | None = None
    context: StayView | None = None
    tasks: tuple[TaskRecord, ...] = ()
    thread: ConversationPage | None = None
    threads: tuple[Conversation, ...] = ()

    @property
    def stay(self) -> Stay | None:
        """The stay, where there is one."""
        return None if self.context is None else self.context.stay

    @property
    def back(self) -> str:
        """The page of the thread or stay."""
        thread = "" if self.thread is None else f"/conversations/{self.thread.conversation.id}"
        return f"/stays/{self.stay_id}{thread}" if self.stay_id is not None else thread or "/conversations"


@router.get("/conversations")
@access(roles=_READERS, party=Party.OWN, action="list-conversations")
async def listed(request: Request) -> Response:
    """The threads that the caller's place writes in or is written to."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        view = await conversation_list(session)
        directory = session.directory
    reader = await reader_of(request, directory, view.now)
    return page(
        await shell_of(request, directory, view.now),
        "stays/conversations.html",
        head=view.feed_head,
        lines=listed_lines(view.listed, reader, view.departures),
    )


@router.get("/stays/{stay_id}/conversations/new")
@access(roles=_READERS, party=Party.STAY, action="read-stay")
async def blank(request: Request, stay_id: str) -> Response:
    """An empty form for a new thread about a stay."""
    about = await _of_stay(request, stay_id)
    return await _writing(request, about, LetterKind.NEW, MessageForm.blank(_phone(about)))


@router.post("/stays/{stay_id}/conversations")
@access(roles=_READERS, party=Party.STAY, body=Body.UPLOAD, action="write-message")
async def begin(request: Request, stay_id: str) -> Response:
    """Begin a thread."""
    return await _sent(request, await _of_stay(request, stay_id), LetterKind.NEW)


@router.get("/stays/{stay_id}/conversations/{conversation_id}")
@access(roles=_READERS, party=Party.STAY, action="read-conversation")
async def of_stay(request: Request, stay_id: str, conversation_id: str) -> Response:
    """One thread of a stay."""
    about = await _of_thread(request, conversation_id, stay_id)
    return await _thread(request, about, MessageForm.blank(_phone(about)))


@router.get("/conversations/{conversation_id}")
@access(roles=_READERS, party=Party.STAY, action="read-conversation")
async def of_citizen(request: Request, conversation_id: str) -> Response:
    """One thread, wherever it belongs."""
    about = await _of_thread(request, conversation_id)
    return await _thread(request, about, MessageForm.blank(_phone(about)))


@router.post("/conversations/{conversation_id}/reply")
@access(roles=_READERS, party=Party.STAY, body=Body.UPLOAD, action="write-message")
async def reply(request: Request, conversation_id: str) -> Response:
    """Answer in a thread."""
    return await _sent(request, await _of_thread(request, conversation_id), LetterKind.REPLY)


@router.get("/conversations/{conversation_id}/forward")
@access(roles=_READERS, party=Party.STAY, action="read-conversation")
async def forwarding(request: Request, conversation_id: str) -> Response:
    """A form for passing a thread on to somebody else."""
    about = await _of_thread(request, conversation_id)
    return await _writing(request, about, LetterKind.FORWARD, MessageForm.blank(_phone(about)))


@router.post("/conversations/{conversation_id}/forward")
@access(roles=_READERS, party=Party.STAY, body=Body.UPLOAD, action="write-message")
async def forward(request: Request, conversation_id: str) -> Response:
    """Pass a thread on: a new one begins, with everything in it."""
    return await _sent(request, await _of_thread(request, conversation_id), LetterKind.FORWARD)


@router.get("/conversations/{conversation_id}/attachments/{attachment_id}")
@access(roles=_READERS, party=Party.STAY, action="download-attachment")
async def attachment(request: Request, conversation_id: str, attachment_id: str) -> Response:
    """One file, to be saved; nothing in it is run or shown by us."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        found = await download(session, ConversationId(conversation_id), AttachmentId(attachment_id))
    return download_response(found.content, media_type=found.media_type, title=found.title)


async def _of_stay(request: Request, stay_id: str) -> _About:
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        view = await boards.timeline(session, StayId(stay_id))
        threads = await conversations_of_stay(session, StayId(stay_id))
        directory = session.directory
    reader = await reader_of(request, directory, view.now)
    return _About(reader=reader, stay_id=StayId(stay_id), context=view.context, tasks=view.tasks, threads=threads)


async def _of_thread(request: Request, conversation_id: str, stay_id: str | None = None) -> _About:
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        asked = None if stay_id is None else StayId(stay_id)
        found = await conversation_page(session, ConversationId(conversation_id), asked)
        bound = asked or found.conversation.stay_id
        view = None if bound is None else await boards.timeline(session, bound)
        directory = session.directory
    return _About(
        reader=await reader_of(request, directory, found.now),
        stay_id=bound,
        context=None if view is None else view.context,
        tasks=() if view is None else view.tasks,
        thread=found,
    )


def _phone(about: _About) -> str:
    """The ward's number is known from the plan; others write their own."""
    stay = about.stay
    is_ward = stay is not None and stay.ward in about.reader.scope
    return stay.plan.contact_phone or "" if stay is not None and is_ward else ""


async def _sent(request: Request, about: _About, kind: LetterKind) -> Response:
    async with read_form(request) as data:
        sent = form_of(data)
        form = Form.of(data, language_of(request), about.reader.now)
        command, refused = await _command(request, about, kind, sent, data, form)
    status = 422
    try:
        if not form.errors:
            written = await runtime_of(request).database.run(audit_of(request), write_message, command)
            return see_other(_address(written, about))
        status = refused or status
    except LetterError as error:
        refuse_letter(error, form)
    except TransitionError:
        words = form.lang.text("Beskeden er trukket tilbage eller rettet imens. Se det nye, og skriv igen.")
        form.refuse("text", form.lang.text("Besked"), words)
    except NotAllowedError:
        status = 403
        words = form.lang.text("I deltager ikke i denne samtale. Begynd en ny i forløbet.")
        form.refuse("text", form.lang.text("Besked"), words)
    await audit_in_place(request, status)
    kept = replace(sent, errors=form.errors)
    if kind is LetterKind.REPLY:
        return await _thread(request, about, kept, status=status)
    return await _writing(request, about, kind, kept, status=status)


async def _command(
    request: Request, about: _About, kind: LetterKind, sent: MessageForm, data: FormData, form: Form
) -> tuple[WriteMessage, int]:
    files, refused = await files_of(data, form)
    thread = about.thread
    command = WriteMessage(
        caller=await current_caller(request),
        draft=MessageId(sent.draft),
        kind=kind,
        stay_id=about.stay_id if kind is LetterKind.NEW else None,
        conversation_id=None if thread is None else thread.conversation.id,
        about=read_message_id(sent.about),
        recipient=SorCode(sent.recipient) if sent.recipient else None,
        category=read_category(sent.category),
        topic=sent.topic or None,
        text=sent.text,
        phone=sent.phone,
        files=files,
    )
    return command, refused


def _address(written: Conversation, about: _About) -> str:
    end = f"conversations/{written.id}#message-{written.messages[-1].id}"
    stay_id = written.stay_id or about.stay_id
    return f"/stays/{stay_id}/{end}" if stay_id is not None else f"/{end}"


async def _thread(request: Request, about: _About, form: MessageForm, *, status: int = 200) -> Response:
    reader, found = about.reader, about.thread
    assert found is not None, "only a thread is shown"
    view = thread_view(found, reader)
    return page(
        await shell_of(request, reader.directory, found.now),
        "stays/conversation.html",
        status=status,
        head=found.feed_head,
        thread=view,
        form=replace(form, about=form.about or view.answered),
        errors=form.errors,
        file_hint=file_labels(reader.lang, again=bool(form.errors)),
        here=_here(about, found),
        **_frame(about),
    )


def _here(about: _About, found: ConversationPage) -> str:
    """The address of the page itself, also when it answers a form."""
    thread = f"/conversations/{found.conversation.id}"
    return thread if about.stay_id is None else f"/stays/{about.stay_id}{thread}"


async def _writing(
    request: Request, about: _About, kind: LetterKind, form: MessageForm, *, status: int = 200
) -> Response:
    reader, found = about.reader, about.thread
    t = reader.lang.text
    category = form.category or ("" if found is None else found.conversation.category.value)
    is_new = kind is LetterKind.NEW
    return page(
        await shell_of(request, reader.directory, reader.now),
        "stays/write.html",
        status=status,
        heading=t("Ny besked") if is_new else t("Send videre"),
        hint=t("Modtageren får beskeden med det samme. Haster det, så ring.")
        if is_new
        else t("Modtageren får hele samtalen med filer, og svarer jer i en ny samtale."),
        action=f"/stays/{about.stay_id}/conversations"
        if found is None
        else f"/conversations/{found.conversation.id}/forward",
        button=t("Send besked") if is_new else t("Send videre"),
        form=replace(form, category=category),
        errors=form.errors,
        recipients=recipients_of(about.stay, _others(about), reader),
        categories={each.value: word for each, word in category_words(reader.lang).items()},
        file_hint=file_labels(reader.lang, again=bool(form.errors)),
        here=about.back,
        name="" if found is None else found.patient.name,
        **_frame(about),
    )


def _others(about: _About) -> Iterator[SorCode | None]:
    """Who owes or asked for something, the practice, and who takes part in threads about the citizen."""
    for record in about.tasks:
        yield record.task.owner
        yield record.task.requester
    if about.context is not None:
        yield about.context.gp
    for thread in about.threads:
        yield from sorted(thread.participants)
    if about.thread is not None:
        if about.context is not None or about.thread.municipality in about.reader.directory.related(
            about.reader.caller.acting
        ):
            # Whose citizen it is and who the doctor is, a letter alone gives nobody to know.
            yield about.thread.gp
            yield about.thread.municipality
        yield from sorted(about.thread.conversation.participants)


def _frame(about: _About) -> dict[str, Any]:
    return {
        "bar": None if about.context is None else bar_of(about.context, about.tasks, about.reader),
        "stay_id": about.stay_id or "",
        "back": about.back,
    }
