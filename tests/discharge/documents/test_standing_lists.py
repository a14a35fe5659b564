"""What the documents that hold state together: once what they say alike, dated by those who say it, and all words."""

from dataclasses import replace

from discharge.documents.report import DischargeReport
from discharge.documents.standing import lists_of
from discharge.identifiers import SorCode
from discharge.medication.lists import Column, MedicationList, Saying
from discharge.medication.reconciling import Doubt, reconcile
from tests.discharge.documents.made import STAY, filed, later, listing, report
from tests.discharge.medication.lines import medicine


def lists(*reports: DischargeReport) -> tuple[MedicationList, ...]:
    """What they state together."""
    return lists_of(STAY, filed(*reports))


def test_report_that_is_silent_on_the_medicine_makes_a_list_no_newer() -> None:
    letter = report(medicine=listing(medicine("Pinex")))
    nursing = report(dated_at=later(72), medicine=listing(saying=Saying.NOT_REPORTED))
    came = filed(letter, nursing)
    came[1] = replace(came[1], sender=SorCode("999999"), received_at=later(72))

    (stated,) = lists_of(STAY, came)

    assert (stated.as_of, stated.received_at, stated.source) == (later(0), later(0), came[0].sender)
    assert stated.documents == (letter.id, nursing.id)


def test_of_words_alone_the_latest_tell_the_time() -> None:
    unchanged = report(medicine=listing(saying=Saying.UNCHANGED, text="Fast medicin uændret"))
    worded = report(dated_at=later(2), medicine=listing(saying=Saying.NOT_KNOWN, text="Pinex"))

    (stated,) = lists(unchanged, worded)

    assert (stated.saying, stated.as_of) == (Saying.UNCHANGED, later(2))


def test_lines_that_two_documents_say_alike_are_one_and_no_double() -> None:
    letter = report(medicine=listing(medicine("Pinex"), medicine("Furix", "C03CA01"), medicine(None, None)))
    nursing = report(
        medicine=listing(medicine("Pinex", section="5"), medicine("Digoxin", "C01AA05"), medicine(None, None))
    )

    (stated,) = lists(letter, nursing)

    assert [line.name for line in stated.lines] == ["Pinex", "Furix", None, "Digoxin", None]
    assert stated.lines[0] == letter.medicine[0].lines[0]
    assert not any(line.joined.is_double for line in reconcile([stated]).lines)


def test_line_that_one_document_says_twice_stays_twice() -> None:
    twice = report(medicine=listing(medicine("Pinex"), medicine("Pinex")))
    once = report(medicine=listing(medicine("Pinex")))

    (stated,) = lists(once, twice)

    assert [line.name for line in stated.lines] == ["Pinex", "Pinex"]
    assert any(line.joined.is_double for line in reconcile([stated]).lines)


def test_words_that_say_more_than_the_lines_are_a_line_to_be_read() -> None:
    said = report(medicine=listing(medicine("Pinex"), text="Metotrexat startes mandag", says_more=True))

    (stated,) = lists(said)

    assert stated.says_more
    assert [(line.doubt, line.instruction_line.instruction) for line in reconcile([stated]).lines][1:] == [
        (Doubt.IN_WORDS, "Metotrexat startes mandag")
    ]


def test_words_that_repeat_the_lines_are_none() -> None:
    said = listing(medicine("Pinex"), text="Pinex")

    (generated,) = lists(report(medicine=said))
    (wordless,) = lists(report(medicine=(replace(said[0], text=None, says_more=True),)))
    (in_hospital,) = lists(report(medicine=(replace(said[0], column=Column.IN_HOSPITAL, says_more=True),)))

    assert generated.all_lines == wordless.all_lines == in_hospital.all_lines == said[0].lines


def test_what_is_written_beside_none_is_read_also_where_another_document_has_words() -> None:
    none = report(medicine=listing(saying=Saying.NONE_KNOWN, text="Pinex ved behov"))
    worded = report(medicine=listing(saying=Saying.NOT_KNOWN, text="Furix"))

    (alone,) = lists(none)
    (together,) = lists(none, worded)

    assert [line.instruction for line in alone.all_lines] == ["Pinex ved behov"]
    assert (together.saying, together.text) == (Saying.NOT_KNOWN, "Pinex ved behov\n\nFurix")
