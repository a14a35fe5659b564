"""Rules in words: when something falls due, who is called, who plays which part."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import assert_never

from discharge.agreement import (
    AUTHORITY,
    Anchor,
    Consequence,
    Deadline,
    DeadlineKind,
    PartyName,
    PartySpan,
    Quiet,
    Rule,
    Since,
    Step,
    StepKind,
    Trigger,
)
from discharge.clock import END_OF_DAY, OpeningHours
from services.web.cards import role_words
from services.web.dates import full_date
from services.web.language import Language

__all__ = [
    "consequence_words",
    "days_words",
    "deadline_words",
    "field_words",
    "hours_words",
    "party_words",
    "rule_deadline_words",
    "span_of_party_words",
    "span_words",
    "step_words",
    "trigger_words",
    "waits_words",
]

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def span_words(span: timedelta, lang: Language) -> str:
    """``15 minutter``, ``4 timer``, ``3 dage``: whole days from two on, since 24 hours are what people agree on."""
    span = abs(span)
    if span % _DAY == timedelta() and span > 3 * _DAY:
        return lang.choose(span // _DAY, "{n} dag", "{n} dage")
    if span % _HOUR == timedelta():
        return lang.choose(span // _HOUR, "{n} time", "{n} timer")
    return lang.choose(span // _MINUTE, "{n} minut", "{n} minutter")


def deadline_words(deadline: Deadline, lang: Language, *, immediately: timedelta = timedelta()) -> str:
    """``senest kl. 12 arbejdsdagen før forventet udskrivelse``.

    Args:
        deadline: what to say.
        lang: the language.
        immediately: what "at once" means in this rule.
    """
    t = lang.text
    words = _instant(deadline, lang, immediately)
    if deadline.kind not in {DeadlineKind.IMMEDIATE, DeadlineKind.READING}:
        words = t("senest {instant}").format(instant=words)
    if deadline.no_sooner is not None:
        words = t("{deadline}, dog tidligst {span} efter hændelsen").format(
            deadline=words, span=span_words(deadline.no_sooner, lang)
        )
    if deadline.otherwise is not None:
        words = t("{deadline}; er det tidspunkt ikke kendt: {otherwise}").format(
            deadline=words, otherwise=deadline_words(deadline.otherwise, lang, immediately=immediately)
        )
    return words


def rule_deadline_words(rule: Rule, lang: Language) -> str:
    """When the duty of ``rule`` falls due."""
    spans = [step.span for step in rule.steps if step.anchor is Anchor.RECEIPT]
    return deadline_words(rule.deadline, lang, immediately=min(spans, default=timedelta()))


def _instant(deadline: Deadline, lang: Language, immediately: timedelta) -> str:
    """The instant itself: ``kl. 12 arbejdsdagen før forventet udskrivelse``."""
    t = lang.text
    match deadline.kind:
        case DeadlineKind.IMMEDIATE:
            if not immediately:
                return t("straks")
            return t("straks, senest efter {span}").format(span=span_words(immediately, lang))
        case DeadlineKind.ELAPSED:
            return _elapsed(deadline, lang)
        case DeadlineKind.CLOCK:
            return _at_day(deadline, _days_words(deadline, lang), lang)
        case DeadlineKind.WORKING_DAYS:
            return _at_day(deadline, _working_days_words(deadline, lang), lang)
        case DeadlineKind.READING:
            words = t("læst inden kl. {at}, når det er sendt inden kl. {sent_by}, ellers inden kl. {at} næste læsedag")
            return words.format(at=_wall(deadline.at, lang), sent_by=_wall(deadline.sent_by, lang))
        case _:
            assert_never(deadline.kind)


def _elapsed(deadline: Deadline, lang: Language) -> str:
    t = lang.text
    if not deadline.span:
        return _at_words(deadline.since, lang)
    words = t("{span} efter {since}") if deadline.span > timedelta() else t("{span} før {since}")
    return words.format(span=span_words(deadline.span, lang), since=_since_words(deadline.since, lang))


def _at_day(deadline: Deadline, day: str, lang: Language) -> str:
    if deadline.at is None:
        return lang.text("samme tid {day}").format(day=day)
    return lang.text("kl. {at} {day}").format(at=_wall(deadline.at, lang), day=day)


def _days_words(deadline: Deadline, lang: Language) -> str:
    t, since = lang.text, _since_words(deadline.since, lang)
    if deadline.days == 0:
        return t("på dagen for {since}").format(since=since)
    if deadline.days < 0:
        return t("på dag {n} før {since}").format(n=-deadline.days, since=since)
    return t("på dag {n} efter {since}").format(n=deadline.days, since=since)


def _working_days_words(deadline: Deadline, lang: Language) -> str:
    since, days = _since_words(deadline.since, lang), deadline.days
    if days == 0:
        return lang.text("på dagen for {since}").format(since=since)
    if days < 0:
        words = lang.choose(-days, "arbejdsdagen før {{since}}", "på {n}. arbejdsdag før {{since}}")
    else:
        words = lang.choose(days, "arbejdsdagen efter {{since}}", "på {n}. arbejdsdag efter {{since}}")
    return words.format(since=since)


def _wall(at: time | None, lang: Language) -> str:
    """``12``, ``14.30``, ``24``; with colons in English."""
    if at is None or at == END_OF_DAY:
        return "24" if lang.is_danish else "24:00"
    if not lang.is_danish:
        return f"{at:%H:%M}"
    return f"{at.hour}" if at.minute == 0 else f"{at.hour}.{at.minute:02}"


def _since_words(since: Since, lang: Language) -> str:
    t = lang.text
    return {
        Since.EVENT: t("hændelsen"),
        Since.STAY_BEGAN: t("indlæggelsen"),
        Since.EXPECTED_DISCHARGE: t("forventet udskrivelse"),
        Since.TREATMENT_FINISHED: t("færdigbehandling"),
        Since.DISCHARGE: t("udskrivelsen"),
        Since.FIRST_VISIT: t("første besøg i planen"),
        Since.SIGN_OFF: t("lægens godkendelse af medicinlisten"),
    }[since]


def _at_words(since: Since, lang: Language) -> str:
    t = lang.text
    return {
        Since.EVENT: t("når det sker"),
        Since.STAY_BEGAN: t("ved indlæggelsen"),
        Since.EXPECTED_DISCHARGE: t("ved forventet udskrivelse"),
        Since.TREATMENT_FINISHED: t("ved færdigbehandling"),
        Since.DISCHARGE: t("ved udskrivelsen"),
        Since.FIRST_VISIT: t("ved første besøg i planen"),
        Since.SIGN_OFF: t("ved lægens godkendelse af medicinlisten"),
    }[since]


def step_words(step: Step, rule: Rule, lang: Language) -> str:
    """``efter 30 minutter: kommunens vagt får besked (hjemmesygeplejerske)``."""
    t = lang.text
    party = step.party or rule.addressee
    called = role_words(lang)
    roles = ", ".join(called[role] for role in sorted(step.roles or rule.roles))
    said = {
        StepKind.REMIND: t("{when}: {party} bliver mindet om det ({roles})"),
        StepKind.ESCALATE: t("{when}: {party} får besked ({roles})"),
        StepKind.OVERDUE: t("{when}: vises som over tid hos {party} ({roles})"),
    }[step.kind].format(when=_when(step, lang), party=party_words(party, lang), roles=roles)
    quiet = {
        Quiet.RING: "",
        Quiet.WAIT: t(", uden for åbningstid når der åbnes"),
        Quiet.ON_CALL: t(", uden for åbningstid hos vagten"),
    }[step.quiet]
    return said + quiet


def _when(step: Step, lang: Language) -> str:
    t = lang.text
    match step.anchor:
        case Anchor.RECEIPT:
            return _after_receipt(step, lang)
        case Anchor.DUE:
            if not step.span:
                return t("ved fristen")
            words = t("{span} efter fristen") if step.span > timedelta() else t("{span} før fristen")
            return words.format(span=span_words(step.span, lang))
        case Anchor.COMPLETED:
            days = lang.choose(step.working_days, "{n} arbejdsdag", "{n} arbejdsdage")
            return t("{span} efter at {code} er udført").format(span=days, code=step.after_code)
        case Anchor.INSTANT:
            assert step.instant is not None, "the form demands it"
            return _instant(step.instant, lang, timedelta())
        case _:
            assert_never(step.anchor)


def _after_receipt(step: Step, lang: Language) -> str:
    t = lang.text
    after = t("efter {span} uden svar").format(span=span_words(step.span, lang)) if step.span else t("straks")
    if step.within is None or step.span_outside is None:
        return after
    return t("{after} ({hours}; ellers {span})").format(
        after=after, hours=hours_words(step.within, lang), span=span_words(step.span_outside, lang)
    )


def hours_words(hours: OpeningHours, lang: Language) -> str:
    """``kl. 8-15 alle dage``."""
    t = lang.text
    words = t("kl. {opens}-{closes} på arbejdsdage") if hours.working_days_only else t("kl. {opens}-{closes} alle dage")
    return words.format(opens=_wall(hours.opens, lang), closes=_wall(hours.closes, lang))


def party_words(party: str, lang: Language) -> str:
    """Who that is; a name of the agreement's own stands as it is written."""
    t = lang.text
    name = party.removesuffix(AUTHORITY)
    known = {
        PartyName.MUNICIPALITY: t("kommunen"),
        PartyName.MUNICIPALITY_ON_DUTY: t("kommunens vagt"),
        PartyName.WARD: t("afsnittet"),
        PartyName.HOSPITAL: t("hospitalet"),
        PartyName.GP: t("egen læge"),
        PartyName.REGION: t("regionen"),
        PartyName.ASKER: t("den, der skrev"),
        PartyName.ASKED: t("den, der blev spurgt"),
        "acute-team": t("akutteamet"),
    }
    words = known.get(name, name)
    return t("myndigheden for {party}").format(party=words) if party.endswith(AUTHORITY) else words


