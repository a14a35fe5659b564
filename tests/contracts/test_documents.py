"""What keeps documents and the words on them promises, asked of the one in memory and of the one in PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from discharge.documents.report import (
    DischargeReport,
    DocumentFile,
    DocumentStatus,
    FiledReport,
    Relation,
    RelationCode,
)
from discharge.documents.rulings import Ruling, RulingKind
from discharge.identifiers import DocumentId
from discharge.stay import Stay
from tests import factories
from tests.contracts.worlds import World, keep_stay
from tests.discharge.documents.made import filed, listing, report, section
from tests.discharge.medication.lines import dose, medicine
from tests.factories import NOW, new_id
from tests.strategies import instants, words

round_trip = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def named(**changes: object) -> DischargeReport:
    """A report under an id that the store can keep."""
    return report(**({"id": DocumentId(new_id())} | changes))


def came(stay: Stay, *reports: DischargeReport) -> list[FiledReport]:
    """The reports as they came to that stay."""
    return [replace(each, stay_id=stay.id) for each in filed(*reports)]


def said(position: int, kind: RulingKind, one: FiledReport, **changes: object) -> Ruling:
    made = Ruling(position=position, kind=kind, document_id=one.id, at=NOW, by=factories.person("Mette"))
    return replace(made, **changes)  # type: ignore[arg-type] # the test says which


async def keep(world: World, stay: Stay, *documents: FiledReport, rulings: tuple[Ruling, ...] = ()) -> None:
    """Committed, each with the original of its name."""
    async with world.unit_of_work() as uow:
        held = await uow.stays.get(stay.id)
        await uow.documents.of_stay(held)
        for each in documents:
            await uow.documents.add(each, each.id.encode())
        for ruling in rulings:
            await uow.documents.rule(held, ruling)
        await uow.commit()


@st.composite
def reports(draw: st.DrawFn) -> DischargeReport:
    """Reports with everything that has a form of its own in the store."""
    key = draw(st.tuples(words, words))
    return named(
        title=draw(words),
        status=draw(st.sampled_from(DocumentStatus)),
        composition_key=draw(st.none() | st.just(key)),
        dated_at=draw(st.none() | instants),
        sections=(section(draw(words), code=draw(st.none() | words), sections=(section(draw(words)),)),),
        relations=(Relation(draw(st.sampled_from(RelationCode)), key),),
        files=(
            DocumentFile(
                title=draw(st.none() | words), media_type=None, said_type="text/html", size=3, sha256=None, place="x"
            ),
        ),
        medicine=listing(medicine(draw(words), dosage=(dose("0.5"),)), text=draw(st.none() | words)),
    )


@round_trip
@given(made=reports(), filled=st.booleans())
async def test_a_document_comes_back_as_it_was_kept(world: World, made: DischargeReport, filled: bool) -> None:  # noqa: FBT001 - drawn
    stay = await keep_stay(world)
    (kept,) = came(stay, made)
    kept = replace(kept, filled=("destination",) if filled else (), by=factories.person("Ida"))

    await keep(world, stay, kept)

    async with world.unit_of_work() as uow:
        assert list(await uow.documents.of_stay(await uow.stays.get(stay.id))) == [kept]


async def test_documents_come_in_the_order_of_their_arrival_and_to_their_own_stay(world: World) -> None:
    mine, other = await keep_stay(world), await keep_stay(world)
    first, second = came(mine, named(), named())
    await keep(world, mine, first)
    await keep(world, other, *came(other, named()))
    await keep(world, mine, second)

    async with world.unit_of_work() as uow:
        assert list(await uow.documents.of_stay(await uow.stays.get(mine.id))) == [first, second]
        assert len(await uow.documents.of_stay(await uow.stays.get(other.id))) == 1


async def test_words_on_documents_come_back_in_their_order(world: World) -> None:
    stay = await keep_stay(world)
    one, other = came(stay, named(), named())
    rulings = (
        said(0, RulingKind.REPLACES, one, other_id=other.id),
        said(1, RulingKind.TAKEN_BACK, one, other_id=other.id, takes_back=0),
        said(2, RulingKind.NOT_OURS, other, reason="En anden borger"),
    )
    await keep(world, stay, one, other, rulings=rulings[:2])

    await keep(world, stay, rulings=rulings[2:])

    async with world.unit_of_work() as uow:
        assert tuple(await uow.documents.rulings(await uow.stays.get(stay.id))) == rulings


async def test_stay_without_documents_has_none_and_nobodys_words(world: World) -> None:
    stay = await keep_stay(world)

    async with world.unit_of_work() as uow:
        held = await uow.stays.get(stay.id)
        assert (list(await uow.documents.of_stay(held)), list(await uow.documents.rulings(held))) == ([], [])


@pytest.mark.parametrize("commits", [True, False])
async def test_what_is_added_is_found_at_once_and_stays_only_if_it_is_committed(world: World, commits: bool) -> None:  # noqa: FBT001 - an example
    stay = await keep_stay(world)
    (one,) = came(stay, named())
    ruling = said(0, RulingKind.NOT_OURS, one)

    async with world.unit_of_work() as uow:
        held = await uow.stays.get(stay.id)
        await uow.documents.of_stay(held)
        await uow.documents.add(one, b"original")
        await uow.documents.rule(held, ruling)
        assert list(await uow.documents.of_stay(held)) == [one]
        assert list(await uow.documents.rulings(held)) == [ruling]
        if commits:
            await uow.commit()

    async with world.unit_of_work() as uow:
        held = await uow.stays.get(stay.id)
        assert len(await uow.documents.of_stay(held)) == len(await uow.documents.rulings(held)) == int(commits)
