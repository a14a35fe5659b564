from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from discharge.agreement import (
    AUTHORITY,
    Anchor,
    Consequence,
    Deadline,
    DeadlineKind,
    PartyName,
    PartySpan,
    Quiet,
    Since,
    Step,
    StepKind,
    Trigger,
)
from discharge.agreement_format import DEVIATING, RULE_KEYS
from discharge.clock import END_OF_DAY, OpeningHours
from discharge.identifiers import RuleId
from discharge.policy import Role
from services.agreements.words import (
    consequence_words,
    days_words,
    deadline_words,
    field_words,
    hours_words,
    party_words,
    rule_deadline_words,
    span_of_party_words,
    span_words,
    step_words,
    trigger_words,
)
from services.web.language import language
from tests.factories import small_agreement

DANISH, ENGLISH = language("da"), language("en")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_K, _S = DeadlineKind, Since


@pytest.mark.parametrize(
    ("deadline", "danish", "english"),
    [
        (
            Deadline(kind=_K.WORKING_DAYS, since=_S.EXPECTED_DISCHARGE, days=-1, at=time(12)),
            "senest kl. 12 arbejdsdagen før forventet udskrivelse",
            "no later than 12:00 on the working day before the expected discharge",
        ),
        (
            Deadline(kind=_K.WORKING_DAYS, since=_S.DISCHARGE, days=5, at=END_OF_DAY),
            "senest kl. 24 på 5. arbejdsdag efter udskrivelsen",
            "no later than 24:00 on working day 5 after the discharge",
        ),
        (
            Deadline(kind=_K.WORKING_DAYS, at=time(8, 30)),
            "senest kl. 8.30 på dagen for hændelsen",
            "no later than 08:30 on the day of the event",
        ),
        (
            Deadline(kind=_K.CLOCK, since=_S.DISCHARGE, days=3, at=END_OF_DAY),
            "senest kl. 24 på dag 3 efter udskrivelsen",
            "no later than 24:00 on day 3 after the discharge",
        ),
        (
            Deadline(kind=_K.CLOCK, since=_S.EXPECTED_DISCHARGE, days=-2),
            "senest samme tid på dag 2 før forventet udskrivelse",
            "no later than the same time on day 2 before the expected discharge",
        ),
        (
            Deadline(kind=_K.ELAPSED, span=24 * HOUR),
            "senest 24 timer efter hændelsen",
            "no later than 24 hours after the event",
        ),
        (
            Deadline(kind=_K.ELAPSED, since=_S.EXPECTED_DISCHARGE, span=-4 * HOUR, no_sooner=HOUR),
            "senest 4 timer før forventet udskrivelse, dog tidligst 1 time efter hændelsen",
            "no later than 4 hours before the expected discharge, but no sooner than 1 hour after the event",
        ),
        (
            Deadline(
                kind=_K.ELAPSED,
                since=_S.FIRST_VISIT,
                otherwise=Deadline(kind=_K.CLOCK, since=_S.DISCHARGE, at=END_OF_DAY),
            ),
            "senest ved første besøg i planen; er det tidspunkt ikke kendt: senest kl. 24 på dagen for udskrivelsen",
            (
                "no later than at the first visit in the plan;"
                " while that is not known: no later than 24:00 on the day of the discharge"
            ),
        ),
        (
            Deadline(kind=_K.READING, sent_by=time(14, 30), at=time(15)),
            "læst inden kl. 15, når det er sendt inden kl. 14.30, ellers inden kl. 15 næste læsedag",
            "read by 15:00 if sent by 14:30, else by 15:00 on the next reading day",
        ),
        (Deadline(kind=_K.IMMEDIATE), "straks", "at once"),
    ],
)
def test_a_deadline_reads_as_people_say_it(deadline: Deadline, danish: str, english: str) -> None:
    assert deadline_words(deadline, DANISH) == danish
    assert deadline_words(deadline, ENGLISH) == english


@pytest.mark.parametrize("since", Since)
def test_every_instant_that_a_deadline_counts_from_has_words(since: Since) -> None:
    at, after = (Deadline(kind=_K.ELAPSED, since=since, span=span) for span in (timedelta(), HOUR))

    assert deadline_words(at, DANISH) != deadline_words(after, DANISH)


def test_at_once_is_the_first_span_of_the_ladder() -> None:
    pause = small_agreement().rule(RuleId("R03"), "pause-services")
    assert pause is not None

    assert rule_deadline_words(pause, DANISH) == "straks, senest efter 30 minutter"


@pytest.mark.parametrize(
    ("span", "words"),
    [(MINUTE, "1 minut"), (90 * MINUTE, "90 minutter"), (72 * HOUR, "72 timer"), (7 * DAY, "7 dage")],
)
def test_a_span_is_said_in_the_unit_that_people_use(span: timedelta, words: str) -> None:
    assert span_words(span, DANISH) == words


_NURSE = frozenset({Role.HOME_NURSE})


