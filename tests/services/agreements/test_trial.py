"""A draft tried on a real store, in processes of its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from discharge.errors import AgreementError
from discharge.plan import Need, PlanRevision
from discharge.replay import Verdict
from discharge.replay_tally import Side
from services.agreements.commands_score import score_text
from services.agreements.trial import Bounds, Trial, draft_among, regions_of, try_agreement
from services.persistence.audit import own_audit
from services.persistence.people import put_patient
from tests import factories
from tests.factories import NOW
from tests.services.persistence.store import VAULT, Store

AUDIT = own_audit("replay-agreement", "TEST")


def draft(**changes: object) -> dict[str, object]:
    return {**factories.small_document(), "id": "draft", "version": "9", **changes}


async def lived(store: Store) -> None:
    async with store.database.writing() as connection:
        await put_patient(connection, VAULT, factories.patient())
    stay = await store.begin()
    needs = PlanRevision(needs=frozenset({Need.HOME_NURSING}))
    await store.revise(stay.id, revision=needs, discharged_at=NOW)
    await store.database.move_clock(NOW + timedelta(days=4))


async def tried(store: Store, document: dict[str, object], **bounds: object) -> Trial:
    return await try_agreement(store.database, document, Bounds(days=90, **bounds), AUDIT)  # type: ignore[arg-type] # the test says which


async def test_draft_that_changes_nothing_makes_what_really_happened(store: Store) -> None:
    await lived(store)
    before = store.counts()

    trial = await tried(store, draft())

    sides = [
        {key: number for (side, *key_), number in trial.tally.verdicts.items() if side is one for key in [tuple(key_)]}
        for one in Side
    ]
    assert sides[0] == sides[1] == sides[2]
    assert trial.tally.stays == 1
    assert {name: number for name, number in store.counts().items() if before[name] != number} == {
        "audit": before["audit"] + 1
    }


async def test_a_rule_that_the_draft_drops_is_not_made(store: Store) -> None:
    await lived(store)
    rules = factories.small_document()["rules"]
    assert isinstance(rules, list)

    trial = await tried(store, draft(rules=[rule for rule in rules if rule["id"] != "R17"]))

    made = {
        side: sum(n for (one, key, _), n in trial.tally.verdicts.items() if one is side and key[0] == "R17")
        for side in Side
    }
    assert made == {Side.HAPPENED: 1, Side.IN_FORCE: 1, Side.DRAFT: 0}


async def test_what_nobody_was_asked_for_has_no_known_end(store: Store) -> None:
    await lived(store)
    rules = factories.small_document()["rules"]
    assert isinstance(rules, list)
    new = [{**rule, "code": "something-new"} if rule["id"] == "R17" else rule for rule in rules]

    trial = await tried(store, draft(rules=new))

    ended = {
        verdict for (side, key, verdict) in trial.tally.verdicts if side is Side.DRAFT and key[1] == "something-new"
    }
    assert ended == {Verdict.UNKNOWN}


async def test_bounds_leave_the_oldest_out_and_say_so(store: Store) -> None:
    await lived(store)

    assert (await tried(store, draft(), most=0)).left_out == 1
    assert (await tried(store, draft(), seconds=0.0)).left_out == 1


async def test_draft_of_another_region_reads_no_stay(store: Store) -> None:
    await lived(store)

    trial = await tried(store, draft(regions=["DK-81"]))

    assert trial.tally.stays == 0
    assert store.rows("SELECT stays FROM audit WHERE action = 'replay-agreement'") == [{"stays": []}]


async def test_audit_lists_the_stays_that_were_read(store: Store) -> None:
    await lived(store)

    await tried(store, draft())

    (row,) = store.rows("SELECT stays FROM audit WHERE action = 'replay-agreement'")
    assert len(row["stays"]) == 1


async def test_layer_without_its_agreement_is_refused(store: Store) -> None:
    layer: dict[str, object] = {
        "kind": "overlay", "id": "lag", "version": "1", "title": "Lag", "base": "nowhere",
        "valid-from": "2026-01-01", "changes": [{"rule": "R17", "suspend": True}],
    }  # fmt: skip

    with pytest.raises(AgreementError, match="no agreement nowhere is stored"):
        await tried(store, layer)


async def test_draft_takes_the_place_of_the_agreements_of_its_regions(store: Store) -> None:
    master = await store.database.master()

    drafted = draft_among(master, draft())

    assert [agreement.id for agreement in drafted.agreements] == ["draft"]
    assert regions_of(draft(), master) == drafted.agreements[0].regions


async def test_score_on_the_console_hides_what_is_few(store: Store) -> None:
    await lived(store)

    text = await score_text(store.database, days=90, as_csv=True)

    assert text.splitlines()[1].split(",")[6] == "hidden"
    assert "under 5" in await score_text(store.database, days=90, as_csv=False)
