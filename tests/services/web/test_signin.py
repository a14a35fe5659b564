"""The door, the way out and how somebody wants to read, over a real store."""

from __future__ import annotations

import pytest

from discharge.errors import NotFoundError
from discharge.policy import Role
from services.web.language import language
from services.web.signin import demo_caller, people_of
from tests.factories import HOSPITAL, MUNICIPALITY, NORTH, PRACTICE, REGION, WARD, directory
from tests.services.pages_house import Pages, words_of

ORIGIN = {"origin": "http://localhost:8000"}


async def test_door_lists_people_to_be(pages: Pages) -> None:
    answer = await pages.house.client.get("/")

    assert "Hvem er du i dag?" in words_of(answer)
    assert f"ward|{WARD}" in answer.text


async def test_who_signs_in_lands_on_their_own_page_and_stays_signed_in(pages: Pages) -> None:
    client = pages.house.client

    entered = await client.post("/demo/sign-in", data={"person": f"home-nurse|{NORTH}"}, headers=ORIGIN)
    cookie = {"cookie": entered.headers["set-cookie"].split(";")[0]}
    again = await client.get("/", headers=cookie)
    shown = await client.get("/municipality", headers=cookie)

    assert (entered.status_code, entered.headers["location"]) == (303, "/municipality")
    assert again.headers["location"] == "/municipality"
    assert shown.status_code == 200
    assert 'name="csrf" value="' in shown.text


async def test_form_without_the_token_changes_nothing(pages: Pages) -> None:
    client = pages.house.client
    entered = await client.post("/demo/sign-in", data={"person": f"home-nurse|{NORTH}"}, headers=ORIGIN)
    cookie = {"cookie": entered.headers["set-cookie"].split(";")[0]}

    answer = await client.post("/preferences", data={"theme": "dark"}, headers=cookie | ORIGIN)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_preferences_are_kept_and_bad_ones_ignored(pages: Pages) -> None:
    answer = await pages.post(
        Role.HOME_NURSE, "/preferences", {"theme": "dark", "keys": "off", "lang": "tlh", "back": "//example.org"}
    )

    kept = answer.headers.get_list("set-cookie")
    assert answer.headers["location"] == "/"
    assert [cookie.split(";")[0] for cookie in kept] == ["stafet-theme=dark", "stafet-keys=off"]


async def test_kept_theme_and_keys_stand_on_the_page(pages: Pages) -> None:
    answer = await pages.get(Role.HOME_NURSE, "/municipality", cookie="stafet-theme=dark; stafet-keys=off")

    assert 'data-theme="dark"' in answer.text
    assert 'data-keys="off"' in answer.text


async def test_signing_out_ends_the_session(pages: Pages) -> None:
    client = pages.house.client
    entered = await client.post("/demo/sign-in", data={"person": f"gp|{PRACTICE}"}, headers=ORIGIN)
    cookie = {"cookie": entered.headers["set-cookie"].split(";")[0]}
    shown = await client.get("/gp", headers=cookie)
    token = shown.text.split('name="csrf" value="')[1].split('"')[0]

    left = await client.post("/sign-out", data={"csrf": token}, headers=cookie | ORIGIN)
    after = await client.get("/gp", headers=cookie)

    assert left.headers["location"] == "/"
    assert (after.status_code, after.headers["location"]) == (303, "/")


async def test_signing_out_with_a_token_is_harmless(pages: Pages) -> None:
    assert (await pages.post(Role.GP, "/sign-out")).status_code == 303


async def test_unknown_person_is_not_found(pages: Pages) -> None:
    answer = await pages.house.client.post("/demo/sign-in", data={"person": "king|1"}, headers=ORIGIN)

    assert answer.status_code == 404


@pytest.mark.parametrize("key", ["", "ward", f"ward|{PRACTICE}", f"system|{HOSPITAL}", "gp|1", f"nobody|{WARD}"])
def test_only_people_of_the_register_can_be(key: str) -> None:
    with pytest.raises(NotFoundError):
        demo_caller(key, directory())


def test_person_of_a_unit_belongs_to_the_organization_above() -> None:
    nurse = demo_caller(f"home-nurse|{NORTH}", directory())
    planner = demo_caller(f"visitator|{MUNICIPALITY}", directory())

    assert (nurse.organization, nurse.unit) == (MUNICIPALITY, NORTH)
    assert (planner.organization, planner.unit) == (MUNICIPALITY, None)


def test_largest_organization_comes_first_and_the_rest_is_folded() -> None:
    groups = people_of(directory(), language("da"))

    assert [group.word for group in groups][:2] == ["Sygehus", "Kommune"]
    assert all(person.name for group in groups for person in (*group.people, *group.others))


async def test_pharmacist_begins_at_the_medicine_of_the_place(pages: Pages) -> None:
    entered = await pages.house.client.post("/demo/sign-in", data={"person": f"pharmacist|{WARD}"}, headers=ORIGIN)
    cookie = {"cookie": entered.headers["set-cookie"].split(";")[0]}
    shown = await pages.house.client.get("/medicine", headers=cookie)

    assert (entered.status_code, entered.headers["location"]) == (303, "/medicine")
    assert '<a href="/medicine" aria-current="page">Medicin</a>' in shown.text
    assert "/conversations" not in shown.text


def test_a_pharmacist_can_be_somebody_at_every_place_that_handles_medicine() -> None:
    people = [each for group in people_of(directory(), language("da")) for each in (*group.people, *group.others)]

    for place in (WARD, HOSPITAL, MUNICIPALITY, PRACTICE):
        assert [each.role for each in people if each.key == f"pharmacist|{place}"] == ["Farmaceut"]
    with pytest.raises(NotFoundError):
        demo_caller(f"pharmacist|{REGION}", directory())
