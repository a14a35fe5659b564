"""The score as it may be shown: counts of few are hidden, and so is whatever would give them away."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from discharge.directory import Directory
from discharge.disclosure import FEWEST, Count, suppress
from discharge.proofs import Proof
from discharge.replay import Verdict
from services.persistence.score import RuleScore, Score, Times
from services.web.language import Language

__all__ = ["Cells", "Line", "ScoreView", "Weekday", "score_csv", "score_view"]

_FRIDAY: Final = 5
_WEEKDAYS: Final = range(1, 8)
_BEFORE_FRIDAY: Final = range(1, _FRIDAY)
_HIDDEN: Final = "hidden"
_OTHER: Final = (Verdict.WAITING, Verdict.PASSED_ON)
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """How duties ended, each count None where it is hidden."""

    made: int | None
    kept: int | None
    missed: int | None
    withdrawn: int | None
    other: int | None
    """Not due yet, or passed on."""

    @property
    def share_kept(self) -> int | None:
        """Per cent of what was kept or missed."""
        return _share(self.kept, self.missed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule, or one party's part of it."""

    rule: str
    code: str
    title: str
    sor: str
    """Empty: of all."""
    party: str
    cells: Cells
    times: Mapping[Proof, Times]
    """Of proofs that there are enough of."""

    def time(self, proof: str, lang: Language) -> str:
        """Half of them within, and 95 of 100 within."""
        found = self.times.get(Proof(proof))
        if found is None or found.half is None or found.most is None:
            return "–"
        return f"{_span(found.half, lang)} · {_span(found.most, lang)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekday:
    """One day of the week."""

    number: int
    name: str
    made: int | None
    share_kept: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreView:
    """Everything that may be shown."""

    made: int | None
    share_kept: int | None
    """Of the counts that are shown."""
    lines: tuple[Line, ...]
    weekdays: tuple[Weekday, ...]
    friday: str
    is_anything_hidden: bool

    @property
    def rules(self) -> tuple[Line, ...]:
        """Without the parties."""
        return tuple(line for line in self.lines if not line.sor)


def score_view(score: Score, lang: Language) -> ScoreView:
    """What may be shown of ``score``."""
    wholes = [each for each in score.rules if each.party is None]
    parts = {
        (each.rule, each.code): [
            one for one in score.rules if one.party and (one.rule, one.code) == (each.rule, each.code)
        ]
        for each in wholes
    }
    counted = {(each.rule, each.code): _counted(each, parts[each.rule, each.code]) for each in wholes}
    per_day = {
        day: Count(sum(sum(each.ended.values()) for each in score.weekdays if each.weekday == day)) for day in _WEEKDAYS
    }
    rule_counts = tuple(rule for rule, _ in counted.values())
    root = Count(sum(rule.number for rule in rule_counts), (rule_counts, tuple(per_day.values())))
    suppress(root)
    lines = []
    for each in wholes:
        rule, below = counted[each.rule, each.code]
        lines.append(_line(each, rule.shown, rule.splits[0], score.directory, lang))
        lines += [
            _line(one, None, below[number], score.directory, lang)
            for number, one in enumerate(parts[each.rule, each.code])
            if below
        ]
    kept = [line.cells.kept for line in lines if not line.sor and line.cells.share_kept is not None]
    missed = [line.cells.missed for line in lines if not line.sor and line.cells.share_kept is not None]
    return ScoreView(
        made=root.shown,
        share_kept=_share(sum(filter(None, kept)), sum(filter(None, missed))),
        lines=tuple(lines),
        weekdays=tuple(_weekday(day, per_day[day], score, lang) for day in _WEEKDAYS),
        friday=_friday(score, lang),
        is_anything_hidden=any(count.is_hidden for count in root.all()),
    )


def _counted(whole: RuleScore, parties: list[RuleScore]) -> tuple[Count, list[tuple[Count, ...]]]:
    """A rule's counts as a tree, and each party's leaves in it; none where one party has it all."""
    split = parties if len(parties) > 1 else []
    columns = [tuple(Count(number) for number in column) for column in zip(*map(_numbers, split), strict=True)]
    numbers = _numbers(whole)
    cells = tuple(Count(number, (columns[place],) if columns else ()) for place, number in enumerate(numbers))
    return Count.of(cells), list(zip(*columns, strict=True)) if columns else []


def _numbers(score: RuleScore) -> tuple[int, int, int, int]:
    ended = score.ended
    other = sum(ended[verdict] for verdict in _OTHER)
    return ended[Verdict.KEPT], ended[Verdict.MISSED], ended[Verdict.WITHDRAWN], other


