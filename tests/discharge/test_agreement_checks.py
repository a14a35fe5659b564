from collections.abc import Callable
from typing import Any

import pytest

from discharge.agreement import HealthAgreement
from discharge.agreement_checks import Severity, overlaps_of, problems_of
from discharge.agreement_format import parse_agreement
from services.agreements.cel import read_condition
from services.web.language import Language, language
from services.web.plan_words import destination_words, functional_words
from tests import factories

Row = dict[str, Any]
_AT_DISCHARGE: Row = {"kind": "elapsed", "since": "discharge"}


def _when(text: str) -> Row:
    return {"text": text, "tree": read_condition(text)}


def _rule(**changes: object) -> Row:
    row: Row = {
        "id": "R01",
        "source": "here",
        "trigger": "stay-began",
        "addressee": "municipality",
        "roles": ["home-nurse"],
        "code": "look",
        "title": {"da": "Se", "en": "Look"},
        "content": "notice",
        "deadline": {"kind": "immediate"},
    }
    row |= {name.replace("_", "-"): value for name, value in changes.items()}
    return row


def _agreement(*rules: Row, **top: object) -> HealthAgreement:
    document: Row = {
        "id": "dk-test",
        "version": "1",
        "title": "En aftale",
        "regions": ["DK-82"],
        "valid-from": "2026-01-01",
        "rules": list(rules) or [_rule()],
    }
    return parse_agreement(document | {name.replace("_", "-"): value for name, value in top.items()})


def _told(agreement: HealthAgreement) -> list[tuple[Severity, str, str]]:
    return [(problem.severity, problem.path, problem.text) for problem in problems_of(agreement)]


