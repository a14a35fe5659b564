"""Every page keeps the habits of the house, in both languages: named, labelled, guarded, nothing inline."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from jinja2 import TemplateNotFound, UndefinedError
from typing_extensions import override

from services.web.templating import environment, sources
from tests.example_pages import FRAGMENTS, Examples, templates_covered

_VOID = {"meta", "link", "input", "br", "img", "use", "path", "circle", "hr"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def inside(self, tag: str) -> Element | None:
        above = self.parent
        while above is not None and above.tag != tag:
            above = above.parent
        return above

    def words(self) -> str:
        return self.text.strip() + " ".join(child.words() for child in self.children)


class Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        parent = self._open[-1] if self._open else None
        element = Element(tag, {name: value or "" for name, value in attrs}, parent)
        if parent is not None:
            parent.children.append(element)
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    @override
    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].text += data

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]


@cache
def examples(code: str) -> dict[str, str]:
    return Examples(code).all()


@cache
def tree(code: str, name: str) -> Tree:
    parsed = Tree()
    parsed.feed(examples(code)[name])
    parsed.close()
    return parsed


NAMES = sorted(examples("da"))
PAGES = [name for name in NAMES if name not in FRAGMENTS]
every_page = pytest.mark.parametrize(("code", "name"), [(c, n) for c in ("da", "en") for n in PAGES])
every_example = pytest.mark.parametrize(("code", "name"), [(c, n) for c in ("da", "en") for n in NAMES])


def test_every_template_is_among_the_examples() -> None:
    assert sorted(sources()) == sorted(templates_covered())


@every_page
def test_page_has_language_title_and_landmarks(code: str, name: str) -> None:
    page = tree(code, name)

    assert page.all("html")[0].attributes["lang"] == code
    assert page.all("title")[0].text.strip().endswith("· Stafet")
    assert page.all("title")[0].text.strip() != "· Stafet"
    for landmark in ("header", "main", "footer"):
        assert len([e for e in page.all(landmark) if e.inside("main") is None]) == 1, landmark


@every_page
def test_page_has_one_h1_and_no_skipped_level(code: str, name: str) -> None:
    headings = [e for e in tree(code, name).elements if re.fullmatch(r"h[1-6]", e.tag) and e.inside("dialog") is None]

    assert len([e for e in headings if e.tag == "h1"]) == 1
    levels = [int(e.tag[1]) for e in headings]
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels


@every_example
def test_nothing_is_inline(code: str, name: str) -> None:
    for element in tree(code, name).elements:
        assert "style" not in element.attributes
        assert not [attribute for attribute in element.attributes if attribute.startswith("on")]
        assert element.tag != "style"
        if element.tag == "script":
            assert element.attributes["src"].startswith("/static/")


@every_example
def test_every_form_that_changes_something_has_a_token(code: str, name: str) -> None:
    for form in tree(code, name).all("form"):
        if form.attributes.get("method") in {"dialog", "get"}:
            continue
        assert form.attributes["method"] == "post"
        fields = [e for e in tree(code, name).all("input") if e.inside("form") is form]
        assert "csrf" in {e.attributes.get("name") for e in fields}
        assert all(e.attributes.get("type") != "hidden" or "value" in e.attributes for e in fields)


@every_example
def test_every_field_has_a_label(code: str, name: str) -> None:
    page = tree(code, name)
    labelled = {e.attributes.get("for") for e in page.all("label")}
    for element in page.elements:
        if element.tag not in {"input", "select", "textarea"} or element.attributes.get("type") == "hidden":
            continue
        assert element.inside("label") is not None or element.attributes.get("id") in labelled


@every_example
def test_every_button_and_link_has_words(code: str, name: str) -> None:
    for element in tree(code, name).elements:
        if element.tag in {"a", "button", "summary"} and element.attributes.get("id") != "newpill":
            assert element.words().strip() or element.attributes.get("aria-label"), element


@every_page
def test_ids_are_unique_and_references_resolve(code: str, name: str) -> None:
    page = tree(code, name)
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]

    assert len(ids) == len(set(ids)), [i for i in ids if ids.count(i) > 1]
    for element in page.elements:
        for attribute in ("aria-labelledby", "aria-describedby", "for"):
            for reference in element.attributes.get(attribute, "").split():
                assert reference in ids, f"{attribute}={reference}"


@every_example
def test_marks_have_a_name_and_icons_are_decoration(code: str, name: str) -> None:
    for element in tree(code, name).elements:
        if element.attributes.get("role") == "img":
            assert element.attributes["aria-label"]
        if element.tag == "svg":
            assert element.attributes["aria-hidden"] == "true"


@every_example
def test_a_card_or_row_has_at_most_one_solid_button(code: str, name: str) -> None:
    page = tree(code, name)
    for box in (e for e in page.elements if e.tag == "article" or e.attributes.get("class", "").startswith("row")):
        solid = [e for e in page.elements if "go" in e.attributes.get("class", "").split() and _within(e, box)]
        assert len(solid) <= 1


def _within(element: Element, box: Element) -> bool:
    above = element.parent
    while above is not None and above is not box:
        above = above.parent
    return above is box


@every_page
def test_no_name_or_number_stands_in_title_or_address(code: str, name: str) -> None:
    page = tree(code, name)
    said = page.all("title")[0].text + " ".join(
        element.attributes.get(attribute, "") for element in page.elements for attribute in ("href", "action", "src")
    )

    assert not re.search(r"Prøvesen|Eksempelsen|\d{6}-", said)


@every_example
def test_a_whole_cpr_number_is_never_shown(code: str, name: str) -> None:
    assert not re.search(r"\d{6}-?\d{4}(?!\d)", re.sub(r"[0-9a-f-]{36}|\d{15}", "", examples(code)[name]))


def test_accept_sends_no_version_and_other_moves_do() -> None:
    page = tree("da", "municipality")
    for form in (f for f in page.all("form") if "data-move" in f.attributes):
        names = {e.attributes.get("name") for e in page.all("input") if e.inside("form") is form}
        assert ("version" in names) is (form.attributes["data-move"] != "accept")


def test_written_text_is_not_lost_when_a_field_is_wrong() -> None:
    page = tree("da", "plan-error")
    field_ = next(e for e in page.all("input") if e.attributes.get("name") == "time")

    assert field_.attributes["value"] == "25.00"
    assert field_.attributes["aria-invalid"] == "true"
    assert "e-time" in field_.attributes["aria-describedby"]


def test_leader_sees_duties_without_names() -> None:
    text = examples("da")["leader"]

    assert "Navnet vises ikke for din rolle" in text
    assert "Prøvesen" not in text


def test_empty_list_says_whether_it_is_done_or_filtered() -> None:
    assert "Alle opgaver er taget" in examples("da")["municipality-empty"]
    assert "Ingen passer til „over tid“" in examples("da")["municipality-filter"]
    assert "1 opgave er skjult af filteret." in examples("da")["municipality-filter"]


def test_lost_race_names_the_winner_and_the_moment() -> None:
    text = examples("da")["card-lost"]

    assert "Hanne P. tog den først, kl. 11.49.58" in text
    assert "Intet er gemt fra dig" in text


def test_page_carries_the_head_of_its_feed() -> None:
    main = tree("da", "municipality").all("main")[0].attributes

    assert (main["data-feed"], main["data-epoch"], main["data-offset"]) == ("411711000016001", "7412-1-0", "124")


def test_a_name_that_is_not_there_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        environment("da").from_string("{{ nothing }}").render()


def test_a_template_outside_the_areas_is_not_found() -> None:
    for name in ("web/../base.html", "secrets/base.html", "web/none.html"):
        with pytest.raises(TemplateNotFound):
            environment("da").get_template(name)


def test_text_is_escaped() -> None:
    assert environment("da").from_string("{{ text }}").render(text="<b>") == "&lt;b&gt;"
