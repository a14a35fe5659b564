"""The ward settles which of its documents count: a word of a person where no document says it.

Medicine and plan follow in the same commit, and everybody who reads the stay is told.
"""

from __future__ import annotations

from collections.abc import Sequence

from discharge.documents.commands import RuleDocuments
from discharge.documents.report import FiledReport
from discharge.documents.rulings import Ruling, RulingKind, holding
from discharge.documents.standing import Standing, in_force, is_question, may_replace, questions, standings
from discharge.errors import ConcurrentUpdateError, DocumentError, NotFoundError, ReasonRequiredError
from discharge.events import DocumentRuled
from discharge.handlers.documents import readers_of, take_effect
from discharge.policy import Role, require_role
from discharge.ports import UnitOfWork
from discharge.task import Person

__all__ = ["rule_documents"]


async def rule_documents(command: RuleDocuments, uow: UnitOfWork) -> Ruling:
    """Keep what the ward says of documents in question; plan, medicine and readers follow.

    Raises:
        NotAllowedError: the caller is no ward.
        NotFoundError: no such stay at the caller's ward, or no such document or ruling in it.
        ConcurrentUpdateError: a document came, or a colleague ruled, since the caller read them.
        DocumentError: nothing is in question there, that is said already, or the one cannot be a newer version of
            the other.
        ReasonRequiredError: a document is said to be nobody's here, without a word why.
    """
    caller = command.caller
    require_role(caller, "rule-documents", Role.WARD, Role.DOCTOR)
    stay = await uow.stays.get(command.stay_id)
    if stay.ward not in caller.scope(uow.directory) or not stay.is_read_by(stay.ward, uow.now):
        raise NotFoundError(kind="Stay")
    filed, rulings = await uow.documents.of_stay(stay), await uow.documents.rulings(stay)
    actual = len(filed) + len(rulings)
    if command.expected_version != actual:
        raise ConcurrentUpdateError(kind="Documents", expected=command.expected_version, actual=actual)
    wrong = _taken_back(command, rulings)
    if wrong is None:
        _require_in_question(command, filed, rulings)
    by = Person(caller.person_id, caller.name)
    ruling = Ruling(
        position=len(rulings),
        kind=command.kind,
        document_id=command.document_id if wrong is None else wrong.document_id,
        other_id=command.other_id if wrong is None else wrong.other_id,
        takes_back=None if wrong is None else wrong.position,
        reason=(command.reason or "").strip() or None,
        at=uow.now,
        by=by,
    )
    after = [*rulings, ruling]
    await uow.documents.rule(stay, ruling)
    stay = await take_effect(uow, stay, in_force(filed, rulings), filed, after, by)
    uow.record(
        DocumentRuled(
            at=uow.now,
            stay_id=stay.id,
            by=by,
            document_id=ruling.document_id,
            kind=ruling.kind,
            is_question=is_question(filed, after),
            places=readers_of(stay, uow),
        )
    )
    await uow.stays.save(stay)
    await uow.commit()
    return ruling


def _taken_back(command: RuleDocuments, rulings: Sequence[Ruling]) -> Ruling | None:
    """The ruling on that document that was wrong; None: this is a new one."""
    if command.kind is not RulingKind.TAKEN_BACK:
        return None
    for each in holding(rulings):
        if each.position == command.takes_back and command.document_id in {each.document_id, each.other_id}:
            return each
    raise NotFoundError(kind="Ruling")


def _require_in_question(command: RuleDocuments, filed: Sequence[FiledReport], rulings: Sequence[Ruling]) -> None:
    """Let people say only what nothing says: what a document says of itself is not theirs to change."""
    by_id = {each.id: each.report for each in filed}
    named = [each for each in (command.document_id, command.other_id) if each is not None]
    if not by_id.keys() >= set(named):
        raise NotFoundError(kind="Document")
    is_alone = command.kind is RulingKind.NOT_OURS
    if is_alone is (command.other_id is not None):
        raise DocumentError(element="other", problem="Two documents replace one another or both count; one is not ours")
    if is_alone:
        # It may be of another citizen without a rival, and whatever else became of it.
        if standings(filed, rulings)[command.document_id] is Standing.NOT_OURS:
            raise DocumentError(element="document", problem="That is said of it already")
        if not (command.reason or "").strip():
            raise ReasonRequiredError(action="rule-not-ours")
        return
    pairs = [{one.id, other.id} for one, other in questions(filed, rulings)]
    if not any(pair >= set(named) for pair in pairs) or len(set(named)) < len(named):
        raise DocumentError(element="document", problem="Nothing is in question there")
    if command.kind is RulingKind.REPLACES and not may_replace(*(by_id[each] for each in named)):
        problem = "A patient summary is no version of a report, and a preliminary report replaces no final one"
        raise DocumentError(element="document", problem=problem)
