"""A citizen whose medicine the ward wrote down, and who went home: what tests of the medicine's pages begin with."""

from __future__ import annotations

import re
from collections.abc import Mapping

from discharge.policy import Role
from tests.services.pages_house import Pages, words_of

__all__ = ["FUROSEMID", "line_on", "list_id", "reconcile_task", "state_lines", "written"]

FUROSEMID = {"name": "Furosemid", "strength": "40 mg", "form": "tablet", "route": "oral", "unit": "tablet"}
_BEFORE = (
    FUROSEMID | {"amount": "1", "times": "1"},
    {"name": "Metformin", "strength": "500 mg", "form": "tablet", "route": "oral", "amount": "1", "times": "2"},
    {"name": "Pantoprazol", "strength": "40 mg", "form": "tablet", "route": "oral", "amount": "1", "times": "1"},
    {"name": "Ibuprofen", "strength": "400 mg", "form": "tablet", "route": "oral", "needed": "yes"},
)
_AT_DISCHARGE = (
    FUROSEMID | {"amount": "2", "times": "1", "reason": "Vand i lungerne", "supply": "20 tabletter"},
    _BEFORE[1] | {"status": "stopped", "reason": "eGFR 28"},
    _BEFORE[2],
    {"name": "Spironolacton", "strength": "25 mg", "form": "tablet", "route": "oral", "amount": "1", "times": "1"},
)
"""Dose up, stopped, unchanged, new without a reason; ibuprofen is not mentioned."""


async def list_id(pages: Pages, stay: str, column: str, role: Role = Role.WARD) -> str:
    """The id of the list as its page shows it now."""
    text = (await pages.get(role, f"/stays/{stay}/medicine/lists/{column}")).text
    found = re.search(r'name="list" value="([^"]*)"', text)
    assert found is not None, text
    return found[1]


async def state_lines(pages: Pages, stay: str, column: str, *lines: Mapping[str, str], role: Role = Role.WARD) -> None:
    """Write lines onto a list, one after the other."""
    for line in lines:
        form = {"do": "line", "list": await list_id(pages, stay, column, role), **line}
        answer = await pages.post(role, f"/stays/{stay}/medicine/lists/{column}", form)
        assert answer.status_code == 303, words_of(answer)


async def written(pages: Pages, stay: str) -> None:
    """The ward writes what was taken before, and what the patient goes home with."""
    await state_lines(pages, stay, "before", *_BEFORE)
    await state_lines(pages, stay, "at-discharge", *_AT_DISCHARGE)


async def reconcile_task(pages: Pages) -> str:
    """The practice's task."""
    text = (await pages.get(Role.GP, "/gp")).text
    found = re.search(r'href="/tasks/([0-9a-f-]{36})">(?:Gennemgå|Afstem) ', text)
    assert found is not None, text
    return found[1]


async def line_on(pages: Pages, path: str, name: str, role: Role = Role.GP) -> str:
    """The id of a row by the medicine's name."""
    text = (await pages.get(role, path)).text
    found = re.search(rf'id="line-([0-9a-f-]{{36}})"[^>]*>\s*<th[^>]*><b>{name}', text)
    assert found is not None, text
    return found[1]
