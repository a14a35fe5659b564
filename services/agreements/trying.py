"""A trial as a page shows it: counts of few are hidden, so that no draft can ask about a single citizen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from discharge.clock import local
from discharge.disclosure import Count, suppress
from discharge.identifiers import SorCode
from discharge.replay import Verdict
from discharge.replay_tally import RowKey, Side
from discharge.words import Title
from services.agreements.trial import Trial
from services.web.language import Language

__all__ = ["DayLoad", "Ended", "PartyLoad", "RuleTrial", "TrialView", "trial_view"]

_SHOWN: Final = (Verdict.KEPT, Verdict.MISSED, Verdict.WITHDRAWN, Verdict.UNKNOWN)
_MOST_PARTIES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a rule's duties ended on one side; None where a count is hidden."""

    made: int | None
    kept: int | None
    missed: int | None
    withdrawn: int | None
    unknown: int | None
    rest: int | None
    """Not due yet, or passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTrial:
    """One rule on all three sides."""

    rule: str
    code: str
    happened: Ended
    in_force: Ended
    draft: Ended

    titles: Title | None
    """None: neither agreement has the rule any more."""

    def title(self, lang: Language) -> str:
        """What people call it."""
        if self.titles is None:
            return self.code
        return self.titles.da if lang.is_danish else self.titles.en

    @property
    def more(self) -> int | None:
        """What the draft makes more of than the agreement in force."""
        if self.draft.made is None or self.in_force.made is None:
            return None
        return self.draft.made - self.in_force.made


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLoad:
    """A day's tasks."""

    day: date
    in_force: int
    draft: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyLoad:
    """A party's tasks, and its days."""

    name: str
    happened: int | None
    in_force: int | None
    draft: int | None
    a_day: str
    """Of the draft, on average."""
    days: tuple[DayLoad, ...]
    """A week each where there are many: days of few are not drawn."""

    @property
    def most(self) -> int:
        """The highest of all days."""
        return max((max(each.in_force, each.draft) for each in self.days), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    """Everything that may be shown."""

    trial: Trial
    rules: tuple[RuleTrial, ...]
    parties: tuple[PartyLoad, ...]
    more_parties: int

    @property
    def since(self) -> date:
        """The first day."""
        return local(self.trial.since).date()

    @property
    def until(self) -> date:
        """The last day."""
        return local(self.trial.until).date()

    @property
    def same(self) -> bool:
        """The draft makes nothing else than the agreement in force."""
        return all(each.draft == each.in_force for each in self.rules)


def trial_view(trial: Trial) -> TrialView:
    """What may be shown of ``trial``."""
    rules: dict[tuple[str, str], list[RowKey]] = {}
    for key in trial.tally.rows():
        rules.setdefault((key[0] or "", key[1]), []).append(key)
    parties = trial.tally.parties()
    counts = {side: _Counts.of(trial, side, rules, parties) for side in Side}
    sides = {side: {name: _ended(each) for name, each in counts[side].rules.items()} for side in Side}
    return TrialView(
        trial=trial,
        rules=tuple(
            RuleTrial(
                rule=rule,
                code=code,
                titles=trial.titles.get((rule, code)),
                happened=sides[Side.HAPPENED][rule, code],
                in_force=sides[Side.IN_FORCE][rule, code],
                draft=sides[Side.DRAFT][rule, code],
            )
            for rule, code in rules
        ),
        parties=_loads(trial, parties[:_MOST_PARTIES], counts),
        more_parties=max(len(parties) - _MOST_PARTIES, 0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    """One side: the same duties by rule and by party, so that neither gives away what the other hides."""

    rules: dict[tuple[str, str], Count]
    parties: dict[SorCode, Count]

    @classmethod
    def of(
        cls, trial: Trial, side: Side, rules: dict[tuple[str, str], list[RowKey]], parties: tuple[SorCode, ...]
    ) -> _Counts:
        by_rule = {}
        for name, keys in rules.items():
            ended = trial.tally.of(side, *keys)
            rest = sum(number for verdict, number in ended.items() if verdict not in _SHOWN)
            by_rule[name] = Count.of([*(Count(ended[verdict]) for verdict in _SHOWN), Count(rest)])
        by_party = {party: Count(trial.tally.load(side, party).total) for party in parties}
        total = sum(count.number for count in by_rule.values())
        suppress(Count(total, (tuple(by_rule.values()), tuple(by_party.values()))))
        return cls(rules=by_rule, parties=by_party)


def _ended(count: Count) -> Ended:
    kept, missed, withdrawn, unknown, rest = (part.shown for part in count.splits[0])
    return Ended(made=count.shown, kept=kept, missed=missed, withdrawn=withdrawn, unknown=unknown, rest=rest)


def _loads(trial: Trial, parties: tuple[SorCode, ...], counts: dict[Side, _Counts]) -> tuple[PartyLoad, ...]:
    length = max((trial.until - trial.since).days, 1)
    loads = []
    for party in parties:
        known = trial.directory.get(party)
        happened, in_force, draft = (counts[side].parties[party].shown for side in Side)
        loads.append(
            PartyLoad(
                name=party if known is None else known.name,
                happened=happened,
                in_force=in_force,
                draft=draft,
                a_day="–" if draft is None else f"{draft / length:.1f}",
                days=_days(trial, party),
            )
        )
    return tuple(loads)


def _days(trial: Trial, party: SorCode) -> tuple[DayLoad, ...]:
    first, last = local(trial.since).date(), local(trial.until).date()
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(
        DayLoad(day=day, in_force=_drawn(trial, Side.IN_FORCE, party, day), draft=_drawn(trial, Side.DRAFT, party, day))
        for day in days
    )


def _drawn(trial: Trial, side: Side, party: SorCode, day: date) -> int:
    count = Count(trial.tally.days[side, party, day])
    suppress(count)
    return count.shown or 0