def trigger_words(trigger: Trigger, lang: Language) -> str:
    """What sets a rule off."""
    t = lang.text
    return {
        Trigger.STAY_BEGAN: t("borgeren kommer på hospitalet"),
        Trigger.ADMITTED: t("borgeren bliver indlagt"),
        Trigger.PLAN_REVISED: t("planen bliver ændret"),
        Trigger.TREATMENT_FINISHED: t("borgeren er færdigbehandlet"),
        Trigger.TREATMENT_RESUMED: t("færdigbehandlingen tages tilbage"),
        Trigger.DISCHARGED: t("borgeren bliver udskrevet"),
        Trigger.MESSAGE_WRITTEN: t("nogen skriver"),
        Trigger.TASK_COMPLETED: t("en opgave er udført"),
        Trigger.MEDICATION_REVISED: t("nogen arbejder på medicinlisten"),
        Trigger.DOCUMENT_FILED: t("en udskrivningsrapport kommer eller falder bort"),
    }[trigger]


def consequence_words(field: str, consequence: Consequence, lang: Language) -> str:
    """What a later event does to an open duty: ``completed-by``, ``voided-by`` or ``renewed-by``."""
    t = lang.text
    events = ", ".join(trigger_words(trigger, lang) for trigger in Trigger if trigger in consequence.on)
    words = {
        "completed-by": t("Er udført, når {events}"),
        "voided-by": t("Bortfalder, når {events}"),
        "renewed-by": t("Spørges igen, når {events}: et tidligere ja gælder ikke længere"),
    }[field].format(events=events)
    return words if consequence.rule is None else f"{words} ({consequence.rule})"


