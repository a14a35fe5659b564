"""How duties went, as counts: per rule, party and weekday, and how long each proof took. No citizen is read.

Leaders read counts, and row-level security has no counts: so this runs as a command does, after
``discharge.policy`` has said yes, over the organisations that the caller is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from discharge.directory import Directory
from discharge.identifiers import SorCode
from discharge.policy import Caller, Role, require_role
from discharge.proofs import Proof
from discharge.replay import Verdict
from discharge.replay_tally import party_of
from services.persistence.unit_of_work import SqlUnitOfWork

__all__ = ["RuleScore", "Score", "ScoreQuery", "Times", "WeekdayScore", "read_score"]

_TIMED: Final = (Proof.DELIVERED, Proof.SEEN, Proof.ACCEPTED, Proof.DONE)
_DUTY: Final = """
    WITH duty AS (
      SELECT t.rule, t.code, t.title_da, t.title_en, o.party, t.cause = 'discharged' AS at_discharge,
             CASE WHEN t.status = 'completed' AND (t.due_at IS NULL OR t.done_at <= t.due_at) THEN 'kept'
                  WHEN t.status IN ('completed', 'failed') THEN 'missed'
                  WHEN t.status = 'cancelled' THEN 'withdrawn'
                  WHEN t.status = 'rejected' THEN 'passed-on'
                  WHEN t.due_at <= %(until)s THEN 'missed'
                  ELSE 'waiting' END AS verdict,
             extract(epoch FROM t.delivered_at - t.sent_at) AS delivered,
             extract(epoch FROM t.seen_at - t.sent_at) AS seen,
             extract(epoch FROM t.accepted_at - t.sent_at) AS accepted,
             extract(epoch FROM t.done_at - t.sent_at) AS done,
             extract(isodow FROM CASE WHEN t.cause = 'discharged' AND s.ended_at IS NOT NULL THEN s.ended_at
                                      ELSE t.created_at END AT TIME ZONE 'Europe/Copenhagen')::int AS weekday
      FROM task t
      JOIN unnest(%(owners)s::text[], %(parties)s::text[]) AS o (owner, party) ON o.owner = t.owner
      JOIN stay s ON s.id = t.stay_id
      WHERE t.rule IS NOT NULL AND t.created_at >= %(since)s AND t.created_at <= %(until)s)
    """
_ENDED: Final = ", ".join(
    f"count(*) FILTER (WHERE verdict = '{verdict}') AS \"{verdict}\"" for verdict in Verdict if verdict != "unknown"
)
_TIMES: Final = ", ".join(
    f"count({proof}) AS {proof}_n, percentile_disc(0.5) WITHIN GROUP (ORDER BY {proof}) AS {proof}_p50,"
    f" percentile_disc(0.95) WITHIN GROUP (ORDER BY {proof}) AS {proof}_p95"
    for proof in _TIMED
)
_COUNTS: Final = (
    # One statement, so that what it counts in different ways adds up.
    f"{_DUTY} SELECT rule, code, party, weekday, coalesce(at_discharge, false) AS at_discharge,"  # noqa: S608 - our own text
    f" max(title_da) AS da, max(title_en) AS en, {_ENDED}, {_TIMES} FROM duty"
    " GROUP BY GROUPING SETS ((rule, code), (rule, code, party), (weekday, at_discharge))"
    " ORDER BY rule NULLS LAST, code, party NULLS FIRST, weekday, at_discharge"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreQuery:
    """Whose duties are counted, and of which days."""

    caller: Caller
    days: int
    everybody: bool = False
    """True at the console of the installation only: all organisations, summed up by municipality and hospital."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long a proof took, and how often there was one."""

    number: int
    half: timedelta | None
    """Half of them took no longer."""
    most: timedelta | None
    """Nor 95 of 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleScore:
    """One rule's duties of one party, or of all of them."""

    rule: str
    code: str
    title_da: str
    title_en: str
    party: SorCode | None
    """None: of all."""
    ended: Mapping[Verdict, int]
    times: Mapping[Proof, Times]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekdayScore:
    """The duties of one weekday; Monday is 1."""

    weekday: int
    at_discharge: bool
    """Made by a discharge, and counted on the day of that; else on the day they were made."""
    ended: Mapping[Verdict, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Counts as they are: ``discharge.disclosure`` says which may be shown."""

    since: datetime
    until: datetime
    directory: Directory
    rules: tuple[RuleScore, ...]
    weekdays: tuple[WeekdayScore, ...]


async def read_score(asked: ScoreQuery, uow: SqlUnitOfWork) -> Score:
    """Count the duties of the caller's organisation and of those below it.

    Raises:
        NotAllowedError: the caller is no leader.
    """
    caller, directory = asked.caller, uow.directory
    if asked.everybody:
        require_role(caller, "read-score", Role.SYSTEM)
        owners = {sor: party_of(directory, sor) for sor in directory.organizations}
    else:
        require_role(caller, "read-score", Role.LEADER)
        owners = {sor: sor for sor in caller.scope(directory)}
    since = uow.now - timedelta(days=asked.days)
    parameters = {"owners": list(owners), "parties": list(owners.values()), "since": since, "until": uow.now}
    rows = await uow.talk.ask(_COUNTS, parameters)
    await uow.commit()
    return Score(
        since=since,
        until=uow.now,
        directory=directory,
        rules=tuple(_rule_score(row) for row in rows if row["rule"] is not None),
        weekdays=tuple(
            WeekdayScore(weekday=row["weekday"], at_discharge=row["at_discharge"], ended=_ended(row))
            for row in rows
            if row["rule"] is None
        ),
    )


def _rule_score(row: Mapping[str, Any]) -> RuleScore:
    return RuleScore(
        rule=row["rule"],
        code=row["code"],
        title_da=row["da"],
        title_en=row["en"],
        party=None if row["party"] is None else SorCode(row["party"]),
        ended=_ended(row),
        times={
            proof: Times(number=row[f"{proof}_n"], half=_span(row[f"{proof}_p50"]), most=_span(row[f"{proof}_p95"]))
            for proof in _TIMED
        },
    )


def _ended(row: Mapping[str, Any]) -> dict[Verdict, int]:
    return {verdict: row[verdict] for verdict in Verdict if verdict is not Verdict.UNKNOWN}


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=max(float(seconds), 0.0))
