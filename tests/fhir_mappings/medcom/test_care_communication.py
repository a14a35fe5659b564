"""What we send passes our own rules and reads back; what others publish reads as its description says."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from discharge.identifiers import CprNumber
from discharge.letter import Attachment, Author, Category, Letter, LetterKind, LetterPriority, files_of, texts_of
from fhir_mappings.medcom.acknowledgement import Correspondent
from fhir_mappings.medcom.care_communication import LetterContext, render_letter
from fhir_mappings.medcom.intake import LetterRead, Refused, read_message
from tests import factories, letters
from tests.factories import MUNICIPALITY, NOW, WARD
from tests.fhir_mappings import care
from tests.strategies import letters as any_letters

EXAMPLES = Path(__file__).parents[4] / "shared" / "medcom" / "examples"
PUBLISHED = sorted(EXAMPLES.glob("cc-*.json"))
GLN = "5790000000005"


def context(letter: Letter, **changes: Any) -> LetterContext:
    numbers = itertools.count(1)
    made = LetterContext(
        patient=factories.patient(),
        sender=Correspondent(sor=letter.sender, gln=GLN, name="Medicinsk M1"),
        recipient=Correspondent(sor=letter.recipient, gln=GLN),
        now=NOW,
        new_id=lambda: f"id-{next(numbers)}",
    )
    return replace(made, **changes)


def sent(letter: Letter, **changes: object) -> LetterRead:
    """The letter as its receiver reads it."""
    read = read_message(render_letter(letter, context(letter, **changes)), now=LATE)
    assert isinstance(read, LetterRead), read
    return read


LATE = NOW.replace(year=2101)
"""Later than whatever a strategy makes."""


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(letter=any_letters)
def test_letter_passes_our_own_rules_and_reads_back(letter: Letter) -> None:
    read = sent(letter)

    assert read.letter == letter
    assert [issue for issue in read.warnings if issue.rule != "stafet-care-entities"] == []


def test_envelope_names_the_two_ends_and_the_citizen() -> None:
    letter = letters.letter()

    read = sent(letter)

    assert (read.envelope.message_id, read.envelope.sender, read.envelope.receiver) == (letter.id, WARD, MUNICIPALITY)
    assert read.envelope.sender_gln == GLN
    assert (read.citizen.number, read.citizen.family, read.citizen.given) == (
        factories.CPR, factories.FAMILY, ("Ane",),
    )  # fmt: skip


@pytest.mark.parametrize("number", ["1206550VK9", "0703921VJ5"])
def test_citizen_without_a_cpr_number_goes_by_the_replacement(number: str) -> None:
    patient = factories.patient(cpr=CprNumber.parse_replacement(number), family=None, given=())

    read = sent(letters.letter(), patient=patient)

    assert (read.citizen.number.digits, read.citizen.family) == (number, None)


def test_every_rendering_is_a_sending_of_its_own() -> None:
    letter = letters.letter(letters.text(), letters.file())
    at = context(letter)

    first, again = (orjson.loads(render_letter(letter, at)) for _ in range(2))

    assert first["id"] != again["id"]
    assert first["entry"][0]["resource"]["id"] == again["entry"][0]["resource"]["id"] == letter.id


def test_every_resource_has_words_and_none_of_them_holds_a_file() -> None:
    letter = letters.letter(letters.text("<script>"), letters.file(), topic="Seng")

    entries = [entry["resource"] for entry in orjson.loads(render_letter(letter, context(letter)))["entry"]]

    assert all(each["text"]["status"] == "generated" for each in entries)
    assert not any("<script>" in each["text"]["div"] or "JVBER" in each["text"]["div"] for each in entries)


def test_one_person_is_sent_along_once() -> None:
    letter = letters.letter(letters.text(), letters.text("Mere"))

    kinds = Counter(
        entry["resource"]["resourceType"] for entry in orjson.loads(render_letter(letter, context(letter)))["entry"]
    )

    assert kinds["Practitioner"] == kinds["PractitionerRole"] == 1
    assert kinds["Organization"] == 2


def test_names_of_history_are_told_as_far_as_they_are_known() -> None:
    first = letters.letter(sender=factories.PRACTICE)
    answer = letters.reply(letters.letter(after=first))
    others = {factories.PRACTICE: Correspondent(sor=factories.PRACTICE, name="Lægehuset")}

    entries = orjson.loads(render_letter(answer, context(answer, others=others)))["entry"]

    names = [each["resource"].get("name") for each in entries if each["resource"]["resourceType"] == "Organization"]
    assert "Medicinsk M1" in names


def test_job_title_by_code_is_read_in_words() -> None:
    message = care.letter()
    care.role(message)["code"] = [{"coding": [{"system": "http://example.org", "code": "sygeplejerske"}]}]

    read = read_message(care.body(message), now=care.NOW)

    assert isinstance(read, LetterRead)
    assert texts_of(read.letter.segments)[0].author == Author(
        name="Anna Afsendersen", title="Sygeplejerske", code="http://example.org|sygeplejerske"
    )


def test_unknown_job_title_speaks_for_itself() -> None:
    message = care.letter()
    care.role(message)["code"] = [{"coding": [{"code": "troldmand"}]}]

    read = read_message(care.body(message), now=care.NOW)

    assert isinstance(read, LetterRead)
    assert (found := texts_of(read.letter.segments)[0].author) is not None
    assert found.title == "troldmand"


@pytest.mark.parametrize(
    ("said", "title"),
    [([{"text": "Kommunelæge"}], "Kommunelæge"), ([{"coding": [{"display": "x"}], "text": "Læge"}], "Læge")],
)
def test_job_title_without_a_code_is_the_words_that_are_given(said: list[dict[str, object]], title: str) -> None:
    message = care.letter()
    care.role(message)["code"] = said

    read = read_message(care.body(message), now=care.NOW)

    assert isinstance(read, LetterRead), read
    assert (found := texts_of(read.letter.segments)[0].author) is not None
    assert (found.title, found.code) == (title, None)


def test_answer_to_an_older_format_names_its_letter() -> None:
    answer = letters.letter()
    *before, own = answer.history
    answer = replace(answer, history=(*before, replace(own, foreign="5790000000005#12345")))

    assert sent(answer).letter.history[-1].foreign == "5790000000005#12345"


# ── what MedCom publishes ───────────────────────────────────────────────────────────────────────────────────────────
# Version, kind, category, own texts, files, citizen's number. None for what the description leaves open.
_EXPECTED: dict[str, tuple[LetterKind, Category, int, int]] = {
    "cc-3.0.0-modified-message": (LetterKind.MODIFIED, Category.TRAINING, 2, 0),
    "cc-3.0.0-retract-message-entered-in-error": (LetterKind.RETRACTED, Category.CARE_COORDINATION, 2, 0),
    "cc-4.0-test-receive_Tek-F_new_deceased": (LetterKind.NEW, Category.DECEASE, 1, 0),
    "cc-4.0-test-receive_Tek-G_new_replacementCPR": (LetterKind.NEW, Category.MEDICINE, 1, 0),
    "cc-4.0-test-send-A-new": (LetterKind.NEW, Category.REGARDING_REFERRAL, 1, 1),
    "cc-5.0-new-all-optional-content-priority": (LetterKind.NEW, Category.REGARDING_REFERRAL, 1, 2),
    "cc-5.0-thread1-1st-new": (LetterKind.NEW, Category.EXAMINATION_RESULTS, 1, 0),
    "cc-5.0-thread1-2nd-reply-with-attachment": (LetterKind.REPLY, Category.EXAMINATION_RESULTS, 2, 1),
    "cc-5.0.1-test-S-B-new": (LetterKind.NEW, Category.REGARDING_REFERRAL, 1, 1),
    "cc-5.0.1-test-S-D-new": (LetterKind.NEW, Category.DECEASE, 1, 1),
}


def test_published_letters_are_taken_and_read_back_from_our_own_rendering() -> None:
    for path in PUBLISHED:
        read = read_message(path.read_bytes(), now=care.NOW)

        assert isinstance(read, LetterRead), (path.stem, read.issues if isinstance(read, Refused) else read)
        assert not [issue for issue in read.warnings if issue.severity == "error"], path.stem
        letter, citizen = read.letter, read.citizen
        if letter.thread is not None:
            again = sent(letter, patient=factories.patient(cpr=citizen.number, family=citizen.family))
            assert (again.letter.segments, again.letter.history) == (letter.segments, letter.history), path.stem


def test_published_letters_say_what_their_description_says() -> None:
    for path in PUBLISHED:
        if path.stem not in _EXPECTED:
            continue
        letter = _published(path).letter
        found = (letter.kind, letter.category, len(texts_of(letter.segments)), len(files_of(letter.segments)))
        assert found == _EXPECTED[path.stem], path.stem


def _published(path: Path) -> LetterRead:
    read = read_message(path.read_bytes(), now=care.NOW)
    assert isinstance(read, LetterRead)
    return read


def _named(name: str) -> list[LetterRead]:
    """The published letter of that name, where it is at hand."""
    return [_published(path) for path in PUBLISHED if path.stem == name]


def test_published_letter_with_everything_optional_keeps_it_all() -> None:
    for read in _named("cc-5.0-new-all-optional-content-priority"):
        letter = read.letter
        assert letter.priority is LetterPriority.ASAP
        assert letter.topic == "Journal notat"
        assert letter.recipient_contact is not None
        assert letter.recipient_contact.is_team
        assert letter.sender_contact is not None
        assert letter.sender_contact.name == "Michael Burns"
        assert [episode.value for episode in letter.episodes] == ["gfd00bc2-9c26-4174-934e-f6e4360845de"]
        pdf, link = files_of(letter.segments)
        assert (pdf.media_type, pdf.title, link.link) == (
            "application/pdf",
            "Blodprøveresultater",
            "https://medcom.dk/",
        )


def test_published_picture_of_another_type_is_kept_as_what_it_is() -> None:
    for read in _named("cc-5.0.1-test-S-B-new"):
        assert [issue.rule for issue in read.warnings] == ["stafet-attachment-named-type"]
        assert [file.media_type for file in files_of(read.letter.segments)] == ["image/jpeg"]


def test_published_citizens_go_by_the_cpr_number_where_there_is_one() -> None:
    for name, is_replacement in (("cc-5.0.1-test-R-Tek-CPR-1", False), ("cc-5.0.1-test-R-Tek-B", True)):
        for read in _named(name):
            assert read.citizen.number.is_replacement is is_replacement


def test_file_without_content_reads_as_one_that_is_known_by_its_id() -> None:
    letter = letters.letter(letters.text(), letters.file(None))

    (file,) = files_of(sent(letter).letter.segments)

    assert isinstance(file, Attachment)
    assert (file.content, file.media_type) == (None, None)