@pytest.mark.parametrize(
    ("step", "danish"),
    [
        (
            Step(kind=StepKind.ESCALATE, span=30 * MINUTE, party="municipality-on-duty", roles=_NURSE),
            "efter 30 minutter uden svar: kommunens vagt får besked (Hjemmesygeplejerske)",
        ),
        (
            Step(
                kind=StepKind.ESCALATE,
                span=30 * MINUTE,
                within=OpeningHours(time(8), time(15)),
                span_outside=15 * MINUTE,
                party="ward",
                roles=frozenset({Role.DOCTOR}),
            ),
            "efter 30 minutter uden svar (kl. 8-15 alle dage; ellers 15 minutter): afsnittet får besked (Læge)",
        ),
        (
            Step(kind=StepKind.REMIND, anchor=Anchor.DUE, span=-12 * HOUR, roles=_NURSE, quiet=Quiet.WAIT),
            (
                "12 timer før fristen: kommunen bliver mindet om det (Hjemmesygeplejerske),"
                " uden for åbningstid når der åbnes"
            ),
        ),
        (
            Step(kind=StepKind.OVERDUE, anchor=Anchor.DUE, span=HOUR, roles=_NURSE, quiet=Quiet.ON_CALL),
            (
                "1 time efter fristen: vises som over tid hos kommunen (Hjemmesygeplejerske),"
                " uden for åbningstid hos vagten"
            ),
        ),
        (
            Step(kind=StepKind.ESCALATE, anchor=Anchor.COMPLETED, after_code="send-it", working_days=1, roles=_NURSE),
            "1 arbejdsdag efter at send-it er udført: kommunen får besked (Hjemmesygeplejerske)",
        ),
        (
            Step(
                kind=StepKind.ESCALATE,
                anchor=Anchor.INSTANT,
                instant=Deadline(kind=_K.CLOCK, since=_S.TREATMENT_FINISHED, days=1, at=time(12)),
                roles=_NURSE,
            ),
            "kl. 12 på dag 1 efter færdigbehandling: kommunen får besked (Hjemmesygeplejerske)",
        ),
        (Step(kind=StepKind.ESCALATE, roles=_NURSE), "straks: kommunen får besked (Hjemmesygeplejerske)"),
    ],
)
def test_a_step_says_when_who_is_told(step: Step, danish: str) -> None:
    rule = replace(small_agreement().rules[0], addressee=PartyName.MUNICIPALITY)

    assert step_words(step, rule, DANISH) == danish
    assert step_words(step, rule, ENGLISH) != danish


def test_parties_have_names_and_those_of_an_agreement_stand_as_written() -> None:
    assert [party_words(party, DANISH) for party in ("gp", "acute-team", "night-watch")] == [
        "egen læge",
        "akutteamet",
        "night-watch",
    ]
    assert party_words(f"acute-team{AUTHORITY}", DANISH) == "myndigheden for akutteamet"
    assert not set(PartyName) & {party_words(party, DANISH) for party in PartyName}


def test_the_dated_model_of_authority_and_operator_is_said_with_its_days() -> None:
    span = PartySpan(operator=PartyName.MUNICIPALITY, authority=PartyName.REGION, valid_from=date(2027, 1, 1))

    assert span_of_party_words(span, DANISH) == "fra 01.01.2027: kommunen udfører, regionen svarer for det"


def test_days_are_said_with_one_end_two_or_none() -> None:
    first, last = date(2026, 7, 13), date(2026, 7, 26)

    assert [days_words(begin, end, DANISH) for begin in (None, first) for end in (None, last)] == [
        "altid",
        "til og med 26.07.2026",
        "fra 13.07.2026",
        "13.07.2026 til og med 26.07.2026",
    ]


def test_hours_say_on_which_days() -> None:
    hours = OpeningHours(time(7, 30), time(15), working_days_only=True)

    assert hours_words(hours, DANISH) == "kl. 7.30-15 på arbejdsdage"
    assert hours_words(hours, ENGLISH) == "07:30 to 15:00 on working days"


def test_what_a_later_event_does_is_said_with_the_rule_that_asks_for_it() -> None:
    again = Consequence(on=frozenset({Trigger.PLAN_REVISED}), rule=RuleId("R09"))
    done = Consequence(on=frozenset({Trigger.DISCHARGED, Trigger.PLAN_REVISED}))

    assert consequence_words("renewed-by", again, DANISH) == (
        "Spørges igen, når planen bliver ændret: et tidligere ja gælder ikke længere (R09)"
    )
    assert consequence_words("completed-by", done, DANISH) == (
        "Er udført, når planen bliver ændret, borgeren bliver udskrevet"
    )
    assert consequence_words("voided-by", done, ENGLISH).startswith("Is withdrawn when")


@pytest.mark.parametrize("lang", [DANISH, ENGLISH], ids=["danish", "english"])
def test_every_trigger_and_every_field_that_can_be_named_has_words(lang: object) -> None:
    assert isinstance(lang, type(DANISH))

    assert not set(Trigger) & {trigger_words(trigger, lang) for trigger in Trigger}
    assert not {
        field
        for field in (DEVIATING | RULE_KEYS) - {"id", "code", "verify", "may-deviate"}
        if field_words(field, lang) == field
    }
