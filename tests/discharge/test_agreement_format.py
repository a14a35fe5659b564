from collections.abc import Callable
from copy import deepcopy
from datetime import date, time, timedelta
from typing import Any

import pytest

from discharge.agreement import Anchor, DeadlineKind, PartyName, StepKind
from discharge.agreement_format import parse_agreement
from discharge.clock import OpeningHours
from discharge.errors import AgreementError
from discharge.identifiers import SorCode
from discharge.policy import Role
from discharge.task import Priority

Edit = Callable[[dict[str, Any]], object]

_DOCUMENT: dict[str, Any] = {
    "id": "test",
    "version": "2",
    "title": "En aftale",
    "regions": ["DK-83"],
    "valid-from": date(2026, 1, 1),
    "valid-to": "2026-12-31",
    "rules": [
        {
            "id": "R17",
            "source": "here",
            "trigger": "discharged",
            "when": {"text": "stay.municipality_is_party", "tree": ["field", "stay.municipality_is_party"]},
            "addressee": "municipality",
            "roles": ["home-nurse"],
            "code": "resume-services",
            "title": {"da": " Start igen ", "en": "Resume"},
            "content": "plan",
            "deadline": {"kind": "elapsed", "since": "discharge"},
            "ladder": [
                {"do": "escalate", "after": "PT30M", "within": "08:00-15:00", "otherwise": "PT15M", "to": "ward"},
                {"do": "remind", "before-due": "PT12H"},
                {"do": "overdue", "after-due": "PT1H"},
                {"do": "escalate", "after-task": "resume-services", "working-days": 1, "roles": ["leader"]},
            ],
            "chain": ["municipality-on-duty"],
        }
    ],
}


def _edited(edit: Edit) -> dict[str, Any]:
    document = deepcopy(_DOCUMENT)
    edit(document)
    return document


def _rule(document: dict[str, Any]) -> dict[str, Any]:
    rule = document["rules"][0]
    assert isinstance(rule, dict)
    return rule


def _step(document: dict[str, Any], number: int = 0) -> dict[str, Any]:
    step = _rule(document)["ladder"][number]
    assert isinstance(step, dict)
    return step


def test_a_document_becomes_an_agreement() -> None:
    agreement = parse_agreement(_DOCUMENT)

    assert (agreement.id, agreement.version, agreement.regions) == ("test", "2", frozenset({"DK-83"}))
    assert (agreement.valid_from, agreement.valid_to) == (date(2026, 1, 1), date(2026, 12, 31))
    (rule,) = agreement.rules
    assert (rule.title.da, rule.requester, rule.priority) == ("Start igen", PartyName.WARD, Priority.ROUTINE)
    assert rule.chain == (PartyName.MUNICIPALITY_ON_DUTY,)
    called, reminded, late, waiting = rule.steps
    assert (called.anchor, called.span, called.span_outside) == (
        Anchor.RECEIPT,
        timedelta(minutes=30),
        timedelta(minutes=15),
    )
    assert called.within == OpeningHours(time(8), time(15))
    assert (reminded.anchor, reminded.span) == (Anchor.DUE, timedelta(hours=-12))
    assert (late.anchor, late.kind, late.span) == (Anchor.DUE, StepKind.OVERDUE, timedelta(hours=1))
    assert (waiting.anchor, waiting.after_code, waiting.working_days) == (Anchor.COMPLETED, "resume-services", 1)
    assert waiting.roles == frozenset({Role.LEADER})


def test_an_agreement_may_hold_without_end_and_a_rule_without_ladder() -> None:
    document = _edited(lambda d: (d.pop("valid-to"), _rule(d).pop("ladder"), _rule(d).pop("chain")))

    agreement = parse_agreement(document)

    assert agreement.valid_to is None
    assert (agreement.rules[0].steps, agreement.rules[0].chain) == ((), ())


@pytest.mark.parametrize(
    ("deadline", "kind"),
    [
        ({"kind": "immediate"}, DeadlineKind.IMMEDIATE),
        ({"kind": "elapsed", "since": "discharge", "span": "PT72H"}, DeadlineKind.ELAPSED),
        ({"kind": "clock", "since": "expected-discharge", "days": -1, "at": "24:00"}, DeadlineKind.CLOCK),
        ({"kind": "working-days", "days": 1, "otherwise": {"kind": "immediate"}}, DeadlineKind.WORKING_DAYS),
        ({"kind": "reading", "sent-by": "14:30", "at": "15:00"}, DeadlineKind.READING),
    ],
)
def test_a_deadline_takes_what_its_kind_counts(deadline: dict[str, object], kind: DeadlineKind) -> None:
    agreement = parse_agreement(_edited(lambda d: _rule(d).update(deadline=deadline)))

    assert agreement.rules[0].deadline.kind is kind


