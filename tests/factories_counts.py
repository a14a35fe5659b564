"""Example counts: a score, and a trial of a draft."""

from __future__ import annotations

from datetime import timedelta

from discharge.identifiers import RuleId, SorCode
from discharge.proofs import Proof
from discharge.replay import Duty, Verdict
from discharge.replay_tally import Side, Tally
from discharge.words import Title
from services.agreements.trial import Trial
from services.persistence.score import RuleScore, Score, Times, WeekdayScore
from tests import factories
from tests.factories import MUNICIPALITY, NORTH, NOW, SOUTH, WARD

__all__ = ["counted", "rule_score", "score", "trial"]


def counted(kept: int = 0, missed: int = 0, withdrawn: int = 0, waiting: int = 0) -> dict[Verdict, int]:
    """How duties ended."""
    return {
        Verdict.KEPT: kept,
        Verdict.MISSED: missed,
        Verdict.WITHDRAWN: withdrawn,
        Verdict.WAITING: waiting,
        Verdict.PASSED_ON: 0,
    }


def rule_score(ended: dict[Verdict, int], *, party: SorCode | None = None, rule: str = "R17") -> RuleScore:
    """One row."""
    span = Times(number=sum(ended.values()), half=timedelta(minutes=20), most=timedelta(hours=26))
    return RuleScore(
        rule=rule,
        code="resume-services",
        title_da="Start ydelserne igen",
        title_en="Resume services",
        party=party,
        ended=ended,
        times={proof: span for proof in Proof if proof is not Proof.SENT},
    )


def score(*, empty: bool = False) -> Score:
    """Two rules of two units, and a bad Friday."""
    rules = (
        rule_score(counted(60, 20, 5, 9)),
        rule_score(counted(40, 8, 5, 6), party=NORTH),
        rule_score(counted(20, 12, 0, 3), party=SOUTH),
        rule_score(counted(5, 7), rule="R18"),
        rule_score(counted(3, 1), rule="R25"),
    )
    days = tuple(
        WeekdayScore(weekday=day, at_discharge=True, ended=counted(*ended))
        for day, ended in enumerate(((20, 12), (12, 0), (18, 0), (10, 5), (8, 11, 5, 9)), 1)
    )
    return Score(
        since=NOW - timedelta(days=90),
        until=NOW,
        directory=factories.directory(),
        rules=() if empty else rules,
        weekdays=() if empty else days,
    )


def trial() -> Trial:
    """A draft that misses more and asks for something new."""
    directory, tally = factories.directory(), Tally(stays=40, happenings=300, unreadable=2)
    for side, kept, new in ((Side.HAPPENED, 30, 0), (Side.IN_FORCE, 30, 0), (Side.DRAFT, 18, 40)):
        for number in range(40):
            verdict = Verdict.KEPT if number < kept else Verdict.MISSED
            tally.count(side, [_duty("R17", verdict, NORTH, number)], directory)
        tally.count(side, [_duty("R04", Verdict.KEPT, WARD, number) for number in range(6)], directory)
        tally.count(side, [_duty("R02", Verdict.UNKNOWN, WARD, number) for number in range(new)], directory)
    tally.count(Side.DRAFT, [_duty("R03", Verdict.KEPT, MUNICIPALITY, 1)], directory)
    return Trial(
        draft="draft 2.0",
        in_force=("dk 1.0",),
        titles={("R17", "resume-services"): Title("Start ydelserne igen", "Resume services")},
        since=NOW - timedelta(days=30),
        until=NOW,
        directory=directory,
        tally=tally,
        left_out=7,
    )


def _duty(rule: str, verdict: Verdict, owner: SorCode, number: int) -> Duty:
    made_at = NOW - timedelta(days=number % 4)
    return Duty(
        rule=RuleId(rule),
        code="resume-services",
        owner=owner,
        made_at=made_at,
        due_at=made_at + timedelta(hours=2),
        verdict=verdict,
    )
