"""Those who act in a story: people at their places, the ward among them, and the hospital's own system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from discharge.commands import (
    AnswerLine,
    DecideLines,
    LineDecision,
    OpenLine,
    PairLines,
    SignOffMedication,
    StateMedication,
)
from discharge.documents.report import DischargeReport
from discharge.handlers import (
    answer_line,
    decide_lines,
    file_report,
    move_task,
    open_line,
    pair_lines,
    revise_plan,
    sign_off_medication,
    state_medication,
    write_message,
)
from discharge.identifiers import SorCode
from discharge.letter import Category, LetterKind, LetterPriority
from discharge.medication.lists import Column, ListOrigin
from discharge.medication.record import LineId, MedicationReconciliation, Verdict
from discharge.plan import Need, PlanRevision
from discharge.policy import Caller, Role
from discharge.stay import NoticeKind
from discharge.task import HandoverTask, Move
from services.persistence.medication_reads import medication_of
from tests import factories
from tests.discharge.documents.made import a_report
from tests.discharge.medication.lines import medicine, stated
from tests.factories import PRACTICE, WARD
from tests.letters import write
from tests.scenarios.story import Clock, Story

__all__ = ["Given", "Hospital", "Person", "Ward"]


@dataclass
class Person:
    """Somebody at work, who does something about a duty or writes."""

    story: Story
    caller: Caller

    async def takes_on(self, code: str) -> None:
        """Theirs from now on."""
        await self.moves(code, Move.ACCEPT)

    async def completes(self, code: str) -> None:
        """Taken on if it was not, and done."""
        task = await self.task(code)
        if task.is_unanswered:
            await self.moves(code, Move.ACCEPT)
        await self.moves(code, Move.COMPLETE)

    async def completes_early(self, code: str, why: str) -> None:
        """Done although something else comes first, and why."""
        await self.moves(code, Move.COMPLETE, reason=why)

    async def rejects(self, code: str, reason: str) -> None:
        """Not theirs, and why."""
        await self.moves(code, Move.REJECT, reason=reason)

    async def writes(self, to: SorCode, *, about: str = "discharge", urgent: bool = False) -> None:
        """A care message that begins a thread."""
        category = Category.REGARDING_REFERRAL if urgent else Category(about)
        made = write(
            caller=self.caller,
            stay_id=self.story.stay_id,
            recipient=to,
            category=category,
            priority=LetterPriority.ASAP if urgent else None,
        )
        self.story.thread = (await self.story.store.run(write_message, made)).id

    async def answers(self) -> None:
        """A reply in the latest thread."""
        made = write(
            caller=self.caller,
            kind=LetterKind.REPLY,
            conversation_id=self.story.thread,
            recipient=None,
            category=None,
            text="Ja, det kan vi.",
        )
        await self.story.store.run(write_message, made)

    async def task(self, code: str) -> HandoverTask:
        """The latest duty with ``code``, as they read it."""
        found = await self.story.found(self.caller, code)
        assert found, f"{self.caller.name} sees no {code}"
        return found[-1]

    async def decides_medicine(self) -> None:
        """Agrees to every line."""
        await self._decides([LineDecision(line_id=line, verdict=Verdict.AGREE) for line in await self._lines()])

    async def asks_about_medicine(self, *names: str) -> None:
        """Puts a question to the ward on these lines, and says nothing of the others."""
        asked = [line for line, name in (await self._lines()).items() if name in names]
        await self._decides([LineDecision(line_id=line, verdict=Verdict.ASK, reason="Hvorfor?") for line in asked])

    async def agrees_to_medicine(self, *names: str) -> None:
        """Agrees to these lines, and says nothing of the others."""
        asked = [line for line, name in (await self._lines()).items() if name in names]
        await self._decides([LineDecision(line_id=line, verdict=Verdict.AGREE) for line in asked])

    async def finds_taken(self, *names: str) -> None:
        """What is taken now, in the place of what they found before; a nurse of the district sees it at home."""
        place = self.caller.acting
        earlier = [each for each in (await self._medicine()).lists if each.source == place]
        origin = ListOrigin.HOME if self.caller.role is Role.HOME_NURSE else ListOrigin.HAND
        await self._states(
            Column.NOW, *names, source=place, origin=origin, replaces=earlier[-1].id if earlier else None
        )

    async def opens_medicine(self, name: str) -> None:
        """Says that the line does not hold."""
        (line,) = [line for line, known in (await self._lines()).items() if known == name]
        command = OpenLine(caller=self.caller, stay_id=self.story.stay_id, line_id=line, note="Tages ikke.")
        await self.story.store.run(open_line, command)

    async def pairs_medicine(self, name: str, *, same: bool) -> None:
        """Says of what bears that name that it is one medicine, or that it is several."""
        marks = frozenset(
            each.mark
            for line in (await self._medicine()).table.lines
            for each in line.joined.all_lines
            if each.name == name
        )
        command = PairLines(caller=self.caller, stay_id=self.story.stay_id, pair=marks, same=same)
        await self.story.store.run(pair_lines, command)

    async def _states(self, column: Column, *names: str, **changes: object) -> None:
        """A tablet of 50 mg a day of each, and nothing else."""
        lines = (medicine(name, None) for name in names)
        made = stated(column, *lines, id=factories.new_id(), received_at=self.story.now, **changes)
        command = StateMedication(caller=self.caller, stay_id=self.story.stay_id, stated=made)
        await self.story.store.run(state_medication, command)

    async def _decides(self, decisions: list[LineDecision]) -> None:
        task = await self.task("reconcile-medication")
        command = DecideLines(caller=self.caller, task_id=task.id, decisions=tuple(decisions))
        await self.story.store.run(decide_lines, command)

    async def _lines(self) -> dict[LineId, str | None]:
        """The names of the stay's medicine, as the reader has them."""
        lines = (await self._medicine()).lines
        return {each: line.joined.all_lines[0].name for each, line in lines.items()}

    async def _medicine(self) -> MedicationReconciliation:
        async with self.story.store.reading(self.caller) as session:
            return await medication_of(session, self.story.stay_id)

    async def moves(self, code: str, what: Move, **changes: object) -> None:
        """Any other press on the latest duty with ``code``."""
        task = await self.task(code)
        await self.story.store.run(move_task, factories.move(self.caller, task, what, **changes))