def waits_words(code: str, lang: Language) -> str:
    """What must be over before the duty of a row is done."""
    return lang.text("Venter på {code}, medmindre nogen skriver, hvorfor ikke").format(code=code)


def field_words(field: str, lang: Language) -> str:
    """What a field of a row is called, for what is to be verified and where things come from."""
    t = lang.text
    return {
        "source": t("kilden"),
        "trigger": t("hændelsen"),
        "when": t("betingelsen"),
        "addressee": t("modtageren"),
        "roles": t("rollerne"),
        "requester": t("den, der beder"),
        "title": t("teksten"),
        "note": t("noten"),
        "payer": t("betaleren"),
        "content": t("adgangen"),
        "priority": t("hastegraden"),
        "deadline": t("fristen"),
        "ladder": t("trinnene"),
        "chain": t("rækken"),
        "completed-by": t("hvad der udfører den"),
        "voided-by": t("hvad der lukker den"),
        "renewed-by": t("hvad der spørger igen"),
        "waits-for": t("hvad den venter på"),
        "suspend": t("hele reglen"),
    }.get(field, field)


def span_of_party_words(span: PartySpan, lang: Language) -> str:
    """``fra 1. januar 2027: kommunen udfører, regionen svarer for det``."""
    t = lang.text
    who = t("{operator} udfører, {authority} svarer for det").format(
        operator=party_words(span.operator, lang), authority=party_words(span.authority, lang)
    )
    return f"{days_words(span.valid_from, span.valid_to, lang)}: {who}"


def days_words(first: date | None, last: date | None, lang: Language) -> str:
    """From when to when."""
    t = lang.text
    match first, last:
        case None, None:
            return t("altid")
        case date(), None:
            return t("fra {first}").format(first=full_date(first, lang))
        case None, date():
            return t("til og med {last}").format(last=full_date(last, lang))
        case date(), date():
            return t("{first} til og med {last}").format(first=full_date(first, lang), last=full_date(last, lang))
        case _:
            raise AssertionError(first, last)
