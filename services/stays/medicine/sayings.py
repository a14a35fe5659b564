"""What people have said of a line: decisions, questions and answers, what a nurse saw, remarks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from discharge.medication.record import Answer, Comment, Decision, LineId, MedicationReconciliation, Opened, Verdict
from discharge.task import Person
from services.web.cards import Reader, role_words
from services.web.dates import moment
from services.web.presentation import short_name

__all__ = ["LineTalk", "Said", "by_words", "talk_on"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something that somebody said of a line, with who and when."""

    words: str
    by: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTalk:
    """All that was said of one line."""

    decided: Said | None
    answer: Said | None
    opened: Said | None
    comments: tuple[Said, ...]
    earlier: tuple[Said, ...]
    """Before what holds now, oldest first."""


def talk_on(record: MedicationReconciliation, line_id: LineId, reader: Reader) -> LineTalk:
    """What was said of the line, for one reader."""
    decision = record.decision_on(line_id)
    answer = None if decision is None else record.answer_to(decision)
    is_words = record.lines[line_id].instruction_line.is_words
    return LineTalk(
        decided=None if decision is None else _decided(decision, reader, is_words=is_words),
        answer=None if answer is None else _answered(answer, reader),
        opened=_opened(record, line_id, decision, reader),
        comments=tuple(_comment(each, reader) for each in record.comments_on(line_id)),
        earlier=tuple(_earlier(record, line_id, decision, reader)),
    )


def _answered(answer: Answer, reader: Reader) -> Said:
    return Said(words=reader.lang.text("Svar"), by=by_words(answer.by, answer.at, reader), text=answer.text)


def by_words(person: Person, at: datetime, reader: Reader) -> str:
    """Who and when."""
    return f"{short_name(person.name)}, {moment(at, reader.now, reader.lang)}"


def _decided(decision: Decision, reader: Reader, *, is_words: bool) -> Said:
    t = reader.lang.text
    said = {
        Verdict.AGREE: t("Læst") if is_words else t("Enig"),
        Verdict.CHANGE: t("Ændr"),
        Verdict.ASK: t("Spurgt afdelingen"),
    }
    return Said(words=said[decision.verdict], by=by_words(decision.by, decision.at, reader), text=decision.reason or "")


def _opened(
    record: MedicationReconciliation, line_id: LineId, decision: Decision | None, reader: Reader
) -> Said | None:
    """Why the line is open again, as long as nobody has decided it since."""
    found = [each for each in record.openings if each.line_id == line_id]
    if not found or decision is not None:
        return None
    return _said_opening(found[-1], reader)


def _comment(comment: Comment, reader: Reader) -> Said:
    """A remark under what its writer was."""
    role = role_words(reader.lang)[comment.role]
    return Said(words=role, by=by_words(comment.by, comment.at, reader), text=comment.text)


def _said_opening(opening: Opened, reader: Reader) -> Said:
    return Said(words=reader.lang.text("Passer ikke"), by=by_words(opening.by, opening.at, reader), text=opening.note)


def _earlier(
    record: MedicationReconciliation, line_id: LineId, decision: Decision | None, reader: Reader
) -> Iterator[Said]:
    """Everything that was said of the line before what holds now, oldest first."""
    is_words = record.lines[line_id].instruction_line.is_words
    current = None if decision is None else record.answer_to(decision)
    told = [
        *(
            (each.at, _decided(each, reader, is_words=is_words))
            for each in record.decisions
            if _is_past(each, line_id, decision)
        ),
        *((each.at, _answered(each, reader)) for each in record.answers if _is_past(each, line_id, current)),
        *(
            (each.at, _said_opening(each, reader))
            for each in record.openings
            if each.line_id == line_id and decision is not None
        ),
    ]
    return (said for _, said in sorted(told, key=lambda each: each[0]))


def _is_past(each: Decision | Answer, line_id: LineId, current: Decision | Answer | None) -> bool:
    return each.line_id == line_id and each is not current
