import re
import uuid
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.errors import InvalidIdentifierError
from discharge.identifiers import LPR3_SYSTEM, CprNumber, EpisodeOfCareId, fresh_urn, parse_sor


@st.composite
def cpr_numbers(draw: st.DrawFn) -> CprNumber:
    day = draw(st.dates(min_value=date(1900, 1, 1), max_value=date(1999, 12, 31)))
    return CprNumber.parse(f"{day:%d%m%y}{draw(st.integers(0, 3))}{draw(st.integers(0, 999)):03}")


@given(cpr_numbers())
def test_a_cpr_number_never_shows_its_last_four_digits(cpr: CprNumber) -> None:
    shown = f"{cpr} {cpr!r} {cpr.masked} {[cpr]}"

    assert cpr.digits not in shown
    assert not re.search(rf"{cpr.digits[6:]}(?!\d)", shown.replace(cpr.digits[:6], ""))
    assert "••••" in shown


@given(cpr_numbers())
def test_a_hyphen_and_blanks_around_a_cpr_number_change_nothing(cpr: CprNumber) -> None:
    assert CprNumber.parse(f" {cpr.digits[:6]}-{cpr.digits[6:]} ") == cpr


@given(cpr_numbers())
def test_a_cpr_number_carries_its_birth_date(cpr: CprNumber) -> None:
    assert f"{cpr.birth_date:%d%m%y}" == cpr.digits[:6]


@pytest.mark.parametrize(
    ("digits", "year"),
    [
        ("0101370000", 1937),
        ("0101363999", 1936),
        ("0101364000", 2036),
        ("0101374000", 1937),
        ("0101575000", 2057),
        ("0101585000", 1858),
        ("0101578999", 2057),
        ("0101588000", 1858),
        ("0101369000", 2036),
        ("0101379000", 1937),
    ],
)
def test_the_seventh_digit_gives_the_century(digits: str, year: int) -> None:
    assert CprNumber.parse(digits).birth_date.year == year


@pytest.mark.parametrize("text", ["", "251248999", "25124899960", "251248x996", "251248/9996", "٢٥١٢٤٨٩٩٩٦"])
def test_a_cpr_number_has_ten_digits(text: str) -> None:
    with pytest.raises(InvalidIdentifierError) as refused:
        CprNumber.parse(text)

    assert (refused.value.kind, refused.value.rule) == ("CPR", "ten-digits")


def test_a_cpr_number_begins_with_a_day_of_the_calendar_and_its_refusal_repeats_no_digit() -> None:
    with pytest.raises(InvalidIdentifierError) as refused:
        CprNumber.parse("3113489996")

    assert refused.value.rule == "real-date"
    assert "3113489996" not in f"{refused.value} {refused.value!r} {refused.value.__context__!r}"


def test_modulus_eleven_rejects_nobody() -> None:
    assert CprNumber.parse("0101010001").digits == "0101010001"


@pytest.mark.parametrize(("digits", "passes"), [("0101010001", False), ("0101010007", True), ("2512489996", False)])
def test_modulus_eleven_is_still_told(digits: str, passes: bool) -> None:  # noqa: FBT001 - an example
    assert CprNumber.parse(digits).passes_modulus_11 is passes


@pytest.mark.parametrize(
    ("day", "age"),
    [(date(2026, 12, 24), 77), (date(2026, 12, 25), 78), (date(1940, 1, 1), 0)],
)
def test_age_counts_whole_years_and_is_never_negative(day: date, age: int) -> None:
    assert CprNumber.parse("2512489996").age_on(day) == age


@pytest.mark.no_cover
@given(st.from_regex(r"[0-9]{6,20}", fullmatch=True))
def test_a_sor_code_is_six_to_twenty_digits(text: str) -> None:
    assert parse_sor(text) == text


@pytest.mark.parametrize("text", ["", "12345", "123456789012345678901", "12345a", " 123456", "١٢٣٤٥٦"])
def test_another_text_is_no_sor_code(text: str) -> None:
    with pytest.raises(InvalidIdentifierError):
        parse_sor(text)


def test_two_spellings_of_an_episode_id_have_one_key() -> None:
    spellings = (
        "urn:uuid:0A1B2C3D-0000-4000-8000-00000000000F",
        "0a1b2c3d-0000-4000-8000-00000000000f",
        " 0a1b2c3d00004000800000000000000f ",
    )

    assert len({EpisodeOfCareId("urn:x", value).key for value in spellings}) == 1


def test_only_an_lpr3_episode_id_is_national() -> None:
    assert EpisodeOfCareId(LPR3_SYSTEM, "a").is_national
    assert not EpisodeOfCareId("urn:oid:1.2", "a").is_national


@pytest.mark.parametrize(("text", "is_national"), [("0703921VJ5", True), ("1206550VK9", False), ("0101306AA0", False)])
def test_a_replacement_number_stands_where_there_is_no_cpr_number(text: str, *, is_national: bool) -> None:
    number = CprNumber.parse_replacement(text)

    assert (number.digits, number.is_replacement, number.is_national) == (text, True, is_national)
    assert number.masked == f"{text[:6]}-••••"
    assert not number.passes_modulus_11
    assert text not in repr(number)
    assert number.age_on(date(2026, 11, 20)) >= 0


@pytest.mark.parametrize(
    "text", ["2512489996", "310292AVJ5", "3102921VJ5", "0703922VJ5", "0703921vj5", "0703921VJ55", ""]
)
def test_another_text_is_no_replacement_number(text: str) -> None:
    with pytest.raises(InvalidIdentifierError) as refused:
        CprNumber.parse_replacement(text)

    assert refused.value.kind == "eCPR"
    assert not CprNumber.parse("2512489996").is_replacement
    assert not CprNumber.parse("2512489996").is_national


def test_a_urn_made_of_our_id_is_always_the_same_and_of_version_4() -> None:
    made = fresh_urn("0192f3e6-0000-7000-8000-000000000001")

    assert made == fresh_urn("0192f3e6-0000-7000-8000-000000000001")
    assert made != fresh_urn("another")
    assert uuid.UUID(made).version == 4
