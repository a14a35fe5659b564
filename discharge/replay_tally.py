"""Duties counted: per rule and party, how they ended, and how many a party got on a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from discharge.clock import local
from discharge.directory import Directory, OrganizationKind
from discharge.identifiers import RuleId, SorCode
from discharge.replay import Duty, Verdict

__all__ = ["Load", "RowKey", "Side", "Tally", "party_of"]


class Side(StrEnum):
    """What is held beside what."""

    HAPPENED = "happened"
    """What was really made."""
    IN_FORCE = "in-force"
    """What the agreement in force makes of it, judged as the draft is."""
    DRAFT = "draft"


RowKey = tuple[RuleId | None, str, SorCode]
"""Rule, code and party."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a party got to do."""

    total: int
    busiest: int
    busiest_day: date | None


def party_of(directory: Directory, owner: SorCode) -> SorCode:
    """Whose duty it is, as leaders count: the municipality, the hospital, the practice."""
    known = directory.get(owner)
    if known is None:
        return owner
    return directory.hospital_of(owner) if known.kind is OrganizationKind.WARD else directory.root(owner)


@dataclass(slots=True)
class Tally:
    """What came of replaying some stays; tallies add up."""

    stays: int = 0
    happenings: int = 0
    unreadable: int = 0
    """Stays that were left out: their citizen's key is destroyed or damaged, or their notices were never kept."""
    verdicts: Counter[tuple[Side, RowKey, Verdict]] = field(default_factory=Counter)
    days: Counter[tuple[Side, SorCode, date]] = field(default_factory=Counter)

    def count(self, side: Side, duties: Iterable[Duty], directory: Directory) -> None:
        """Add the duties of one stay."""
        for duty in duties:
            party = party_of(directory, duty.owner)
            self.verdicts[side, (duty.rule, duty.code, party), duty.verdict] += 1
            self.days[side, party, local(duty.made_at).date()] += 1

    def add(self, other: Tally) -> None:
        """Add what another one counted."""
        self.stays += other.stays
        self.happenings += other.happenings
        self.unreadable += other.unreadable
        self.verdicts.update(other.verdicts)
        self.days.update(other.days)

    def rows(self) -> tuple[RowKey, ...]:
        """Every rule and party that got anything on any side, in the order of their names."""
        return tuple(sorted({key for _, key, _ in self.verdicts}, key=lambda key: (key[0] or "", key[1], key[2])))

    def of(self, side: Side, *keys: RowKey) -> Mapping[Verdict, int]:
        """How the duties of these rows ended."""
        return {verdict: sum(self.verdicts[side, key, verdict] for key in keys) for verdict in Verdict}

    def parties(self) -> tuple[SorCode, ...]:
        """Everybody who got anything, who got most first."""
        totals: Counter[SorCode] = Counter()
        for (_, party, _), number in self.days.items():
            totals[party] += number
        return tuple(party for party, _ in sorted(totals.items(), key=lambda each: (-each[1], each[0])))

    def load(self, side: Side, party: SorCode) -> Load:
        """What a party got, and the day on which it got most."""
        days = {day: number for (at, who, day), number in self.days.items() if (at, who) == (side, party)}
        busiest = max(days, key=lambda day: (days[day], -day.toordinal()), default=None)
        return Load(total=sum(days.values()), busiest=0 if busiest is None else days[busiest], busiest_day=busiest)
