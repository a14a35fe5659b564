"""A care message came in, or somebody here writes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from discharge.agreement import Trigger
from discharge.commands import Receipt, ReceiptCode, ReceiveLetter, WriteMessage
from discharge.context import MessageFacts
from discharge.conversation import CareMessage, Conversation, MessageState, StoredFile, binds_to, place_for, told_at
from discharge.directory import Directory, OrganizationKind
from discharge.drafting import Ends, drafted, require_sound
from discharge.errors import LetterError, NotAllowedError, NotFoundError, TransitionError
from discharge.events import CareMessageWritten
from discharge.handlers import course, duties
from discharge.handlers.intake import answered_before
from discharge.identifiers import (
    AttachmentId,
    CareMessageId,
    ConversationId,
    PatientId,
    PersonId,
    SegmentId,
    SorCode,
    ThreadId,
    fresh_urn,
)
from discharge.letter import Letter, LetterKind, LetterPriority, files_of, texts_of
from discharge.patient import Patient
from discharge.policy import WRITING_ROLES, Caller, ContentClass, Role, require_role, require_sender
from discharge.ports import UnitOfWork
from discharge.stay import Stay
from discharge.task import Person

__all__ = ["receive_letter", "write_message"]


async def receive_letter(command: ReceiveLetter, uow: UnitOfWork) -> Receipt:
    """Take a valid care message in. A repeated one changes nothing and gets the first answer.

    A letter to a municipality about a citizen whom nobody here knows has no ground to be kept: as with
    a notice the answer is ``ok``, and the body is dropped.

    Raises:
        NotAllowedError: the client may not send for this sender.
    """
    require_role(command.caller, "send-message", Role.SYSTEM)
    require_sender(command.caller, command.envelope.sender, uow.directory)
    earlier = await uow.messages.claim(command.envelope)
    if earlier is not None:
        return await answered_before(uow, command.envelope, earlier, command.citizen.number)
    letter, envelope = command.letter, command.envelope
    receipt = Receipt(code=ReceiptCode.OK, issues=command.warnings)
    patient = await uow.patients.by_cpr(command.citizen.number)
    stays = () if patient is None else await uow.stays.of_patient(patient.id)
    known = await _thread_of(uow, command, patient)
    if known is not None and (patient is None or patient.id != known.patient_id):
        # The same thread under another number: it stays with the citizen it began with.
        patient = await uow.patients.get(known.patient_id)
        stays = await uow.stays.of_patient(patient.id)
    if not _may_keep(letter, patient, uow.directory):
        await uow.messages.conclude(envelope, receipt, stay_id=None, patient=None, keep=False)
        await uow.commit()
        return receipt
    if patient is None:
        citizen = command.citizen
        patient = await uow.patients.add(
            Patient(id=PatientId(uow.new_id()), cpr=citizen.number, family=citizen.family, given=citizen.given)
        )
    conversation = known or _begun(uow, patient, letter.thread)
    letter = replace(letter, patient_id=patient.id)
    stay = _stay_for(uow, conversation, letter, stays, patient, writer=letter.sender)
    place = told_at(letter.recipient, stay, patient.district, uow.directory, uow.now)
    conversation = _with(uow, conversation, letter, stay=stay, place=place)
    await uow.conversations.save(conversation)
    await uow.messages.conclude(envelope, receipt, stay_id=conversation.stay_id, patient=patient, keep=True)
    _tell(uow, conversation, letter, place=place)
    await _ask_for_answers(uow, conversation, letter, stay, patient, place=place)
    await uow.commit()
    return receipt


async def write_message(command: WriteMessage, uow: UnitOfWork) -> Conversation:
    """Somebody writes. A receiver that is served here has it at once; others get it by message.

    Raises:
        NotFoundError: no such stay, thread or message, or not for this caller.
        NotAllowedError: the role does not write, or its organisation takes no part in the thread.
        LetterError: something is missing or does not go together.
        TransitionError: the message was taken back or replaced meanwhile.
    """
    caller = command.caller
    require_role(caller, "write-message", *WRITING_ROLES)
    if ContentClass.CONVERSATION not in caller.readable_classes(uow.directory):
        raise NotAllowedError(action="write-message", rule="class")
    require_sound(command)
    if command.kind is LetterKind.NEW:
        return await _begin(command, uow)
    if command.conversation_id is None:
        raise LetterError(element="conversation", problem="required")
    patient_id, stay_id = await uow.conversations.about(command.conversation_id)
    patient = await uow.patients.get(patient_id)
    stays = await uow.stays.of_patient(patient_id)
    source = await uow.conversations.get(command.conversation_id)
    _require_reader(caller, source, next((stay for stay in stays if stay.id == stay_id), None), uow)
    about = source.latest if command.about is None else source.find(command.about)
    if about is None:
        raise NotFoundError(kind="CareMessage")
    if command.kind is LetterKind.FORWARD:
        ends = _ends_to(command, uow)
        thread = ThreadId(fresh_urn(command.draft))
        target = await _own_draft(uow, patient, thread) or _begun(uow, patient, thread)
        contents = await uow.conversations.contents(source)
    else:
        ends = _ends_of_reply(caller, about, uow)
        target, contents = source, {}
    if target.find(command.draft) is not None:
        await uow.commit()
        return target
    if source.state_of(about) is not MessageState.VALID:
        raise TransitionError(kind="CareMessage", state=source.state_of(about), move=command.kind)
    letter = drafted(command, ends, thread=target.thread, now=uow.now, source=source, about=about, contents=contents)
    return await _send(uow, command, target, letter, stays=stays, patient=patient)


async def _begin(command: WriteMessage, uow: UnitOfWork) -> Conversation:
    if command.stay_id is None:
        raise LetterError(element="stay", problem="required")
    stay = await uow.stays.get(command.stay_id)
    if not any(stay.is_read_by(sor, uow.now) for sor in command.caller.scope(uow.directory)):
        raise NotFoundError(kind="Stay")
    patient = await uow.patients.get(stay.patient_id)
    ends = _ends_to(command, uow)
    thread = ThreadId(fresh_urn(command.draft))
    known = await _own_draft(uow, patient, thread)
    if known is not None:
        await uow.commit()
        return known
    letter = drafted(command, ends, thread=thread, now=uow.now, episodes=stay.episodes)
    return await _send(uow, command, _begun(uow, patient, thread), letter, stays=(stay,), patient=patient)


async def _send(
    uow: UnitOfWork,
    command: WriteMessage,
    conversation: Conversation,
    letter: Letter,
    *,
    stays: Sequence[Stay],
    patient: Patient,
) -> Conversation:
    caller = command.caller
    letter = replace(letter, patient_id=patient.id)
    served = is_served(letter.recipient, uow.directory)
    by = Person(caller.person_id, caller.name)
    stay = _stay_for(uow, conversation, letter, stays, patient, writer=caller.acting)
    place = told_at(letter.recipient, stay, patient.district, uow.directory, uow.now) if served else None
    conversation = _with(uow, conversation, letter, stay=stay, place=place, by=by, desk=caller.acting)
    await uow.conversations.save(conversation)
    if not served:
        await uow.outbox.post(replace(letter, stay_id=conversation.stay_id))
    _tell(uow, conversation, letter, place=place, by=by, desk=caller.acting)
    await _ask_for_answers(uow, conversation, letter, stay, patient, place=place, by=by, desk=caller.acting)
    await uow.commit()
    return conversation


async def _ask_for_answers(
    uow: UnitOfWork,
    conversation: Conversation,
    letter: Letter,
    stay: Stay | None,
    patient: Patient,
    *,
    place: SorCode | None,
    by: Person | None = None,
    desk: SorCode | None = None,
) -> None:
    """What the agreement makes of a message about a stay: who must answer, or telephone, and by when."""
    if stay is None or letter.kind.puts_right:
        return
    message = MessageFacts.told(
        uow.directory,
        kind=letter.kind,
        category=letter.category,
        is_urgent=letter.priority is LetterPriority.ASAP,
        sender=desk or letter.sender,
        place=place,
    )
    if message.asker is not None and not binds_to(stay, (message.asker,), uow.directory, uow.now):
        # Whoever wrote from outside the stay owes nothing in it: that would let them read it again.
        message = replace(message, asker=None)
    news = duties.News(by=by or _author(letter), message=message, conversation_id=conversation.id)
    planned = await duties.plan_tasks(uow, stay, patient, Trigger.MESSAGE_WRITTEN, news=news)
    planned = await course.close_access(uow, planned)
    if planned is not stay:
        await uow.stays.save(planned)


def _author(letter: Letter) -> Person | None:
    """Who wrote a letter in a system outside, as it says."""
    written = max(texts_of(letter.segments), key=lambda text: text.at, default=None)
    return None if written is None or written.author is None else Person(PersonId(letter.sender), written.author.name)


def is_served(recipient: SorCode, directory: Directory) -> bool:
    """Tell whether people at ``recipient`` read here: nowhere from it upwards may say no."""
    line = directory.lineage(recipient)
    return bool(line) and all(directory[sor].uses_stafet for sor in line)


def _begun(uow: UnitOfWork, patient: Patient, thread: ThreadId | None) -> Conversation:
    """A new thread; where the message names none (version 3), we name it, for our answers to go by."""
    made = ConversationId(uow.new_id())
    return Conversation(id=made, patient_id=patient.id, thread=thread or ThreadId(fresh_urn(made)))


async def _own_draft(uow: UnitOfWork, patient: Patient, thread: ThreadId) -> Conversation | None:
    found = await uow.conversations.of_thread(thread)
    return next((each for each in found if each.patient_id == patient.id), None)


async def _thread_of(uow: UnitOfWork, command: ReceiveLetter, patient: Patient | None) -> Conversation | None:
    """The conversation that a letter belongs to: by its thread's id, in version 3 by the history.

    A thread keeps its citizen: the same id about another one is another conversation, unless one of
    the two numbers only stands in for the other and the letter is between the same two ends.
    Source: MedCom CareCommunication 5.0.2, replacement numbers: the communication id holds the thread together.
    """
    letter = command.letter
    if letter.thread is None:
        if patient is None:
            return None
        found = await uow.conversations.of_messages(patient.id, (letter.id, *letter.earlier))
        return next(iter(found), None)
    threads = await uow.conversations.of_thread(letter.thread)
    same = next((each for each in threads if patient is not None and each.patient_id == patient.id), None)
    if same is not None:
        return same
    for each in threads:
        is_same_pair = {letter.sender, letter.recipient} <= each.participants
        number = (await uow.patients.get(each.patient_id)).cpr
        if is_same_pair and command.citizen.number.is_replacement is not number.is_replacement:
            return each
    return None


def _may_keep(letter: Letter, patient: Patient | None, directory: Directory) -> bool:
    """Tell whether there is a ground to keep a letter: somebody addressed it to this place about this citizen.

    At a municipality that holds for a citizen whom at least somebody here knows; practices, wards and
    hospitals get letters about whomever.
    """
    recipient = directory.get(letter.recipient)
    is_municipal = recipient is not None and recipient.kind in {OrganizationKind.MUNICIPALITY, OrganizationKind.UNIT}
    return patient is not None or not is_municipal


def _stay_for(
    uow: UnitOfWork,
    conversation: Conversation,
    letter: Letter,
    stays: Sequence[Stay],
    patient: Patient,
    *,
    writer: SorCode,
) -> Stay | None:
    """The stay that the thread belongs to: once bound it stays so.

    By episode id, else the only open one; always one that people at both ends read.
    """
    if conversation.stay_id is not None:
        return next((stay for stay in stays if stay.id == conversation.stay_id), None)
    place = place_for(letter.recipient, None, patient.district, uow.directory)
    ends = (writer, place)
    fitting = [stay for stay in stays if binds_to(stay, ends, uow.directory, uow.now)]
    keys = {episode.key for episode in letter.episodes}
    named = [stay for stay in fitting if keys & {episode.key for episode in stay.episodes}]
    if named:
        return named[0]
    # In the days after discharge there is none that is open, and questions are about the one that ended.
    likely = [stay for stay in fitting if stay.is_open] or fitting
    return likely[0] if len(likely) == 1 and not letter.episodes else None


def _with(
    uow: UnitOfWork,
    conversation: Conversation,
    letter: Letter,
    *,
    stay: Stay | None,
    place: SorCode | None,
    by: Person | None = None,
    desk: SorCode | None = None,
) -> Conversation:
    """The thread with the letter in it, bound to its stay; contents it does not have yet get a place."""
    there = conversation.files
    files: dict[SegmentId, StoredFile] = {
        file.id: StoredFile(AttachmentId(uow.new_id()), len(file.content))
        for file in files_of(letter.segments)
        if file.content is not None and file.id not in there
    }
    message = CareMessage(
        id=CareMessageId(uow.new_id()), letter=letter, received_at=uow.now, place=place, by=by, desk=desk, files=files
    )
    stay_id = conversation.stay_id if conversation.stay_id is not None or stay is None else stay.id
    return replace(conversation.with_message(message), stay_id=stay_id)


def _tell(
    uow: UnitOfWork,
    conversation: Conversation,
    letter: Letter,
    *,
    place: SorCode | None,
    by: Person | None = None,
    desk: SorCode | None = None,
) -> None:
    uow.record(
        CareMessageWritten(
            at=uow.now,
            stay_id=conversation.stay_id,
            by=by,
            conversation_id=conversation.id,
            sender=desk or letter.sender,
            recipient=letter.recipient,
            place=place,
            kind=letter.kind,
            is_urgent=letter.priority is LetterPriority.ASAP,
        )
    )


def _require_reader(caller: Caller, conversation: Conversation, stay: Stay | None, uow: UnitOfWork) -> None:
    """Let pass who may read the thread, as row-level security does.

    Raises:
        NotFoundError: nobody else is told that there is such a thread.
    """
    scope = caller.scope(uow.directory)
    if conversation.stay_id is None:
        reads = any(sor in conversation.participants for sor in scope)
    else:
        reads = stay is not None and any(stay.is_read_by(sor, uow.now) for sor in scope)
    if not reads:
        raise NotFoundError(kind="Conversation")


def _ends_to(command: WriteMessage, uow: UnitOfWork) -> Ends:
    """From the writer's place to somebody chosen.

    Raises:
        LetterError: nobody was chosen, or the writer's own place.
    """
    recipient = None if command.recipient is None else uow.directory.get(command.recipient)
    if recipient is None or recipient.kind is OrganizationKind.REGION:
        raise LetterError(element="recipient", problem="required")
    if recipient.sor in command.caller.scope(uow.directory):
        raise LetterError(element="recipient", problem="own place")
    if not is_served(recipient.sor, uow.directory) and recipient.gln is None:
        raise LetterError(element="recipient", problem="no location number")
    return Ends(sender=_address(command.caller, recipient.sor, uow.directory), recipient=recipient.sor)


def _address(caller: Caller, recipient: SorCode, directory: Directory) -> SorCode:
    """What stands as sender: inside, the unit; on a letter that leaves, the nearest place with a location number."""
    if is_served(recipient, directory):
        return caller.acting
    line = (sor for sor in directory.lineage(caller.acting) if directory[sor].gln is not None)
    return next(line, caller.acting)


def _ends_of_reply(caller: Caller, about: CareMessage, uow: UnitOfWork) -> Ends:
    """Back to who wrote; one's own message is followed up to the same receiver.

    Source: MedCom CareCommunication 5.0.2: the specific sender is copied to the reply's recipient.

    Raises:
        NotAllowedError: the caller's organisation takes no part.
    """
    letter = about.letter
    ours = {*caller.scope(uow.directory), *uow.directory.lineage(caller.acting)}
    if {letter.recipient, about.place} & ours:
        return Ends(sender=letter.recipient, recipient=letter.sender, contact=letter.sender_contact)
    if {letter.sender, about.desk} & ours:
        return Ends(sender=letter.sender, recipient=letter.recipient, contact=letter.recipient_contact)
    raise NotAllowedError(action="write-message", rule="takes-no-part")
