"""The pages of a long list."""

from __future__ import annotations

import pytest

from services.persistence.views import Part
from services.web.paging import Pages, address, page_number


def test_a_list_that_one_page_holds_has_no_foot() -> None:
    assert Pages.of(Part.of(0, 1), "/gp") is None
    assert Pages.of(Part.of(100, 1), "/gp") is None


def test_the_first_page_leads_to_the_next_with_the_filter_kept() -> None:
    pages = Pages.of(Part.of(101, 1), "/gp", show="late")

    assert pages == Pages(page=1, first=1, last=100, total=101, before="", after="/gp?show=late&page=2")


def test_the_last_page_says_how_far_it_goes_and_leads_back() -> None:
    pages = Pages.of(Part.of(250, 3), "/gp")

    assert pages == Pages(page=3, first=201, last=250, total=250, before="/gp?page=2", after="")


def test_a_page_in_the_middle_leads_both_ways_and_the_first_page_has_no_number() -> None:
    pages = Pages.of(Part.of(250, 2), "/gp")

    assert pages is not None
    assert (pages.before, pages.after) == ("/gp", "/gp?page=3")


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (4, 3), (9999, 3), (-1, 1)])
def test_a_page_that_is_not_there_gives_the_nearest(asked: int, given: int) -> None:
    assert Part.of(201, asked).page == given


@pytest.mark.parametrize(("place", "page"), [(0, 1), (99, 1), (100, 2), (200, 3)])
def test_a_row_stands_on_the_page_that_its_place_says(place: int, page: int) -> None:
    assert Part.holding(201, place).page == page


@pytest.mark.parametrize(
    ("text", "number"), [("2", 2), ("0", 0), (None, 1), ("", 1), ("x", 1), ("-1", 1), ("²", 1), ("12345", 1)]
)
def test_what_is_no_number_asks_for_the_first_page(text: object, number: int) -> None:
    assert page_number(text) == number


def test_an_empty_filter_stands_in_no_address() -> None:
    assert address("/ward", 1, show="") == "/ward"