def test_a_sound_agreement_has_no_problems() -> None:
    assert problems_of(factories.small_agreement()) == ()


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (_rule(chain=["municipality-on-duty", "municipality"]), "chain[1]", "leads back to municipality, who was"),
        (_rule(chain=["municipality"]), "chain[0]", "leads back to municipality"),
        (_rule(chain=["ward", "hospital", "ward"]), "chain[2]", "leads back to ward"),
        (_rule(ladder=[{"do": "remind", "after-task": "look"}]), "ladder[0].after-task",
         "leads back to itself: look -> look; nobody would be called"),
        (_rule(roles=["gp", "ward"]), "roles", "nobody at municipality is gp or ward; there are agreement-ed"),
        (_rule(ladder=[{"do": "escalate", "after": "PT1H", "to": "region", "roles": ["leader"]}]), "ladder[0].roles",
         "nobody at region is leader; there are agreement-editor, operator"),
        (_rule(addressee="gp", roles=["gp"], ladder=[{"do": "escalate", "after": "PT1H", "roles": ["ward"]}]),
         "ladder[0].roles", "nobody at gp is ward"),
        (_rule(addressee="team", roles=["ward"]), "roles", "nobody at team is ward"),
        (_rule(addressee="team/authority", roles=["home-nurse"]), "roles", "nobody at team/authority is home-nurse"),
        (_rule(when=_when('"home-nursng" in plan.needs')), "when", "plan.needs is never home-nursng; known are aids,"),
        (_rule(when=_when('stay.kind in ["IMP", "AMB"]')), "when", "stay.kind is never AMB; known are EMER, IMP"),
        (_rule(when=_when('event.time < "9:00"')), "when", "event.time is compared with 9:00, which is no time"),
        (_rule(when=_when('event.day == "24-12-2026"')), "when", "is compared with 24-12-2026, which is no day"),
        (_rule(trigger="message-written", when=_when('message.category == "gossip"')), "when", "is never gossip;"),
        (_rule(trigger="plan-revised", when=_when('"needs" in plan.changed')), "when", "is never needs; known are agr"),
        (_rule(voided_by={"on": "message-written", "when": _when('message.from != "shop"')}), "voided-by.when", "shop"),
        (_rule(trigger="medication-revised", when=_when('medicine.from == "shop"')), "when", "is never shop"),
        (_rule(trigger="document-filed", when=_when('"34745-0" in document.in_force')), "when", "is never 34745-0"),
        (_rule(waits_for="look"), "waits-for", "leads back to itself: look -> look; none of them could be done"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_an_error(rule: Row, path: str, text: str) -> None:
    team = [{"operator": "municipality", "authority": "region"}]

    problems = _told(_agreement(rule, parties={"team": team}))

    assert len(problems) == 1
    severity, place, said = problems[0]
    assert (severity, place) == (Severity.ERROR, f"$.rules[0].{path}")
    assert text in said


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (_rule(when=_when("stay.hours < 24 && stay.hours > 48")), "when", "can never fire: it contradicts itself"),
        (_rule(when=_when('"meals" in plan.needs && !("meals" in plan.needs)')), "when", "it contradicts itself"),
        (_rule(when=_when("event.weekday > 7")), "when", "can never fire: it contradicts itself"),
        (_rule(when=_when("message.urgent")), "when", "message.urgent is known to message-written only"),
        (_rule(when=_when('task.code == "look"')), "when", "task.code is known to task-completed only"),
        (_rule(when=_when("medicine.asked > 0")), "when", "medicine.asked is known to medication-revised only"),
        (_rule(when=_when("has(document.in_force)")), "when", "document.in_force is known to document-filed only"),
        (_rule(when=_when('"need" in plan.changed')), "when", "plan.changed has members when the plan is revised only"),
        (_rule(when=_when("has(stay.ended)")), "when", "can never fire: not at stay-began"),
        (_rule(trigger=["discharged", "admitted"], when=_when("message.urgent && !plan.frail")), "when", "message"),
        (_rule(completed_by={"on": "discharged", "when": _when("message.is_reply")}), "completed-by.when",
         "can never follow: message.is_reply is known to message-written only"),
        (_rule(renewed_by={"on": "admitted", "when": _when('"need" in plan.changed')}), "renewed-by.when", "can never"),
        (_rule(deadline={"kind": "elapsed", "since": "discharge"}), "deadline",
         "can never fire: at stay-began nobody knows discharge; add otherwise"),
        (_rule(trigger=["admitted", "stay-began"], deadline={"kind": "elapsed", "since": "discharge"}), "deadline",
         "at admitted, stay-began nobody knows"),
        (_rule(deadline={"kind": "clock", "since": "first-visit", "otherwise": _AT_DISCHARGE}),
         "deadline", "nobody knows first-visit"),
        (_rule(trigger="treatment-resumed", deadline={"kind": "elapsed", "since": "treatment-finished"}), "deadline",
         "nobody knows treatment-finished"),
        (_rule(deadline={"kind": "elapsed", "span": "PT4H"}, ladder=[{"do": "remind", "before-due": "PT4H"}]),
         "ladder[0].before-due", "lies before the task itself"),
        (_rule(when=_when('"sing" in tasks.done')), "when", "tasks.done is never sing; known are look"),
        (_rule(when=_when('plan.destination == "moon"')), "when", "plan.destination is never moon; known are"),
    ],
)  # fmt: skip
def test_what_looks_wrong_is_a_warning(rule: Row, path: str, text: str) -> None:
    problems = _told(_agreement(rule))

    assert len(problems) == 1
    severity, place, said = problems[0]
    assert (severity, place) == (Severity.WARNING, f"$.rules[0].{path}")
    assert text in said


@pytest.mark.parametrize(
    "rule",
    [
        _rule(when=_when('event.time < "24:00" && event.day >= "2026-12-24"')),
        _rule(trigger=["stay-began", "message-written"], when=_when("message.urgent")),
        _rule(trigger="treatment-finished", when=_when('"treatment-finished" in plan.changed')),
        _rule(trigger="task-completed", when=_when('task.code == "look"')),
        _rule(trigger="discharged", deadline={"kind": "elapsed", "since": "discharge"}, when=_when("has(stay.ended)")),
        _rule(trigger=["stay-began", "discharged"], deadline={"kind": "elapsed", "since": "discharge"}),
        _rule(deadline={"kind": "elapsed", "since": "first-visit", "otherwise": {"kind": "immediate"}}),
        _rule(deadline={"kind": "elapsed", "span": "PT4H"}, ladder=[{"do": "remind", "before-due": "PT1H"}]),
        _rule(deadline={"kind": "elapsed"}, ladder=[{"do": "overdue", "after-due": "PT0M"}]),
        _rule(when=_when('"telephone-help" in citizen.services')),
        _rule(addressee="asked", roles=["gp"]),
        _rule(roles=["system", "gp"]),
        _rule(chain=["municipality-on-duty"]),
    ],
)
def test_what_can_work_is_no_problem(rule: Row) -> None:
    assert _told(_agreement(rule)) == []


