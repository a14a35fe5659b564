"""Every page is sound for assistive technology, in two languages, both themes and at every width."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Page, expect

from discharge.policy import Role
from services.demo.courses import WARD
from services.demo.people import TOP
from tests.journeys.office import Office, row_of, stay_in
from tests.running import RunningDemo

pytestmark = [pytest.mark.browser, pytest.mark.journey]

AXE: Final = (Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
NORTH: Final = "999000000002001"
PRACTICE: Final = "999000000003001"
NOTHING_TO_DO: Final = "999000000003005"
PLANNED: Final = "Agnete Prøvesen"
GONE: Final = "Gerda Modelgaard"

Theme = Literal["light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
WIDE: Final = 1280
NARROW: Final = 390
COLOURS: Final = "cat.color"
"""The rules that a theme can break: it changes nothing but colours."""


def violations(page: Page, rules: str | None = None) -> list[str]:
    """What axe-core finds, one line per rule; of all rules, or of those with one tag."""
    if page.evaluate("() => typeof axe === 'undefined'"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(
        "async (rules) => (await axe.run(document, {resultTypes: ['violations'], ...(rules && {runOnly: [rules]})}))"
        ".violations.map(v =>"
        " `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 120) + ' | ' + n.failureSummary).join(' ; ')}`)",
        rules,
    )
    return found


def faults_of(page: Page, where: str, widths: tuple[int, ...], themes: tuple[Theme, ...]) -> list[str]:
    """What is wrong with a page in some widths and themes, and in the narrowest window."""
    faults: list[str] = []
    for width, theme in itertools.product(widths, themes):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        rules = None if theme == themes[0] else COLOURS
        faults += [f"{where}, {width} px, {theme}: {violation}" for violation in violations(page, rules)]
    page.set_viewport_size({"width": 320, "height": 800})
    wide: int = page.evaluate("() => document.documentElement.scrollWidth")
    if wide > 320:
        faults.append(f"{where}: {wide} px wide in a window of 320 px")
    return faults


def _stay(page: Page, name: str) -> str:
    return stay_in(row_of(page, name))


def _ward(office: Office) -> Page:
    return office.sits(Role.WARD, WARD)


def _sign_in(office: Office) -> Page:
    page = office.context().new_page()
    page.goto("/")
    return page


def _plan(office: Office) -> Page:
    page = _ward(office)
    page.goto(f"/ward/stays/{_stay(page, PLANNED)}")
    return page


def _begin(office: Office) -> Page:
    page = _ward(office)
    page.goto("/ward/begin")
    return page


def _begin_refused(office: Office) -> Page:
    office.expected.add("422")
    page = _begin(office)
    page.locator("form[action='/ward/begin'] button[type=submit]").click()
    expect(page.get_by_role("alert")).to_be_visible()
    return page


def _discharged(office: Office) -> Page:
    page = _ward(office)
    page.goto(f"/ward/stays/{_stay(page, GONE)}")
    return page


def _timeline(office: Office) -> Page:
    page = _ward(office)
    page.goto(f"/stays/{_stay(page, GONE)}")
    return page


def _timeline_table(office: Office) -> Page:
    page = _timeline(office)
    page.goto(f"{page.url}?view=table")
    return page


def _municipality(office: Office) -> Page:
    return office.sits(Role.HOME_NURSE, NORTH)


def _task(office: Office) -> Page:
    page = _municipality(office)
    page.locator(".card:not(.small) h3 a").first.click()
    expect(page.locator("#h-task")).to_be_visible()
    return page


def _gp(office: Office) -> Page:
    return office.sits(Role.GP, PRACTICE)


def _operator(office: Office) -> Page:
    return office.sits(Role.OPERATOR, TOP)


def _empty(office: Office) -> Page:
    page = office.sits(Role.GP, NOTHING_TO_DO)
    expect(page.locator("[data-empty]")).to_be_visible()
    return page


def _missing(office: Office) -> Page:
    office.expected.add("404")
    page = _ward(office)
    page.goto("/ward/stays/00000000-0000-7000-8000-000000000000")
    return page


PAGES: Final[dict[str, Callable[[Office], Page]]] = {
    "sign-in": _sign_in,
    "ward-board": _ward,
    "plan": _plan,
    "discharged": _discharged,
    "begin-stay": _begin,
    "begin-stay-refused": _begin_refused,
    "municipality": _municipality,
    "task": _task,
    "gp": _gp,
    "gp-empty": _empty,
    "timeline": _timeline,
    "timeline-table": _timeline_table,
    "operator": _operator,
    "not-found": _missing,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_fault_that_axe_can_find(demo: RunningDemo, office: Office, name: str) -> None:
    page = PAGES[name](office)
    expect(page.locator("html")).to_have_attribute("lang", "da")
    faults = faults_of(page, name, (WIDE, NARROW), THEMES)

    page.context.add_cookies([{"name": "stafet-lang", "value": "en", "url": demo.url}])
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    faults += faults_of(page, f"{name} in English", (NARROW,), THEMES[:1])
    assert not faults, "\n".join(faults)


def test_axe_finds_what_is_wrong(office: Office) -> None:
    page = office.context().new_page()
    page.goto("/")
    page.evaluate("() => document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=/static/icon.svg>')")

    assert [fault.partition(":")[0] for fault in violations(page)] == ["image-alt"]
    assert violations(page, COLOURS) == []

    page.evaluate("() => document.querySelector('h1').style.color = '#ccc'")

    assert [fault.partition(":")[0] for fault in violations(page, COLOURS)] == ["color-contrast"]
