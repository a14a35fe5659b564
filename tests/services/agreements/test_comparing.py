import pytest

from services.agreements.comparing import differences
from services.agreements.reading import check_agreement, read_agreement
from services.agreements.shipped import layer_file, shipped
from tests.services.agreements.test_reading import AGREEMENT

SHORT = AGREEMENT.replace("send-admission-report", "look-in").replace("code: resume-services", "code: resume")
BEFORE = read_agreement(SHORT.encode())
OLD = {"party": "stay.municipality_is_party", "old": "stay.municipality_is_party && stay.hours < 24"}


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("clock, at: 12:00", "clock, at: 11:00", "R01 look-in, deadline.at: was 12:00, is 11:00"),
        ("clock, at: 12:00", "clock, at: 12:00, days: 1",
         "R01 look-in, deadline.days: says 1, and said nothing before"),
        (" && stay.hours < 24", " || plan.frail", "R01 look-in, when: was {old}, is {party} || plan.frail"),
        ("    when: stay.municipality_is_party && stay.hours < 24\n", "",
         "R01 look-in, when: said {old}, and says nothing any more"),
        ("to: ward, roles: [ward]", "to: hospital, roles: [ward]", "R17 resume, ladder[0].to: was ward, is hospital"),
        ("to: ward, roles: [ward]}\n", "to: ward, roles: [ward]}\n      - {do: overdue, after-due: PT0M}\n",
         "R17 resume, ladder[1]: says {{do: overdue, after-due: PT0M}}, and said nothing before"),
        ("roles: [home-nurse]\n    code: res", "roles: [home-nurse, visitator]\n    code: res",
         "R17 resume, roles: was home-nurse, is home-nurse, visitator"),
        ("{da: Ring, en: Call}", "{da: Ring nu, en: Call}", "gate R11, text.da: was Ring, is Ring nu"),
        ('version: "1.0"', "version: 1.1", "version: was 1.0, is 1.1"),
        ("regions: [DK-82]", "regions: [DK-82, DK-81]", "regions: was DK-82, is DK-82, DK-81"),
        ("rules:\n", "calendars: {closed-days: [06-05]}\nrules:\n",
         "calendars: says {{closed-days: 06-05}}, and said nothing before"),
    ],
)  # fmt: skip
def test_what_differs_is_told_by_rule_and_field(right: str, wrong: str, told: str) -> None:
    assert SHORT.count(right) == 1

    after = check_agreement(SHORT.replace(right, wrong).encode()).document

    assert after is not None
    assert differences(BEFORE, after) == (told.format(**OLD),)


def test_the_same_agreement_has_no_differences() -> None:
    assert differences(BEFORE, read_agreement(SHORT.encode())) == ()


def test_the_order_of_rules_is_no_difference() -> None:
    rules = BEFORE["rules"]
    assert isinstance(rules, list)

    assert differences(BEFORE, {**BEFORE, "rules": rules[::-1]}) == ()


def test_rules_that_came_and_went_are_told() -> None:
    renamed = read_agreement(SHORT.replace("code: resume", "code: go-on").encode())

    assert differences(BEFORE, renamed) == ("R17 resume: is no longer there", "R17 go-on: is new")


def test_two_versions_of_a_layer_are_compared_change_by_change() -> None:
    body = layer_file("birkelund")
    one = read_agreement(body, find=shipped)

    assert differences(one, one) == ()
    assert differences({**one, "changes": []}, one)[0].endswith(": is new")


def test_a_change_that_became_another_is_told() -> None:
    before = {"changes": [{"rule": "R12", "suspend": True}]}
    after = {"changes": [{"rule": "R12", "set": {"chain": ["ward"]}}]}

    assert differences(before, after) == (
        "R12.suspend: said true, and says nothing any more",
        "R12.set: says {chain: ward}, and said nothing before",
    )
