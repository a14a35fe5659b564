"""Documents in the real store: what goes in comes out, nothing stands in clear, and nothing is ever altered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from discharge.documents.commands import RuleDocuments
from discharge.documents.rulings import Ruling, RulingKind
from discharge.errors import NotFoundError
from discharge.handlers import file_report, rule_documents
from discharge.identifiers import DocumentId, StayId
from discharge.medication.lists import Column
from discharge.policy import Caller, Role
from services.persistence.document_reads import documents_of, original_of, rulings_of
from services.persistence.medication_reads import medication_of
from tests import factories
from tests.discharge.documents.made import a_report, listing, section
from tests.discharge.medication.lines import medicine
from tests.factories import HOSPITAL, MUNICIPALITY, NEIGHBOUR, NORTH, WARD, caller
from tests.services.persistence.store import Store, store_on

DOCTOR = caller(Role.DOCTOR, HOSPITAL, unit=WARD)
READERS = (DOCTOR, factories.gp(), caller(Role.HOME_NURSE, MUNICIPALITY, unit=NORTH))


@pytest.fixture
async def store(database: Any) -> AsyncIterator[Store]:
    """A citizen has gone home."""
    async with store_on(database, patients=[factories.patient()]) as made:
        await made.send_home()
        yield made


def stay_of(store: Store) -> StayId:
    (row,) = store.rows("SELECT id FROM stay")
    return StayId(str(row["id"]))


async def filed(store: Store, **changes: Any) -> DocumentId:
    filing = await store.run(file_report, a_report(DOCTOR, stay_of(store), **changes))
    return DocumentId(filing.filed.id)


async def ruled(store: Store) -> Ruling:
    """The ward says of one of two reports that it is not theirs."""
    one, _ = [await filed(store) for _ in range(2)]
    command = RuleDocuments(
        caller=DOCTOR,
        stay_id=stay_of(store),
        kind=RulingKind.NOT_OURS,
        document_id=one,
        reason="Hemmelig fejl",
        expected_version=2,
    )
    return await store.run(rule_documents, command)


@pytest.mark.parametrize("who", READERS)
async def test_what_the_ward_said_of_documents_is_read_by_who_reads_them(store: Store, who: Caller) -> None:
    made = await ruled(store)

    async with store.reading(who) as session:
        assert await rulings_of(session, stay_of(store)) == [made]


@pytest.mark.parametrize("who", READERS)
async def test_what_was_filed_is_read_again_in_the_order_of_arrival(store: Store, who: Caller) -> None:
    ids = [await filed(store, medicine=listing(medicine())), await filed(store, sections=(section("Hemmelig"),))]

    async with store.reading(who) as session:
        found = await documents_of(session, stay_of(store))
        original = await original_of(session, ids[0])

    assert [each.id for each in found] == ids
    assert found[0].report.medicine[0].lines[0].name == "Metoprolol"
    assert found[1].report.sections[0].lines == ("Hemmelig",)
    assert original == b"Hemmelix"


async def test_medicine_that_it_states_is_kept_in_the_same_commit(store: Store) -> None:
    await filed(store, medicine=listing(medicine()))

    async with store.reading(factories.gp()) as session:
        record = await medication_of(session, stay_of(store))
    assert record.table.told(Column.AT_DISCHARGE) is not None
    assert record.gone == frozenset()


@pytest.mark.parametrize("who", [caller(Role.VISITATOR, MUNICIPALITY), caller(Role.OPERATOR, HOSPITAL)])
async def test_party_that_reads_no_documents_gets_none(store: Store, who: Caller) -> None:
    known = (await ruled(store)).document_id

    async with store.reading(who) as session:
        for table in ("document", "document_ruling"):
            assert await session.talk.ask(f"SELECT 1 FROM {table}", {}) == []
        with pytest.raises(NotFoundError):
            await original_of(session, known)
    async with store.reading(caller(Role.VISITATOR, MUNICIPALITY)) as session:
        assert await documents_of(session, stay_of(store)) == []
        assert await rulings_of(session, stay_of(store)) == []


@pytest.mark.parametrize("who", [*READERS, factories.record_system()])
async def test_of_what_is_said_not_to_be_ours_only_the_ward_reads_more_than_the_header(
    store: Store, who: Caller
) -> None:
    ours = await filed(store, sections=(section("Vores"),))
    command = RuleDocuments(
        caller=DOCTOR,
        stay_id=stay_of(store),
        kind=RulingKind.NOT_OURS,
        document_id=await filed(store, sections=(section("En anden"),), medicine=listing(medicine())),
        reason="Forkert borger",
        expected_version=2,
    )
    theirs = (await store.run(rule_documents, command)).document_id

    async with store.reading(who) as session:
        found = {each.id: each.report for each in await documents_of(session, stay_of(store))}
        assert await original_of(session, ours) == b"Hemmelix"
        assert found[ours].sections[0].lines == ("Vores",)
        if who is DOCTOR:
            assert await original_of(session, theirs) == b"Hemmelix"
            assert found[theirs].sections[0].lines == ("En anden",)
        else:
            assert (found[theirs].title, found[theirs].sections, found[theirs].medicine) == ("", (), ())
            with pytest.raises(NotFoundError):
                await original_of(session, theirs)


async def test_nobody_else_learns_that_there_are_any(store: Store) -> None:
    await filed(store)

    async with store.reading(caller(Role.HOME_NURSE, NEIGHBOUR)) as session:
        with pytest.raises(NotFoundError):
            await documents_of(session, stay_of(store))
        with pytest.raises(NotFoundError):
            await rulings_of(session, stay_of(store))
    async with store.reading(DOCTOR) as session:
        for nobodys in (DocumentId("x"), DocumentId(factories.new_id())):
            with pytest.raises(NotFoundError):
                await original_of(session, nobodys)


async def test_nothing_of_it_stands_in_clear(store: Store) -> None:
    await ruled(store)
    await filed(store, sections=(section("Hemmelig"),), medicine=listing(medicine("Hemmelix")))

    for table in ("document", "document_ruling", "medication_list", "event", "feed_entry", "audit"):
        for row in store.rows(f"SELECT * FROM {table}"):
            assert b"Hemmeli" not in repr(row).encode()


@pytest.mark.parametrize("table", ["document", "document_ruling"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET position = 9", "DELETE FROM {}"])
async def test_what_was_filed_and_said_is_never_altered(store: Store, statement: str, table: str) -> None:
    await ruled(store)

    with pytest.raises(ProgrammingError):
        async with store.database.writing() as connection:
            await connection.execute(text(statement.format(table)))