@pytest.mark.parametrize(
    ("edit", "path"),
    [
        (lambda d: d.update(rule=[]), "$.rule"),
        (lambda d: d.update(rules="R17"), "$.rules"),
        (lambda d: d.update(rules=["R17"]), "$.rules[0]"),
        (lambda d: d.update(version=2.0), "$.version"),
        (lambda d: d.update(title="  "), "$.title"),
        (lambda d: d.pop("id"), "$.id"),
        (lambda d: d.update(regions="DK-83"), "$.regions"),
        (lambda d: d.update(regions=[83]), "$.regions"),
        (lambda d: d.update(regions=[]), "$.regions"),
        (lambda d: d.update({"valid-from": "soon"}), "$.valid-from"),
        (lambda d: d.update({"valid-to": "never"}), "$.valid-to"),
        (lambda d: _rule(d).update(trigger="sneezed"), "$.rules[0].trigger"),
        (lambda d: _rule(d).update(when="raining"), "$.rules[0].when"),
        (lambda d: _rule(d)["when"].update(tree=["field", "sky.rain"]), "$.rules[0].when"),
        (lambda d: _rule(d)["when"].update(tree=["text", "rain"]), "$.rules[0].when"),
        (lambda d: _rule(d).update(trigger=[]), "$.rules[0].trigger"),
        (lambda d: _rule(d).update(roles=[]), "$.rules[0].roles"),
        (lambda d: _rule(d).update({"may-deviate": ["code"]}), "$.rules[0].may-deviate"),
        (lambda d: _rule(d).update({"voided-by": {"on": []}}), "$.rules[0].voided-by.on"),
        (lambda d: _rule(d).update({"voided-by": {"on": ["sneezed"]}}), "$.rules[0].voided-by.on"),
        (lambda d: _rule(d).update(payer="grandmother"), "$.rules[0].payer"),
        (lambda d: _rule(d).update(note={"da": "Ring"}), "$.rules[0].note.en"),
        (lambda d: d.update({"valid-to": "2025-12-31"}), "$.valid-to"),
        (lambda d: d.update(calendars={"closed-days": ["5 June"]}), "$.calendars.closed-days[0]"),
        (lambda d: d.update(calendars={"closed-days": ["02-30"]}), "$.calendars.closed-days[0]"),
        (lambda d: d.update(calendars={"hours": {"postman": "08:00-15:00"}}), "$.calendars.hours.postman"),
        (lambda d: d.update(calendars={"hours": {"ward": "always"}}), "$.calendars.hours.ward"),
        (lambda d: d.update(calendars={"on-call": {"ward": "postman"}}), "$.calendars.on-call.ward"),
        (lambda d: d.update(parties={"ward": []}), "$.parties.ward"),
        (lambda d: d.update(parties={"team": [{"operator": "postman"}]}), "$.parties.team[0].operator"),
        (
            lambda d: d.update(parties={"team": [{"operator": "ward"}, {"operator": "ward", "from": "2027-01-01"}]}),
            "$.parties.team[1]",
        ),
        (lambda d: d.update(gates=[{"id": "R11"}]), "$.gates[0].when"),
        (lambda d: _step(d).update(until="tired"), "$.rules[0].ladder[0].until"),
        (lambda d: _step(d).update(quiet="whisper"), "$.rules[0].ladder[0].quiet"),
        (lambda d: _rule(d).update(addressee="somebody"), "$.rules[0].addressee"),
        (lambda d: _rule(d).update(roles=["nobody"]), "$.rules[0].roles"),
        (lambda d: _rule(d).update(content="gossip"), "$.rules[0].content"),
        (lambda d: _rule(d).update(priority="soon"), "$.rules[0].priority"),
        (lambda d: _rule(d).update(title={"da": "Start"}), "$.rules[0].title.en"),
        (lambda d: _rule(d).update(chain=["somebody"]), "$.rules[0].chain[0]"),
        (lambda d: _rule(d).update(deadline={"kind": "soon"}), "$.rules[0].deadline.kind"),
        (lambda d: _rule(d).update(deadline={"kind": "elapsed", "days": 1}), "$.rules[0].deadline.days"),
        (lambda d: _rule(d).update(deadline={"kind": "clock", "span": "PT1H"}), "$.rules[0].deadline.span"),
        (lambda d: _rule(d).update(deadline={"kind": "clock", "days": -3661}), "$.rules[0].deadline.days"),
        (lambda d: _rule(d).update(deadline={"kind": "clock", "days": "3"}), "$.rules[0].deadline.days"),
        (
            lambda d: _rule(d).update(deadline={"kind": "elapsed", "span": "3 days"}),
            "$.rules[0].deadline.span",
        ),
        (lambda d: _rule(d).pop("deadline"), "$.rules[0].deadline"),
        (lambda d: _step(d).update(do="shout"), "$.rules[0].ladder[0].do"),
        (lambda d: _step(d).update({"after-due": "PT1H"}), "$.rules[0].ladder[0]"),
        (lambda d: _step(d).pop("after"), "$.rules[0].ladder[0]"),
        (lambda d: _step(d).update(after="soon"), "$.rules[0].ladder[0].after"),
        (lambda d: _step(d).update(within="all day"), "$.rules[0].ladder[0].within"),
        (lambda d: _step(d).update(within="8-25"), "$.rules[0].ladder[0].within"),
        (lambda d: _step(d).update(within="15:00-08:00"), "$.rules[0].ladder[0].within"),
        (lambda d: _step(d).pop("otherwise"), "$.rules[0].ladder[0].within"),
        (lambda d: _step(d, 1).update(within="08:00-15:00", otherwise="PT1H"), "$.rules[0].ladder[1].within"),
        (lambda d: _step(d).update(otherwise="later"), "$.rules[0].ladder[0].otherwise"),
        (lambda d: _step(d).update(to="somebody"), "$.rules[0].ladder[0].to"),
        (lambda d: _step(d).update({"working-days": 1}), "$.rules[0].ladder[0].working-days"),
        (lambda d: _step(d, 3).update({"working-days": -1}), "$.rules[0].ladder[3].working-days"),
        (lambda d: _step(d, 3).update({"working-days": "1"}), "$.rules[0].ladder[3].working-days"),
        (lambda d: _step(d, 3).update({"after-task": "sing"}), "$.rules[0].ladder"),
        (lambda d: _rule(d).update({"waits-for": "sing"}), "$.rules[0].waits-for"),
        (lambda d: _rule(d).update(deadline={"kind": "clock", "at": "noon"}), "$.rules[0].deadline.at"),
        (lambda d: d["rules"].append(d["rules"][0]), "$.rules[1]"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_place(edit: Edit, path: str) -> None:
    with pytest.raises(AgreementError) as refused:
        parse_agreement(_edited(edit))

    assert refused.value.path == path
    assert refused.value.problem


@pytest.mark.parametrize("document", [None, [], "rules", 7])
def test_what_is_no_mapping_is_no_agreement(document: object) -> None:
    with pytest.raises(AgreementError) as refused:
        parse_agreement(document)

    assert refused.value.path == "$"


def test_parties_calendars_and_gates_are_read() -> None:
    says = {"text": "event.closed_day", "tree": ["field", "event.closed_day"]}
    gate = {
        "id": "R11",
        "source": "here",
        "act": "discharged",
        "when": says,
        "text": {"da": "Ring først", "en": "Call first"},
        "element": "agreed-by-phone",
    }
    document = _edited(
        lambda d: d.update(
            {
                "calendars": {
                    "country": "SE",
                    "closed-days": ["06-05", "2026-12-24"],
                    "hours": {"ward": "08:00-15:00", "93000000000": "08:00-16:00 working-days"},
                    "on-call": {"team": "municipality-on-duty"},
                },
                "parties": {
                    "team": [
                        {"to": "2026-12-31", "operator": "municipality"},
                        {"from": "2027-01-01", "operator": "municipality", "authority": "region"},
                    ]
                },
                "gates": [gate],
            }
        )
    )
    _rule(document).update({"addressee": "team", "payer": "team/authority", "voided-by": {"on": "plan-revised"}})

    agreement = parse_agreement(document)

    assert (agreement.country, agreement.closed_days) == ("SE", ("06-05", "2026-12-24"))
    assert agreement.hours_of("ward", SorCode("1")) == OpeningHours(time(8), time(15))
    own = OpeningHours(time(8), time(16), working_days_only=True)
    assert agreement.hours_of("ward", SorCode("93000000000")) == own
    assert agreement.hours_of("gp", SorCode("1")) is None
    assert agreement.player("team", date(2026, 12, 31)) is PartyName.MUNICIPALITY
    assert agreement.player("team/authority", date(2027, 1, 1)) is PartyName.REGION
    assert agreement.gates[0].when.text == "event.closed_day"
    assert agreement.rules[0].payer == "team/authority"
