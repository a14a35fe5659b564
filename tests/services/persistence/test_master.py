"""Organisations and rules: loaded once, seen by every process from its next transaction on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from discharge.errors import AgreementError, NotFoundError
from discharge.identifiers import SorCode
from discharge.policy import Role
from discharge.task import AgreementRef
from services.persistence.calendars import closed_days_around
from services.persistence.master import Master, put_agreement, put_organizations
from services.persistence.people import put_patient
from tests import factories
from tests.factories import MUNICIPALITY, NORTH
from tests.services.persistence.store import Store, store_on


async def test_new_organisation_reaches_another_process_at_its_next_transaction(store: Store) -> None:
    new = replace(factories.directory()[NORTH], sor=SorCode("93400000000"), name="Hjemmepleje Vest")
    async with store_on(store.urls) as other:
        assert new.sor not in (await other.database.master()).directory

        async with store.database.writing() as connection:
            assert await put_organizations(connection, [new]) == 1

        async with other.reading(factories.home_nurse()) as session:
            assert session.directory[new.sor] == new
        async with other.database.unit_of_work(None) as uow:
            assert new.sor in uow.directory


async def test_rights_of_a_read_follow_the_register_as_it_stands(store: Store) -> None:
    await store.admit()
    moved = replace(factories.directory()[NORTH], part_of=factories.NEIGHBOUR)
    async with store_on(store.urls) as other:
        nurse = factories.caller(Role.HOME_NURSE, MUNICIPALITY)
        async with other.reading(nurse) as session:
            assert NORTH in session.caller.scope(session.directory)

        async with store.database.writing() as connection:
            await put_organizations(connection, [moved])

        async with other.reading(factories.caller(Role.HOME_NURSE, factories.NEIGHBOUR)) as session:
            seen = await session.connection.execute(text("SELECT DISTINCT organization FROM party"))
            assert seen.scalars().all() == [NORTH]


async def test_loading_the_same_again_replaces_it(store: Store) -> None:
    renamed = replace(factories.directory()[NORTH], name="Nord og Havn", districts=frozenset({"nord", "havn"}))

    async with store.database.writing() as connection:
        await put_organizations(connection, [renamed])
        await put_organizations(connection, [])

    assert (await store.database.master()).directory[NORTH] == renamed
    assert store.counts()["organization"] == len(factories.directory().organizations)


async def test_agreement_is_found_by_region_day_and_version(store: Store) -> None:
    later = {**factories.small_document(), "version": "2.0.0", "valid-from": "2027-01-01"}
    async with store.database.writing() as connection:
        await put_agreement(connection, later)
    master = await store.database.master()

    now = await master.in_force(region="DK-83", municipality=None, day=date(2026, 11, 20))
    then = await master.in_force(region="DK-83", municipality=None, day=date(2027, 1, 1))

    assert now is not None
    assert then is not None
    assert (now.version, then.version) == ("1.0.0", "2.0.0")
    assert await master.in_force(region="DK-83", municipality=None, day=date(2019, 1, 1)) is None
    assert await master.in_force(region="SE-M", municipality=None, day=date(2026, 11, 20)) is None
    assert await master.get(now.ref) == now
    with pytest.raises(NotFoundError):
        await master.get(AgreementRef(now.id, "9.9.9"))


async def test_agreement_loaded_again_under_its_version_replaces_the_first(store: Store) -> None:
    changed = {**factories.small_document(), "title": "Rettet"}

    async with store.database.writing() as connection:
        await put_agreement(connection, changed)

    assert [row["title"] for row in store.rows("SELECT document->>'title' AS title FROM agreement")] == ["Rettet"]


async def test_agreement_that_cannot_be_followed_is_not_stored(store: Store) -> None:
    before = store.rows("SELECT * FROM agreement")

    with pytest.raises(AgreementError):
        async with store.database.writing() as connection:
            await put_agreement(connection, {**factories.small_document(), "version": "3", "rules": [{"id": "R01"}]})

    assert store.rows("SELECT * FROM agreement") == before


async def _stored(store: Store, *documents: Mapping[str, object]) -> Master:
    """As a newer program, or none of ours, would have stored them."""
    async with store.database.writing() as connection:
        for each in documents:
            row = {"id": each["id"], "version": each["version"], "document": json.dumps(each, default=str)}
            await connection.execute(
                text(
                    "INSERT INTO agreement (id, version, document, loaded_at)"
                    " VALUES (:id, :version, CAST(:document AS jsonb), now())"
                ),
                row,
            )
        await put_organizations(connection, [factories.directory()[NORTH]])
    return await store.database.master()


async def test_agreement_that_this_program_cannot_read_is_passed_over_and_all_others_hold(store: Store) -> None:
    day = date(2026, 11, 20)
    newer = {**factories.small_document(), "id": "newer", "version": "9", "of-tomorrow": True}
    strange = {"kind": "spell", "id": "strange", "version": "1"}

    with capture_logs() as log:
        master = await _stored(store, newer, strange)

    assert [each.name for each in master.passed_over] == ["newer 9", "strange 1"]
    assert [agreement.id for agreement in master.agreements] == ["dk-first"]
    assert master.layers == ()
    assert await master.in_force(region="DK-83", municipality=None, day=day) is not None
    assert [line["agreement"] for line in log if line["event"] == "agreement-passed-over"] == ["newer 9", "strange 1"]
    await store.admit()
    assert store.counts()["task"] > 0


async def test_layer_that_cannot_be_laid_there_is_passed_over_and_the_agreement_holds(store: Store) -> None:
    day = date(2026, 11, 20)
    fields = {"kind": "overlay", "version": "1", "title": "-", "base": "dk-first", "valid-from": "2026-01-01"}
    astray = {**fields, "id": "astray", "changes": [{"rule": "R99", "suspend": True}]}
    fitting = {**fields, "id": "fitting", "changes": [{"calendars": {"closed-days": ["06-05"]}}]}

    master = await _stored(store, astray, fitting)

    held = await master.in_force(region="DK-83", municipality=None, day=day)
    assert held is not None
    assert held.version == "1.0.0+fitting@1"


async def test_citizen_loaded_again_keeps_the_id_and_takes_the_rest(store: Store) -> None:
    (before,) = store.rows("SELECT id, wrapped_key FROM patient")
    moved = factories.patient(district="syd", family="Nyt", relatives=("Bo",), protected=True, blocks=("gp",))

    async with store.database.writing() as connection:
        kept = await put_patient(connection, store.database.vault, moved)
        again = await put_patient(connection, store.database.vault, replace(kept, gp=None))

    (after,) = store.rows("SELECT id, wrapped_key, district, gp FROM patient")
    assert (after["id"], after["wrapped_key"]) == (before["id"], before["wrapped_key"])
    assert (after["district"], after["gp"]) == ("syd", None)
    async with store.database.unit_of_work(None) as uow:
        assert await uow.patients.by_cpr(factories.CPR) == again == replace(moved, id=kept.id, gp=None)


def test_public_holidays_are_closed_and_the_days_that_an_agreement_adds() -> None:
    customary = {date(2026, 6, 5), date(2026, 12, 24), date(2026, 12, 31)}
    public = closed_days_around(date(2026, 12, 1))
    agreed = closed_days_around(date(2026, 12, 1), also=("06-05", "12-24", "2026-12-31"))

    assert {date(2026, 12, 25), date(2027, 1, 1)} <= public
    assert public.isdisjoint(customary | {date(2026, 12, 28)})
    assert date(2027, 4, 30) not in public, "Store Bededag went in 2024"
    assert agreed - public == customary | {date(year, *day) for year in (2025, 2027) for day in ((6, 5), (12, 24))}
    assert Master().closed_days(date(2026, 12, 1), None) == public