@dataclass
class Ward(Person):
    """The ward, which plans and sends home."""

    async def expects(self, when: str | None, *, needs: str | None = None, **other: object) -> None:
        """What the ward expects: when the patient leaves, and what is needed then; ``""`` is nothing at all."""
        said: dict[str, object] = dict(other)
        if when is not None:
            said["expected_discharge_at"] = self.story.at(when)
        if needs is not None:
            said["needs"] = frozenset(Need(need) for need in needs.split())
        await self.says(**said)

    async def says(self, **revision: object) -> None:
        """Fields of the plan, as they stand in it."""
        await self._revises(revision=PlanRevision(**revision))  # type: ignore[arg-type] # the test says which

    async def finds_treatment_finished(self) -> None:
        """Ready to leave, from now on."""
        await self.says(treatment_finished_at=self.story.now)

    async def goes_on_treating(self) -> None:
        """Not finished after all."""
        await self.says(treatment_finished_at=None)

    async def agrees_by_phone_with(self, who: str) -> None:
        """Somebody at the other end said yes."""
        await self.says(agreed_by_phone=who)

    async def discharges(self, when: str | None = None, *, in_spite: str | None = None) -> None:
        """The patient leaves; ``in_spite`` is the reason for leaving although something is missing."""
        at = self.story.now if when is None else self.story.at(when)
        revision = PlanRevision() if in_spite is None else PlanRevision(override_reason=in_spite)
        await self._revises(discharged_at=at, revision=revision)

    async def takes_the_discharge_back(self) -> None:
        """It was a mistake."""
        await self._revises(undo_discharged=True)

    async def lists_medicine(self, *names: str, when: str = "at-discharge") -> None:
        """A tablet of 50 mg a day of each, and nothing else."""
        await self._states(Column(when), *names, source=WARD)

    async def answers_about_medicine(self, *names: str) -> None:
        """The answer to the question on each of these lines."""
        for line, name in (await self._lines()).items():
            if name in names:
                command = AnswerLine(caller=self.caller, stay_id=self.story.stay_id, line_id=line, text="Fordi.")
                await self.story.store.run(answer_line, command)

    async def files_report(self, **changes: object) -> DischargeReport:
        """A final physician's summary comes in, unless said otherwise."""
        command = a_report(self.caller, self.story.stay_id, **changes)
        await self.story.store.run(file_report, command)
        return command.report

    async def signs_medicine(self) -> None:
        """The doctor stands by the list."""
        await self.story.store.run(
            sign_off_medication, SignOffMedication(caller=self.caller, stay_id=self.story.stay_id)
        )

    async def _revises(self, **changes: object) -> None:
        command = factories.revise(self.story.stay_id, caller=self.caller, **changes)
        await self.story.store.run(revise_plan, command)


@dataclass
class Hospital:
    """The hospital's record system, which sends notices about the citizen."""

    story: Story

    async def tells(
        self, kind: str, *, ward: SorCode = WARD, asks_report: bool = False, about: str | None = None, **changes: object
    ) -> None:
        """One notice, of now; ``about`` names the kind of the earlier one that it corrects or cancels."""
        story, told = self.story, NoticeKind(kind)
        if told.begins:
            story.began = story.now
        earlier = story.notices.get(about or (told.base.value if told.base is not told else ""))
        notice = factories.notice(
            told,
            cpr=story.patient.cpr,
            episodes=(story.episode,),
            service_provider=ward,
            occurred_at=story.now,
            report_requested=asks_report,
            about=earlier,
            history=() if earlier is None else (earlier,),
            **{"started_at": story.began, **_times(told.base, story.now), **changes},
        )
        envelope = factories.envelope(sender=ward)
        story.notices[kind] = envelope.message_id
        house = factories.record_system(factories.directory().root(ward))
        await story.store.receive(factories.receive(notice, sent=envelope, client=house))


def _times(told: NoticeKind, now: datetime) -> dict[str, object]:
    """The element in which a notice of this kind says when it was; the factory's own example is of another day."""
    match told:
        case NoticeKind.STOR:
            return {"leave_started_at": now}
        case NoticeKind.SLOR:
            return {"leave_ended_at": now}
        case NoticeKind.SLHJ:
            return {"ended_at": now}
        case NoticeKind.MORS:
            return {"ended_at": now, "deceased": True}
        case _:
            return {}


@dataclass
class Given:
    """How a story begins."""

    story: Story
    clock: Clock
    hospital: Hospital

    async def admitted(
        self,
        when: str,
        *,
        services: str = "home-nursing",
        acute: bool = False,
        asks_report: bool = True,
        gp: SorCode | None = PRACTICE,
    ) -> None:
        """The citizen comes to the ward then, and the hospital tells the municipality at once."""
        await self.story.citizen(services=services, gp=gp)
        self.story.now = self.story.at(when)
        await self.clock.reach(self.story.now)
        await self.hospital.tells("STAA" if acute else "STIN", asks_report=asks_report)
