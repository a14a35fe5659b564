"""Messages that are odd and yet taken: rows 32 and 36 of the catalogue."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator
from typing import Final

import pytest
from markupsafe import escape

from discharge.policy import Role
from discharge.stay import NoticeKind
from fhir_mappings.wire import Format, rendered
from tests.engines import Database
from tests.services.installation import code_of, notification
from tests.services.pages_house import Pages, pages_over

NAMES: Final = {
    "script": "<script>alert('x')</script>",
    "attribute": '" onmouseover="alert(1)',
    "right-to-left": "abc\u202edef",
    "zalgo": "Z" + "\u0335\u0321\u0322\u0327" * 40,
    "long": "Sørensen" * 125,
    "decomposed": unicodedata.normalize("NFD", "Åse Sørensen Ærø"),
}


@pytest.fixture
async def pages(database: Database) -> AsyncIterator[Pages]:
    async with pages_over(database) as made:
        yield made


@pytest.mark.parametrize("media", list(Format), ids=lambda media: media.name.lower())
@pytest.mark.parametrize("name", NAMES.values(), ids=[f"row-32-{each}" for each in NAMES])
async def test_odd_name_is_taken_and_shown_as_text(pages: Pages, name: str, media: Format) -> None:
    # A citizen whom no register knows yet, so that the name is the message's.
    content = notification(family=name, cpr="0404509995").bundle()
    answer = await pages.house.client.post(
        "/fhir/$process-message",
        content=rendered(content, media),
        headers=pages.house.hospital | {"content-type": str(media), "accept": "application/fhir+json"},
    )

    page = (await pages.get(Role.WARD, "/ward")).text

    assert code_of(answer) == "ok"
    assert str(escape(unicodedata.normalize("NFC", name)))[:100] in page
    for raw in ("<script>alert", 'onmouseover="alert'):
        assert raw not in page


@pytest.mark.parametrize(
    "kind",
    [NoticeKind.SLHJ, NoticeKind.AN_STIN, NoticeKind.RE_STIN, NoticeKind.SLOR],
    ids=lambda kind: f"row-36-{kind.lower()}",
)
async def test_notice_out_of_order_is_taken_and_kept(pages: Pages, kind: NoticeKind) -> None:
    answer = await pages.house.send(notification(kind))

    assert code_of(answer) == "ok"
    assert await pages.house.scalar("SELECT count(*) FROM message WHERE receipt = 'ok'") == 1
    assert await pages.house.scalar("SELECT count(*) FROM stay") == 1
