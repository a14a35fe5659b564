"""Medicine to choose from: the sample that is shipped, and a list that an operator names."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.settings import SettingsError
from services.stays.medicine.catalogue import Catalogue, catalogue_of, read_catalogue

HEAD = "name,atc,strengths,forms,route\n"


@pytest.fixture
def sample() -> Catalogue:
    return catalogue_of(None)


def test_every_substance_of_the_sample_has_its_own_code_of_level_five(sample: Catalogue) -> None:
    codes = [each.atc for each in sample.substances]

    assert len(codes) > 50
    assert all(len(code) == 7 for code in codes)
    assert len(set(codes)) == len(codes)


def test_a_substance_is_found_by_name_code_and_part(sample: Catalogue) -> None:
    furosemid = sample.by_name("FUROSEMID 40 mg")

    assert furosemid is not None
    assert sample.by_code(furosemid.atc) == furosemid
    assert sample.search("furo")[0].name == "Furosemid"
    assert sample.search("c03ca")[0].name == "Furosemid"
    assert any(each.name == "Furosemid" for each in sample.search("osemid"))
    assert sample.search("  ") == ()
    assert sample.by_name("Nosuch") is None
    assert sample.by_code("X") is None


def test_an_operators_list_takes_the_place_of_the_sample(tmp_path: Path) -> None:
    file = tmp_path / "medicine.csv"
    file.write_text(f"{HEAD}Sprogmiddel,N02BE01,500 mg|1 g,tablet|mikstur,oral\n", encoding="utf-8")

    (found,) = catalogue_of(file).substances

    assert (found.name, found.strengths, catalogue_of(file).forms) == (
        "Sprogmiddel",
        ("500 mg", "1 g"),
        ("tablet", "mikstur"),
    )
    assert len(catalogue_of(file).search("sprog")) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,atc\nPinex,N02BE01\n", "no column strengths"),
        (f"{HEAD}Pinex,,500 mg,tablet,oral\n", "row 2 leaves atc empty"),
        (f"{HEAD}Pinex,N02BE01\n", "row 2 leaves strengths empty"),
        ("", "no column name"),
    ],
)
def test_a_list_with_holes_is_refused_by_row(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "medicine.csv"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=said):
        read_catalogue(text)
    with pytest.raises(SettingsError, match=said):
        catalogue_of(file)


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="STAFET_MEDICINE_CATALOGUE"):
        catalogue_of(tmp_path / "nosuch.csv")
