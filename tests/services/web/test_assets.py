"""Our own style and script at addresses that change with their content."""

from __future__ import annotations

import re

import pytest

from discharge.policy import Role
from services.web.assets import address_of, is_current
from tests.services.pages_house import Pages

FOREVER = "public, max-age=31536000, immutable"


async def test_what_a_page_asks_for_is_kept_for_ever_and_anything_else_is_asked_for_again(pages: Pages) -> None:
    asked = re.findall(
        r'(?:href|src)="(/static/(?!vendor)[^"]+\?v=[0-9a-f]{8})"', (await pages.get(Role.GP, "/gp")).text
    )

    kept = {address.partition("?")[0]: (await pages.house.client.get(address)).headers for address in asked}

    assert sorted(kept) == [f"/static/{name}" for name in ("live.js", "pages.css", "parts.css", "tokens.css")]
    assert {headers["cache-control"] for headers in kept.values()} == {FOREVER}
    for address in ("/static/pages.css", "/static/pages.css?v=00000000", "/static/icons.svg"):
        assert (await pages.house.client.get(address)).headers["cache-control"] == "no-cache"
    assert (await pages.house.client.get("/static/vendor/htmx.min.js")).headers["cache-control"] == FOREVER


async def test_a_file_that_is_not_there_is_never_kept(pages: Pages) -> None:
    answer = await pages.house.client.get("/static/nothing.css?v=00000000")

    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("cache-control", "")


@pytest.mark.parametrize("query", [b"", b"v=", b"v=0", b"w=1", b"\xff"])
def test_only_the_content_that_is_served_is_current(query: bytes) -> None:
    assert not is_current("pages.css", query)
    assert is_current("pages.css", address_of("pages.css").partition("?")[2].encode())
