"""The score as it may be shown."""

from __future__ import annotations

import csv
import io

from services.agreements.scoring import ScoreView, score_csv, score_view
from services.persistence.score import Score, WeekdayScore
from services.web.language import language
from tests.factories import NORTH, SOUTH
from tests.factories_counts import counted, rule_score, score

DANISH, ENGLISH = language("da"), language("en")


def view() -> ScoreView:
    return score_view(score(), DANISH)


def test_a_rule_shows_what_was_made_kept_and_missed() -> None:
    line = view().rules[0]

    assert (line.rule, line.title) == ("R17", "Start ydelserne igen")
    assert (line.cells.made, line.cells.kept, line.cells.missed, line.cells.share_kept) == (94, 60, 20, 75)


def test_a_rule_of_few_shows_nothing_of_how_it_went() -> None:
    line = view().rules[2]

    assert line.rule == "R25"
    assert (line.cells.made, line.cells.kept, line.cells.missed) == (None, None, None)
    assert line.time("done", DANISH) == "–"


def test_a_hidden_part_takes_another_one_along() -> None:
    parts = [line.cells for line in view().lines if line.sor in {NORTH, SOUTH}]

    assert [cells.other for cells in parts] == [None, None]
    assert [cells.kept for cells in parts] == [40, 20]


def test_total_gives_no_hidden_rule_away() -> None:
    shown = view()

    assert shown.made is None or sum(line.cells.made is None for line in shown.rules) > 1
    assert shown.is_anything_hidden


def test_times_are_those_of_the_middle_and_of_nearly_all() -> None:
    assert view().rules[0].time("done", DANISH) == "20 min · 26 t 0 min"


def test_friday_is_one_sentence_with_its_number() -> None:
    said = score_view(score(), ENGLISH).friday

    assert said.startswith("After discharges on a Friday 58 % of the deadlines were missed, Monday to Thursday 22 %")
    assert said.endswith(": +36 percentage points.")


def test_too_few_fridays_say_nothing() -> None:
    assert (
        score_view(score(empty=True), ENGLISH).friday == "There are too few discharges to say anything about Fridays."
    )


def test_csv_hides_what_the_page_hides_and_starts_no_formula() -> None:
    shown = view()

    rows = list(csv.DictReader(io.StringIO(score_csv(shown))))

    assert [row["made"] for row in rows if row["what"] == "rule"] == [
        "hidden" if line.cells.made is None else str(line.cells.made) for line in shown.rules
    ]
    assert {row["what"] for row in rows} == {"rule", "party", "weekday"}
    assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values())


def test_one_party_has_no_lines_of_its_own() -> None:
    alone = rule_score(counted(9, 9)), rule_score(counted(9, 9), party=NORTH)
    known = score()
    days = (WeekdayScore(weekday=1, at_discharge=False, ended=counted(9, 9)),)
    only = Score(since=known.since, until=known.until, directory=known.directory, rules=alone, weekdays=days)

    assert [line.sor for line in score_view(only, DANISH).lines] == [""]
