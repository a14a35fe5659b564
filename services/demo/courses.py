"""The stays that a fresh demo shows: who came when, what the ward planned, who took on what.

Data, as far as it goes: every instant is relative to the demo's now, and ``services.demo.story`` plays it
through the handlers that serve real messages and clicks. Every person is invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from discharge.clock import COPENHAGEN, local
from discharge.identifiers import SorCode
from discharge.plan import Certainty, Need, PlanRevision
from discharge.policy import Role
from discharge.stay import NoticeKind
from discharge.task import Move

__all__ = ["ACUTE", "WARD", "Act", "Course", "courses"]

WARD: Final = SorCode("999000000001001")
ACUTE: Final = SorCode("999000000001002")
_PHONE: Final = "70 00 00 42"
_HALF_HOUR: Final = timedelta(minutes=30)
_SATURDAY: Final = 6


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody at the task's owner does something to it; without a move, a device there gets it."""

    at: datetime
    code: str
    move: Move | None = None
    role: Role | None = None
    """None: whoever does the daily work at the owner."""
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One stay from its beginning until the demo's now."""

    family: str
    """Finds the citizen in ``data/patients.json``."""
    bed: str | None
    begins: tuple[tuple[datetime, NoticeKind, SorCode], ...]
    by_hand: bool = False
    plans: tuple[tuple[datetime, PlanRevision], ...] = ()
    acts: tuple[Act, ...] = ()
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Times:
    """Instants as people say them, seen from the demo's now."""

    now: datetime

    def ago(self, minutes: float) -> datetime:
        return self.now - timedelta(minutes=minutes)

    def days_ago(self, days: int, clock: str) -> datetime:
        return self._on(local(self.now).date() - timedelta(days=days), clock)

    def soon(self, minutes: float) -> datetime:
        """The next half hour after so many minutes."""
        seconds = (self.now + timedelta(minutes=minutes)).timestamp()
        step = _HALF_HOUR.total_seconds()
        return datetime.fromtimestamp(-(-seconds // step) * step, tz=self.now.tzinfo)

    def weekend(self, number: int, clock: str) -> datetime:
        """The first or second day of the weekend that comes."""
        return self._on(self._coming(weekend=True)[number], clock)

    def weekday(self, number: int, clock: str) -> datetime:
        """A working day after the next two days."""
        return self._on(self._coming(weekend=False)[number + 2], clock)

    def _coming(self, *, weekend: bool) -> list[date]:
        days = (local(self.now).date() + timedelta(days=number) for number in range(1, 15))
        return [day for day in days if (day.isoweekday() >= _SATURDAY) is weekend]

    def _on(self, day: date, clock: str) -> datetime:
        return datetime.combine(day, time.fromisoformat(clock), tzinfo=COPENHAGEN).astimezone(self.now.tzinfo)


def courses(now: datetime) -> tuple[Course, ...]:
    """The stays as they are at ``now``: home today, at the weekend, later, overdue, and gone."""
    times = _Times(now)
    return (*_home_today(times), *_weekend(times), *_later(times), *_new(times), *_gone(times))


def _report(at: datetime) -> tuple[Act, ...]:
    """The municipality's record system sends its report by itself."""
    code = "send-admission-report"
    return (Act(at, code, Move.ACCEPT, Role.SYSTEM), Act(at, code, Move.COMPLETE, Role.SYSTEM))


def _taken(code: str, at: datetime) -> tuple[Act, ...]:
    """A device got it, somebody looked, and took it on."""
    return (
        Act(at, code),
        Act(at + timedelta(minutes=1), code, Move.SEE),
        Act(at + timedelta(minutes=3), code, Move.ACCEPT),
    )


def _done(code: str, at: datetime, minutes: float = 12) -> tuple[Act, ...]:
    """Taken on as soon as it was seen, and carried out."""
    return (Act(at, code, Move.ACCEPT), Act(at + timedelta(minutes=minutes), code, Move.COMPLETE))


def _paused(at: datetime) -> tuple[Act, ...]:
    """A stay that the municipality answered at once."""
    return (*_report(at + timedelta(minutes=1)), *_done("pause-services", at + timedelta(minutes=2)))


def _admitted(at: datetime, ward: SorCode = WARD) -> tuple[tuple[datetime, NoticeKind, SorCode], ...]:
    return ((at, NoticeKind.STIN, ward),)


def _home_today(times: _Times) -> tuple[Course, ...]:
    bent, agnete = times.days_ago(4, "10:20"), times.days_ago(4, "14:05")
    viggo_acute, viggo = times.days_ago(1, "16:40"), times.days_ago(1, "19:30")
    bent_home, agnete_home, viggo_home = times.soon(80), times.soon(190), times.soon(260)
    return (
        Course(
            family="Eksempelsen",
            bed="07",
            begins=_admitted(bent),
            plans=(
                (
                    times.days_ago(2, "09:40"),
                    PlanRevision(
                        expected_discharge_at=bent_home,
                        certainty=Certainty.LIKELY,
                        needs=frozenset({Need.HOME_NURSING}),
                        functional_level="walking-aid",
                        contact_phone=_PHONE,
                    ),
                ),
                (
                    times.ago(40),
                    PlanRevision(
                        certainty=Certainty.CERTAIN,
                        treatment_finished_at=times.ago(45),
                        first_visit_at=bent_home + timedelta(hours=4),
                        medicine_until=local(bent_home).date() + timedelta(days=1),
                        agreed_by_phone="Visitator Karen, Birkelund, kl. 11",
                        first_24_hours="Kompression på begge ben, på om morgenen og af om aftenen.",
                    ),
                ),
            ),
            acts=_paused(bent),
        ),
        Course(
            family="Prøvesen",
            bed="12",
            begins=_admitted(agnete),
            plans=(
                (
                    times.days_ago(2, "10:15"),
                    PlanRevision(
                        expected_discharge_at=times.weekday(0, "10:00"),
                        certainty=Certainty.UNSURE,
                        needs=frozenset({Need.HOME_NURSING, Need.MEALS}),
                        functional_level="one-person",
                        frail=True,
                    ),
                ),
                (
                    times.ago(25),
                    PlanRevision(
                        expected_discharge_at=agnete_home,
                        certainty=Certainty.CERTAIN,
                        needs=frozenset(
                            {Need.HOME_NURSING, Need.PERSONAL_CARE, Need.MEALS, Need.DOSE_DISPENSING, Need.AIDS}
                        ),
                        first_visit_at=agnete_home + timedelta(hours=3),
                        contact_phone=_PHONE,
                        first_24_hours=(
                            "Sidste vanddrivende gives kl. 14. Vejes hver morgen, ring ved mere end 2 kg op på 3 dage. "
                            "Datteren møder hjemme og har nøgle."
                        ),
                    ),
                ),
            ),
            acts=_paused(agnete),
        ),
        Course(
            family="Skabelon",
            bed="15",
            begins=((viggo_acute, NoticeKind.STAA, ACUTE), (viggo, NoticeKind.STIN, WARD)),
            plans=(
                (
                    times.ago(100),
                    PlanRevision(
                        expected_discharge_at=viggo_home,
                        certainty=Certainty.LIKELY,
                        needs=frozenset({Need.HOME_NURSING, Need.FOLLOW_UP_VISIT}),
                        functional_level="independent",
                    ),
                ),
            ),
            acts=(
                *_report(viggo_acute + timedelta(minutes=1)),
                *_taken("pause-services", viggo_acute + timedelta(minutes=9)),
                Act(viggo_acute + timedelta(minutes=14), "pause-services", Move.START),
            ),
        ),
    )


def _weekend(times: _Times) -> tuple[Course, ...]:
    inger, poul = times.days_ago(3, "11:10"), times.days_ago(2, "13:25")
    return (
        Course(
            family="Fiktivsen",
            bed="09",
            begins=_admitted(inger),
            plans=(
                (
                    times.ago(150),
                    PlanRevision(
                        expected_discharge_at=times.weekend(0, "11:00"),
                        certainty=Certainty.LIKELY,
                        needs=frozenset({Need.HOME_NURSING, Need.AIDS}),
                        contact_phone=_PHONE,
                        functional_level="walking-aid",
                    ),
                ),
            ),
            acts=_paused(inger),
        ),
        Course(
            family="Opdigt",
            bed="04",
            begins=_admitted(poul),
            plans=(
                (
                    times.days_ago(1, "10:05"),
                    PlanRevision(
                        expected_discharge_at=times.weekend(1, "10:00"),
                        certainty=Certainty.UNSURE,
                        needs=frozenset({Need.AIDS, Need.PRACTICAL_HELP, Need.MEALS}),
                        agreed_by_phone="Lindehøj, vagthavende, aftalt i går",
                    ),
                ),
            ),
            acts=_paused(poul),
        ),
    )


def _later(times: _Times) -> tuple[Course, ...]:
    karen = times.days_ago(5, "09:15")
    return (
        Course(
            family="Mønsterby",
            bed="01",
            begins=_admitted(karen),
            by_hand=True,
            plans=(
                (
                    times.days_ago(1, "13:30"),
                    PlanRevision(
                        expected_discharge_at=times.weekday(0, "13:00"),
                        certainty=Certainty.UNSURE,
                        needs=frozenset({Need.MEALS, Need.DOSE_DISPENSING, Need.PERSONAL_CARE}),
                        contact_phone=_PHONE,
                        functional_level="two-persons",
                    ),
                ),
            ),
            acts=(
                *_report(karen + timedelta(minutes=1)),
                *_done("pause-services", karen + timedelta(minutes=6), minutes=40),
            ),
        ),
        # No service at home: the municipality hears nothing, the stay is the hospital's own.
        Course(
            family="Testrup",
            bed="11",
            begins=_admitted(times.days_ago(1, "08:50")),
            plans=(
                (
                    times.days_ago(1, "15:10"),
                    PlanRevision(
                        expected_discharge_at=times.weekday(1, "11:00"), certainty=Certainty.UNSURE, needs=frozenset()
                    ),
                ),
            ),
        ),
    )


def _new(times: _Times) -> tuple[Course, ...]:
    ruth, ove = times.ago(150), times.ago(9)
    return (
        # Nobody has answered for two hours: late, and told to whoever is on duty.
        Course(
            family="Demodal",
            bed="06",
            begins=_admitted(ruth),
            acts=(
                *_report(ruth + timedelta(minutes=1)),
                Act(ruth + timedelta(minutes=2), "pause-services"),
            ),
        ),
        Course(
            family="Prøvegaard",
            bed=None,
            begins=((ove, NoticeKind.STAA, ACUTE),),
            acts=(Act(ove + timedelta(minutes=1), "pause-services"),),
        ),
    )


def _gone(times: _Times) -> tuple[Course, ...]:
    gerda, svend, ellen = times.days_ago(6, "12:30"), times.days_ago(3, "17:45"), times.days_ago(4, "08:20")
    gerda_left, svend_left, ellen_left = times.ago(95), times.ago(75), times.days_ago(1, "14:00")
    syd = timedelta(minutes=4)
    return (
        Course(
            family="Modelgaard",
            bed="03",
            begins=_admitted(gerda),
            plans=(_last_plan(times.days_ago(1, "11:20"), gerda_left, contact_phone=_PHONE),),
            left_at=gerda_left,
            acts=(
                *_paused(gerda),
                *_taken("resume-services", times.ago(93)),
                *_done("send-discharge-report", times.ago(91), minutes=26),
                Act(times.ago(80), "send-discharge-letter", Move.ACCEPT),
                Act(times.ago(70), "read-discharge-letter"),
                Act(times.ago(55), "reconcile-medication", Move.SEE),
            ),
        ),
        # Sent to the wrong district, so it is with the municipality as a whole; and the ward's report is late.
        Course(
            family="Attrap",
            bed="14",
            begins=_admitted(svend),
            plans=(_last_plan(times.days_ago(1, "12:40"), svend_left),),
            left_at=svend_left,
            acts=(
                *_paused(svend),
                Act(svend_left + syd, "resume-services"),
                Act(svend_left + syd + timedelta(minutes=5), "resume-services", Move.SEE),
                Act(
                    svend_left + syd + timedelta(minutes=7),
                    "resume-services",
                    Move.REJECT,
                    reason="Borgeren er flyttet til distrikt Nord",
                ),
                Act(svend_left + syd + timedelta(minutes=8), "send-discharge-letter", Move.SEE),
            ),
        ),
        Course(
            family="Øvelund",
            bed="02",
            begins=_admitted(ellen),
            by_hand=True,
            plans=(_last_plan(times.days_ago(2, "13:00"), ellen_left, contact_phone=_PHONE),),
            left_at=ellen_left,
            acts=(
                *_paused(ellen),
                *_taken("resume-services", ellen_left + timedelta(minutes=4)),
                Act(ellen_left + timedelta(minutes=320), "resume-services", Move.COMPLETE),
                *_done("send-discharge-report", ellen_left + timedelta(minutes=2), minutes=25),
                *_done("send-discharge-letter", ellen_left + timedelta(minutes=30), minutes=60),
                *_taken("read-discharge-letter", times.ago(130)),
                *_taken("reconcile-medication", times.ago(120)),
                Act(times.ago(110), "reconcile-medication", Move.START),
            ),
        ),
    )


def _last_plan(at: datetime, left_at: datetime, *, contact_phone: str | None = None) -> tuple[datetime, PlanRevision]:
    """What the ward sent before the patient left."""
    return (
        at,
        PlanRevision(
            expected_discharge_at=left_at,
            certainty=Certainty.CERTAIN,
            needs=frozenset({Need.HOME_NURSING, Need.PERSONAL_CARE, Need.MEALS}),
            first_visit_at=left_at + timedelta(hours=5),
            medicine_until=local(left_at).date() + timedelta(days=2),
            agreed_by_phone="Vagthavende i kommunen, aftalt dagen før",
            contact_phone=contact_phone,
            functional_level="one-person",
        ),
    )
