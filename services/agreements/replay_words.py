"""What a trial came to, as tables on a console and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from discharge.clock import local
from discharge.identifiers import SorCode
from discharge.replay import Verdict
from discharge.replay_tally import RowKey, Side, Tally
from services.agreements.trial import Trial

__all__ = ["as_csv", "told"]

_SIDES: Final = {Side.HAPPENED: "really", Side.IN_FORCE: "in force", Side.DRAFT: "draft"}
_MOST_PARTIES: Final = 25
_WIDTH: Final = 170


def told(trial: Trial) -> str:
    """What the draft would have made, beside what really happened."""
    file = io.StringIO()
    _show(Console(file=file, width=_WIDTH, highlight=False, markup=False), trial)
    return file.getvalue().rstrip()


def _show(console: Console, trial: Trial) -> None:
    tally = trial.tally
    console.print(
        f"{trial.draft} on {tally.stays:,} stays that began from {local(trial.since):%Y-%m-%d %H:%M}"
        f" to {local(trial.until):%Y-%m-%d %H:%M}, beside {', '.join(trial.in_force) or 'no agreement in force'}"
    )
    if tally.unreadable:
        console.print(
            f"{tally.unreadable:,} stays are left out: their citizen's key is destroyed or damaged,"
            " or nothing is kept of what was told of them"
        )
    if trial.left_out:
        console.print(f"{trial.left_out:,} older stays are left out: there was no room for them")
    console.print(_per_rule(tally))
    console.print(_per_party(trial))
    for line in _differences(tally):
        console.print(line)
    console.print(
        "Unknown: the draft asks for what nobody was asked for then, so nobody can say whether it would have been done."
    )


def _rules(tally: Tally) -> Mapping[tuple[str, str], Sequence[RowKey]]:
    rules: dict[tuple[str, str], list[RowKey]] = {}
    for key in tally.rows():
        rules.setdefault((key[0] or "", key[1]), []).append(key)
    return rules


def _per_rule(tally: Tally) -> Table:
    table = Table("Rule", "Task", title="Per rule: made, kept, missed, withdrawn, unknown", box=None, pad_edge=False)
    for name in _SIDES.values():
        for head in (f"{name}:", "kept", "miss", "wdr", "?"):
            table.add_column(head, justify="right")
    table.add_column("more", justify="right")
    for (rule, code), keys in _rules(tally).items():
        cells, made = [], {}
        for side in Side:
            ended = tally.of(side, *keys)
            made[side] = sum(ended.values())
            shown = (Verdict.KEPT, Verdict.MISSED, Verdict.WITHDRAWN, Verdict.UNKNOWN)
            cells += [str(made[side]), *(str(ended[verdict] or "") for verdict in shown)]
        table.add_row(rule, code, *cells, f"{made[Side.DRAFT] - made[Side.IN_FORCE]:+}")
    return table


def _per_party(trial: Trial) -> Table:
    table = Table("Party", title="Per party: tasks made, and on its busiest day", box=None, pad_edge=False)
    for name in _SIDES.values():
        table.add_column(name, justify="right")
        table.add_column("a day", justify="right")
        table.add_column("most", justify="right")
        table.add_column("on")
    days = max((trial.until - trial.since).days, 1)
    parties = trial.tally.parties()
    for party in parties[:_MOST_PARTIES]:
        cells = []
        for side in Side:
            load = trial.tally.load(side, party)
            on = "" if load.busiest_day is None else load.busiest_day.isoformat()
            cells += [str(load.total), f"{load.total / days:.1f}", str(load.busiest), on]
        table.add_row(_name(trial, party), *cells)
    if len(parties) > _MOST_PARTIES:
        table.add_row(f"and {len(parties) - _MOST_PARTIES} more (see --csv)")
    return table


def _name(trial: Trial, party: SorCode) -> str:
    known = trial.directory.get(party)
    return party if known is None else known.name


def _differences(tally: Tally) -> list[str]:
    """What the draft makes more or less of than the agreement in force, rule by rule."""
    lines = []
    for (rule, code), keys in _rules(tally).items():
        before, after = tally.of(Side.IN_FORCE, *keys), tally.of(Side.DRAFT, *keys)
        parts = [
            f"{after[verdict] - before[verdict]:+} {verdict}"
            for verdict in Verdict
            if after[verdict] != before[verdict]
        ]
        if parts:
            lines.append(f"{rule} {code}: {sum(after.values()) - sum(before.values()):+} made; {', '.join(parts)}")
    return lines or ["The draft makes the same of these stays as the agreement in force."]


def as_csv(trial: Trial) -> str:
    """Every rule and party on every side, and every party's days: one table each, told apart by the first column."""
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["what", "side", "rule", "task", "sor", "party", "day", "made", *Verdict])
    for key in trial.tally.rows():
        for side in Side:
            ended = trial.tally.of(side, key)
            made = sum(ended.values())
            place = [key[2], _name(trial, key[2])]
            rows.writerow(["rule", side, key[0], key[1], *place, "", made, *(ended[verdict] for verdict in Verdict)])
    for (side, party, day), made in sorted(trial.tally.days.items()):
        rows.writerow(["load", side, "", "", party, _name(trial, party), day.isoformat(), made, *[""] * len(Verdict)])
    return file.getvalue()
