"""The operator's desk over a real store."""

from __future__ import annotations

from discharge.policy import Role
from tests.factories import CPR, FAMILY
from tests.services.installation import notification
from tests.services.pages_house import Pages, words_of


async def test_desk_is_empty_before_the_first_message(pages: Pages) -> None:
    assert "Ingen beskeder endnu" in words_of(await pages.get(Role.OPERATOR, "/operator"))


async def test_desk_lists_messages_without_their_content(pages: Pages) -> None:
    message = notification()
    await pages.house.send(message)
    await pages.house.send(message)

    answer = await pages.get(Role.OPERATOR, "/operator")

    assert message.message_id in answer.text
    assert "Modtaget" in words_of(answer)
    assert FAMILY not in answer.text
    assert CPR.digits not in answer.text


async def test_refused_ones_are_filtered(pages: Pages) -> None:
    await pages.house.send(notification())

    shown = words_of(await pages.get(Role.OPERATOR, "/operator?show=refused"))

    assert "Ingen afviste beskeder" in shown
