from pathlib import Path

import pytest

from services.agreements.loading import load_agreement, put_agreement_file
from services.agreements.reading import AgreementFileError
from tests.services.agreements.test_reading import AGREEMENT
from tests.services.agreements.test_reading_layers import DEVIATION
from tests.services.persistence.store import Store

NEXT = AGREEMENT.replace("id: dk-test", "id: dk-first")


async def _versions(store: Store) -> list[str]:
    return [f"{agreement.id} {agreement.version}" for agreement in (await store.database.master()).agreements]


async def test_an_agreement_is_loaded_by_id_and_version(store: Store, tmp_path: Path) -> None:
    before = await _versions(store)
    file = tmp_path / "agreement.yaml"
    file.write_text(NEXT, encoding="utf-8")

    said = [await load_agreement(store.database, file) for _ in range(2)]

    assert said == ["agreement dk-first 1.0 loaded"] * 2
    assert await _versions(store) == [*before, "dk-first 1.0"]


async def test_a_layer_is_loaded_upon_its_agreement_alone(store: Store) -> None:

    with pytest.raises(AgreementFileError, match="line 5, base: no agreement dk-test is stored; load it first"):
        await put_agreement_file(store.database, DEVIATION.encode())
    with pytest.raises(AgreementFileError, match=r"line 13, rule R17, set\.ladder: R17 resume-services does not leave"):
        await put_agreement_file(store.database, LAYER.encode())

    await put_agreement_file(store.database, ALLOWING.encode())
    said = await put_agreement_file(store.database, LAYER.encode())
    assert said == "birkelund 1"
    with pytest.raises(AgreementFileError, match="line 9, changes: birkelund 1 changes R17 at that time"):
        await put_agreement_file(store.database, LAYER.replace("id: birkelund", "id: other").encode())


ALLOWING = NEXT.replace("content: plan", "content: plan\n    may-deviate: [ladder]")
LAYER = DEVIATION.replace("base: dk-test", "base: dk-first\nregions: [DK-82]")


def _next_year(text: str) -> str:
    return text.replace('version: "1', 'version: "2').replace("valid-from: 2026", "valid-from: 2027")


async def _refusal(store: Store, text: str) -> str:
    before = (await store.database.master()).documents
    with pytest.raises(AgreementFileError) as refused:
        await put_agreement_file(store.database, text.encode())
    assert (await store.database.master()).documents == before, "what runs stays"
    return str(refused.value)


async def _put(store: Store, *files: str) -> None:
    for text in files:
        await put_agreement_file(store.database, text.encode())


async def test_a_new_version_that_leaves_a_stored_deviation_no_room_is_refused_with_its_row(store: Store) -> None:
    await _put(store, ALLOWING, LAYER)

    said = await _refusal(store, _next_year(NEXT))

    assert said == (
        "line 21, rule R17: birkelund 1, which is laid upon dk-first 2.0, does not fit: R17 resume-services does not"
        " leave ladder to a municipality, which may change nothing of it"
    )


async def test_a_version_loaded_again_is_held_against_what_is_laid_upon_it(store: Store) -> None:
    await _put(store, ALLOWING, LAYER)

    assert "line 21, rule R17: birkelund 1, which is laid upon dk-first 1.0, does not fit" in await _refusal(
        store, NEXT
    )


async def test_a_new_version_without_the_row_that_a_layer_changes_is_refused(store: Store) -> None:
    await _put(store, ALLOWING, LAYER)
    renamed = _next_year(ALLOWING).replace("code: resume-services", "code: begin-again")

    said = await _refusal(store, renamed)

    assert said.startswith(
        "line 21, rule R17: birkelund 1, which is laid upon dk-first 2.0, does not fit: R17 makes no"
    )


async def test_a_new_version_that_says_what_a_layer_says_is_taken(store: Store) -> None:
    await _put(store, ALLOWING, LAYER)
    adopted = _next_year(ALLOWING).replace(
        "{do: escalate, after-task: send-admission-report, to", "{do: escalate, after: PT1H, to"
    )

    await _put(store, adopted)

    assert "dk-first 2.0" in await _versions(store)


async def test_a_layer_that_is_over_before_a_new_version_begins_hinders_nobody(store: Store) -> None:
    ending = LAYER.replace("valid-from: 2026-01-01", "valid-from: 2026-01-01\nvalid-to: 2026-12-31")
    await _put(store, ALLOWING, ending, _next_year(NEXT))

    assert "dk-first 2.0" in await _versions(store)


async def test_a_layer_is_held_against_every_version_that_it_meets_whichever_was_loaded_last(store: Store) -> None:
    await _put(store, ALLOWING, _next_year(NEXT), ALLOWING)

    said = await _refusal(store, LAYER)

    assert said.startswith("line 13, rule R17, set.ladder: R17 resume-services does not leave ladder")
    assert said.endswith("(upon dk-first 2.0)")


async def test_a_layer_is_held_against_no_version_that_it_never_meets(store: Store) -> None:
    await _put(store, ALLOWING, _next_year(NEXT))
    ending = LAYER.replace("valid-from: 2026-01-01", "valid-from: 2026-01-01\nvalid-to: 2026-12-31")

    await _put(store, ending)

    assert [layer.name for layer in (await store.database.master()).layers] == ["birkelund 1"]


async def test_layers_that_only_fail_together_are_refused(store: Store) -> None:
    waits = LAYER.replace("after: PT1H", "after-task: send-admission-report")
    overlay = """\
kind: overlay
id: circle
version: "1"
title: Nødberedskab
base: dk-first
valid-from: 2026-02-01
changes:
  - rule: R01
    set:
      ladder:
        - {do: escalate, after-task: resume-services, to: ward, roles: [ward]}
"""
    bare = ALLOWING.replace("after-task: send-admission-report", "after: PT2H")
    await _put(store, bare, waits)

    said = await _refusal(store, overlay)

    assert said.startswith("line 7, changes: leads back to itself: send-admission-report -> resume-services")
    assert said.endswith("(upon dk-first 1.0)")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("id: other\n", "line 1, rules: a list is needed here"),
        (AGREEMENT, "valid-from: dk-first 1.0.0 holds in DK-82 at that time; end it first"),
        (NEXT.replace("2026-01-01", "2020-01-01"), "valid-from: version 1.0.0 begins on that day in DK-82 as well"),
    ],
)
async def test_an_agreement_that_is_refused_leaves_the_store_as_it_is(store: Store, body: str, said: str) -> None:
    before = await _versions(store)

    with pytest.raises(AgreementFileError, match=said):
        await put_agreement_file(store.database, body.encode())

    assert await _versions(store) == before
