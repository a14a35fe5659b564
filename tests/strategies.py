"""Whatever the domain can hold, for property tests of what keeps it."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from hypothesis import strategies as st

from discharge.directory import Organization, OrganizationKind
from discharge.identifiers import (
    CprNumber,
    DocumentId,
    EncounterId,
    EpisodeOfCareId,
    MessageId,
    PatientId,
    PersonId,
    RuleId,
    SegmentId,
    SorCode,
    StayId,
    TaskId,
    ThreadId,
)
from discharge.letter import (
    Attachment,
    Author,
    Category,
    Contact,
    Letter,
    LetterKind,
    LetterPriority,
    Segment,
    Step,
    TextSegment,
)
from discharge.patient import Patient
from discharge.plan import Certainty, DischargePlan, Need, PlanCause
from discharge.policy import ContentClass, Role
from discharge.stay import Encounter, EncounterClass, Party, PartyBasis, Stay, StayState
from discharge.task import AgreementRef, HandoverTask, PastRound, Person, Priority, Proofs, TaskStatus, Title, Wait

# What JSON and PostgreSQL refuse (NUL, lone surrogates) is refused before it gets here.
words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
codes = st.text("abcdefghij-", min_size=1, max_size=12)
ids = st.uuids(version=4).map(str)
sors = st.integers(10**9, 10**12).map(str).map(SorCode)
instants = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
people = st.builds(Person, codes.map(PersonId), words.filter(bool))
roles = st.frozensets(st.sampled_from(Role), max_size=3)


@st.composite
def proofs(draw: st.DrawFn) -> Proofs:
    seen, accepted, done = (draw(st.none() | st.tuples(instants, people)) for _ in range(3))
    return Proofs(
        sent_at=draw(instants),
        delivered_at=draw(st.none() | instants),
        seen_at=seen and seen[0],
        seen_by=seen and seen[1],
        accepted_at=accepted and accepted[0],
        accepted_by=accepted and accepted[1],
        done_at=done and done[0],
        done_by=done and done[1],
    )


rounds = st.builds(PastRound, proofs=proofs(), status=st.sampled_from(TaskStatus), owner=sors, closed_at=instants)
tasks = st.builds(
    HandoverTask,
    id=ids.map(TaskId),
    version=st.integers(1, 2**31 - 1),
    stay_id=ids.map(StayId),
    patient_id=ids.map(PatientId),
    rule=st.none() | codes.map(RuleId),
    agreement=st.none() | st.builds(AgreementRef, codes, codes),
    cause=st.none() | codes,
    code=codes,
    title=st.builds(Title, words, words),
    content_class=st.sampled_from(ContentClass),
    priority=st.sampled_from(Priority),
    requester=sors,
    owner=sors,
    audience=roles,
    chain=st.lists(sors, max_size=3).map(tuple),
    status=st.sampled_from(TaskStatus),
    status_reason=st.none() | words.filter(bool),
    assignee=st.none() | people,
    created_at=instants,
    changed_at=instants,
    due_at=st.none() | instants,
    proposed_time=st.none() | instants,
    note=st.none() | words.filter(bool),
    note_en=st.none() | words.filter(bool),
    proofs=proofs(),
    rounds=st.lists(rounds, max_size=3).map(tuple),
    escalated_to=st.frozensets(codes, max_size=2),
    replaces=st.none() | ids.map(TaskId),
    wait=st.none() | st.builds(Wait, code=codes, since=st.none() | instants, released_at=st.none() | instants),
)
plans = st.builds(
    DischargePlan,
    version=st.integers(1, 1000),
    expected_discharge_at=st.none() | instants,
    certainty=st.sampled_from(Certainty),
    treatment_finished_at=st.none() | instants,
    needs=st.none() | st.frozensets(st.sampled_from(Need)),
    first_visit_at=st.none() | instants,
    destination=st.none() | words,
    functional_level=st.none() | words,
    frail=st.none() | st.booleans(),
    without_72_hours=st.none() | words,
    medicine_until=st.none() | st.dates(),
    contact_phone=st.none() | words,
    agreed_by_phone=st.none() | words,
    first_24_hours=st.none() | words,
    override_reason=st.none() | words,
    bed=st.none() | words,
    filled_from=st.none() | ids.map(DocumentId),
    is_left_empty=st.booleans(),
    cause=st.none() | st.sampled_from(PlanCause),
)
patients = st.builds(
    Patient,
    id=ids.map(PatientId),
    cpr=st.just(CprNumber("2512489996")),
    family=st.none() | words,
    given=st.lists(words, max_size=3).map(tuple),
    municipality=st.none() | sors,
    district=st.none() | words,
    services=st.frozensets(codes, max_size=3),
    gp=st.none() | sors,
    relatives=st.lists(words, max_size=3).map(tuple),
    protected=st.booleans(),
    blocks=st.lists(codes, max_size=2).map(tuple),
)
organizations = st.builds(
    Organization,
    sor=sors,
    name=words,
    kind=st.sampled_from(OrganizationKind),
    gln=st.none() | codes,
    part_of=st.none() | sors,
    region=st.none() | codes,
    districts=st.frozensets(words, max_size=3),
    uses_stafet=st.booleans(),
)
encounters = st.builds(
    Encounter,
    id=ids.map(EncounterId),
    encounter_class=st.sampled_from(EncounterClass),
    ward=sors,
    started_at=instants,
    ended_at=st.none() | instants,
)
parties = st.builds(
    Party, organization=sors, basis=st.sampled_from(PartyBasis), since=instants, until=st.none() | instants
)
episodes = st.builds(EpisodeOfCareId, words, words)
stays = st.builds(
    Stay,
    id=ids.map(StayId),
    patient_id=ids.map(PatientId),
    receiver=st.none() | sors,
    hospital=sors,
    ward=sors,
    state=st.sampled_from(StayState),
    began_at=instants,
    ended_at=st.none() | instants,
    end_received_at=st.none() | instants,
    encounters=st.lists(encounters, min_size=1, max_size=4, unique_by=lambda e: e.id).map(tuple),
    episodes=st.lists(episodes, max_size=4, unique_by=lambda e: e.key).map(tuple),
    parties=st.lists(parties, max_size=4, unique_by=lambda p: p.organization).map(tuple),
    plan=st.just(DischargePlan()) | plans,
)


# ── care messages ───────────────────────────────────────────────────────────────────────────────────────────────────
# A letter as a message can say it: no blank texts, composed characters, and times of whole milliseconds.
said = (
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), min_size=1, max_size=30)
    .map(lambda text: unicodedata.normalize("NFC", " ".join(text.split())))
    .filter(bool)
)
moments = instants.map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))
urns = st.uuids(version=4).map(lambda found: found.urn)
phones = st.from_regex(r"\A[+]?[0-9]{8}\Z")
coded_titles = st.builds(
    Author, name=said, title=said, code=codes.map(lambda code: f"http://example.org/titles|{code}")
)
authors = st.builds(Author, name=said, title=said) | coded_titles
texts = st.builds(
    TextSegment, id=urns.map(SegmentId), at=moments, organization=sors, author=authors, phone=phones, text=said
)
contents = st.binary(max_size=40).map(lambda rest: b"%PDF-1.7 " + rest)
attached = st.builds(
    Attachment,
    id=urns.map(SegmentId),
    at=moments,
    organization=sors,
    author=st.none() | authors,
    phone=st.none() | phones,
    title=said,
    media_type=st.just("application/pdf"),
    content=contents,
    created_at=st.none() | moments,
)
named_only = st.builds(
    Attachment,
    id=urns.map(SegmentId),
    at=moments,
    organization=sors,
    title=said,
    link=st.none() | st.just("https://example.org/plan"),
)
episode_ids = st.builds(EpisodeOfCareId, st.just("https://sor2.sum.dsdn.dk/#id=200000000000011"), urns)
team = said.map(lambda name: Contact(name=name))
worker = st.builds(Contact, name=said, title=said)


@st.composite
def _letters(draw: st.DrawFn) -> Letter:
    segments: list[Segment] = list(draw(st.lists(texts, min_size=1, max_size=3, unique_by=lambda each: each.id)))
    segments += draw(st.lists(st.one_of(attached, named_only), max_size=2, unique_by=lambda each: each.id))
    segments = sorted(segments, key=lambda segment: segment.at)
    sender, recipient = draw(st.lists(sors, min_size=2, max_size=2, unique=True))
    earlier = sorted(
        draw(st.lists(st.builds(
            Step,
            message_id=ids.map(MessageId),
            kind=st.sampled_from([LetterKind.NEW, LetterKind.REPLY, LetterKind.FORWARD]),
            at=moments,
            organization=sors,
            segments=st.lists(urns.map(SegmentId), max_size=2).map(tuple),
            follows=st.none() | ids.map(MessageId),
        ), max_size=2, unique_by=lambda step: step.message_id)),
        key=lambda step: step.at,
    )  # fmt: skip
    message_id = MessageId(draw(ids))
    own = Step(
        message_id=message_id,
        kind=LetterKind.REPLY if earlier else LetterKind.NEW,
        at=draw(moments),
        organization=sender,
        segments=(segments[-1].id,),
        follows=earlier[-1].message_id if earlier else None,
    )
    category = draw(st.sampled_from(Category))
    return Letter(
        id=message_id,
        thread=ThreadId(draw(urns)),
        sender=sender,
        recipient=recipient,
        category=category,
        topic=draw(said if category is Category.OTHER else st.none() | said),
        priority=draw(st.sampled_from(LetterPriority)) if category is Category.REGARDING_REFERRAL else None,
        sender_contact=draw(st.none() | team | worker),
        recipient_contact=draw(st.none() | team | worker),
        episodes=draw(st.lists(episode_ids, max_size=2, unique=True).map(tuple)),
        segments=tuple(segments),
        history=(*earlier, own),
    )


letters = _letters()
