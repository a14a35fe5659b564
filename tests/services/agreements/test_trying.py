"""A trial as a page shows it."""

from __future__ import annotations

from services.agreements.replay_words import as_csv, told
from services.agreements.trying import trial_view
from services.web.language import language
from tests.factories_counts import trial


def test_rule_is_shown_on_all_three_sides_with_its_title() -> None:
    rule = next(each for each in trial_view(trial()).rules if each.rule == "R17")

    assert rule.title(language("en")) == "Resume services"
    assert (rule.happened.kept, rule.in_force.kept, rule.draft.kept) == (30, 30, 18)
    assert rule.more == 0


def test_what_nobody_was_asked_for_is_unknown() -> None:
    rule = next(each for each in trial_view(trial()).rules if each.rule == "R02")

    assert (rule.draft.made, rule.draft.kept, rule.draft.unknown) == (40, 0, 40)


def test_counts_of_few_are_hidden_with_one_more() -> None:
    rules = {each.rule: each for each in trial_view(trial()).rules}

    assert rules["R03"].draft.made is None
    assert sum(each.draft.made is None for each in rules.values()) > 1


def test_days_of_few_are_not_drawn() -> None:
    view = trial_view(trial())  # of the municipality ten or eleven a day, of the hospital ten and one or two

    assert {day.draft for party in view.parties for day in party.days} <= {0, 10, 11, 12}


def test_draft_that_makes_the_same_is_said_to() -> None:
    assert not trial_view(trial()).same


def test_console_tells_the_difference_and_what_was_left_out() -> None:
    text = told(trial())

    assert "draft 2.0 on 40 stays" in text
    assert "2 stays are left out" in text
    assert "7 older stays are left out" in text
    assert "R02 resume-services: +40 made; +40 unknown" in text


def test_csv_has_a_row_per_rule_party_and_side() -> None:
    rows = as_csv(trial()).splitlines()

    assert rows[0].startswith("what,side,rule,task,sor,party,day,made,kept,missed")
    assert any(row.startswith("rule,draft,R02,resume-services,91000000000,Sund Sygehus,,40,0,0") for row in rows)