def _line(score: RuleScore, made: int | None, counts: tuple[Count, ...], directory: Directory, lang: Language) -> Line:
    kept, missed, withdrawn, other = (count.shown for count in counts)
    shown = [count.number for count in counts if not count.is_hidden]
    if score.party is not None and len(shown) == len(counts):
        # What can be summed up from what is shown may be shown.
        made = sum(shown)
    known = None if score.party is None else directory.get(score.party)
    return Line(
        rule=score.rule,
        code=score.code,
        title=score.title_da if lang.is_danish else score.title_en,
        sor=score.party or "",
        party=known.name if known is not None else score.party or "",
        cells=Cells(made=made, kept=kept, missed=missed, withdrawn=withdrawn, other=other),
        times={proof: times for proof, times in score.times.items() if times.number >= FEWEST},
    )


def _share(kept: int | None, missed: int | None) -> int | None:
    if kept is None or missed is None or not kept + missed:
        return None
    return round(100 * kept / (kept + missed))


def _weekday(day: int, made: Count, score: Score, lang: Language) -> Weekday:
    ended = [each.ended for each in score.weekdays if each.weekday == day]
    kept, missed = (sum(each[verdict] for each in ended) for verdict in (Verdict.KEPT, Verdict.MISSED))
    t = lang.text
    names = (t("mandag"), t("tirsdag"), t("onsdag"), t("torsdag"), t("fredag"), t("lørdag"), t("søndag"))
    share = _share(kept, missed) if not (_is_few(kept) or _is_few(missed)) else None
    return Weekday(number=day, name=names[day - 1], made=made.shown, share_kept=share)


def _is_few(number: int) -> bool:
    return 0 < number < FEWEST


def _friday(score: Score, lang: Language) -> str:
    """The Friday effect, of what discharges made."""
    t = lang.text
    friday, before = (_judged(score, days) for days in ((_FRIDAY,), _BEFORE_FRIDAY))
    if any(_is_few(number) or not sum(pair) for pair in (friday, before) for number in pair):
        return t("Der er for få udskrivelser til at sige noget om fredage.")
    late, otherwise = (round(100 * missed / (kept + missed)) for kept, missed in (friday, before))
    told = t(
        "Efter udskrivelser om fredagen blev {friday} % af fristerne overskredet, mandag til torsdag {other} %:"
        " {points} procentpoint."
    )
    return told.format(friday=late, other=otherwise, points=f"{late - otherwise:+d}")


def _judged(score: Score, days: range | tuple[int, ...]) -> tuple[int, int]:
    ended = [each.ended for each in score.weekdays if each.at_discharge and each.weekday in days]
    return sum(each[Verdict.KEPT] for each in ended), sum(each[Verdict.MISSED] for each in ended)


def _span(span: timedelta, lang: Language) -> str:
    t = lang.text
    if span < _HOUR:
        return t("{m} min").format(m=span // _MINUTE)
    if span < 2 * _DAY:
        return t("{h} t {m} min").format(h=span // _HOUR, m=span % _HOUR // _MINUTE)
    return t("{n} dage").format(n=span // _DAY)


def score_csv(view: ScoreView) -> str:
    """The same numbers as the page, with the same ones hidden."""
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    proofs = [proof for proof in Proof if proof is not Proof.SENT]
    spans = [f"{proof}_{name}_seconds" for proof in proofs for name in ("p50", "p95")]
    counts = ("made", "kept", "missed", "withdrawn", "other", "kept_percent")
    rows.writerow(["what", "rule", "task", "title", "sor", "party", *counts, *spans])
    for line in view.lines:
        cells = line.cells
        numbers = (cells.made, cells.kept, cells.missed, cells.withdrawn, cells.other)
        times = [line.times.get(proof) for proof in proofs]
        seconds = [
            _HIDDEN if span is None else int(span.total_seconds())
            for each in times
            for span in ((None, None) if each is None else (each.half, each.most))
        ]
        what = "party" if line.sor else "rule"
        named = [what, line.rule, line.code, _text(line.title), line.sor, _text(line.party)]
        rows.writerow([*named, *map(_cell, numbers), _cell(cells.share_kept), *seconds])
    for day in view.weekdays:
        blank = [""] * 4
        rows.writerow(
            ["weekday", "", "", day.name, "", "", _cell(day.made), *blank, _cell(day.share_kept), *[""] * len(spans)]
        )
    return file.getvalue()


def _cell(number: int | None) -> str | int:
    return _HIDDEN if number is None else number


def _text(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text