def test_rungs_that_wait_for_each_other_are_told_once() -> None:
    def waiting(code: str, *others: str) -> Row:
        return _rule(code=code, ladder=[{"do": "escalate", "after-task": other, "to": "ward"} for other in others])

    problems = _told(_agreement(waiting("a", "b"), waiting("b", "d", "c"), waiting("c", "a"), waiting("d")))

    assert problems == [
        (
            Severity.ERROR,
            "$.rules[0].ladder[0].after-task",
            "leads back to itself: a -> b -> c -> a; nobody would be called while it waits",
        )
    ]


def test_duties_that_wait_for_each_other_are_told_once() -> None:
    def waiting(code: str, other: str) -> Row:
        return _rule(code=code, waits_for=other)

    problems = _told(_agreement(waiting("a", "b"), waiting("b", "c"), waiting("c", "b"), _rule(code="d")))

    assert problems == [
        (Severity.ERROR, "$.rules[1].waits-for", "leads back to itself: b -> c -> b; none of them could be done")
    ]


def test_a_duty_that_is_passed_round_in_a_circle_is_told() -> None:
    on_call = {"ward": "hospital", "hospital": "gp", "gp": "hospital"}

    problems = _told(_agreement(calendars={"on-call": on_call}))

    assert [(path, text) for _, path, text in problems] == [
        ("$.calendars.on-call.hospital", "leads back to itself: hospital -> gp -> hospital")
    ]


def test_a_gate_that_cannot_close_is_told() -> None:
    def gate(condition: str) -> Row:
        return {
            "id": "R11",
            "source": "here",
            "act": "discharged",
            "when": _when(condition),
            "text": {"da": "Ring", "en": "Call"},
            "element": "agreed-by-phone",
        }

    gates = [gate("leaving.closed_day"), gate("leaving.closed_day && message.urgent"), gate("has(stay.ended)")]
    problems = _told(_agreement(gates=gates))

    assert [(path, text) for _, path, text in problems] == [
        ("$.gates[1].when", "can never be closed: message.urgent is known to message-written only"),
        ("$.gates[2].when", "can never be closed: not at that act"),
    ]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({}, None),
        ({"version": "2"}, "version 2 begins on that day in DK-82 as well; nobody could tell which holds"),
        ({"version": "2", "valid_from": "2026-06-01"}, None),
        ({"version": "0", "valid_from": "2025-06-01"}, None),
        ({"version": "2", "regions": ["DK-81"]}, None),
        ({"id": "other"}, "other 1 holds in DK-82 at that time; end it first"),
        ({"id": "other", "valid_from": "2030-01-01"}, "other 1 holds in DK-82 at that time"),
        ({"id": "other", "regions": ["DK-81"]}, None),
        ({"id": "other", "valid_from": "2025-01-01", "valid_to": "2025-12-31"}, None),
        ({"id": "other", "valid_from": "2025-01-01", "valid_to": "2026-01-01"}, "other 1 holds in DK-82"),
    ],
)
def test_two_agreements_never_hold_at_once(other: Row, said: str | None) -> None:
    problems = overlaps_of(_agreement(), [_agreement(**other)])

    assert (said is None) is (problems == ())
    assert all((said or "") in problem.text for problem in problems)


def test_an_agreement_that_ends_makes_room_for_another() -> None:
    assert overlaps_of(_agreement(valid_to="2026-12-31"), [_agreement(id="other", valid_from="2027-01-01")]) == ()


@pytest.mark.parametrize(
    ("words", "codes"), [(destination_words, "plan.destination"), (functional_words, "plan.functional_level")]
)
def test_codes_of_the_plan_are_those_that_pages_have_words_for(
    words: Callable[[Language], dict[str, str]], codes: str
) -> None:
    for code in words(language("da")):
        assert _told(_agreement(_rule(when=_when(f'{codes} == "{code}"')))) == []
