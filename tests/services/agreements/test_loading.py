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
    layer = DEVIATION.replace("base: dk-test", "base: dk-first")

    with pytest.raises(AgreementFileError, match="line 5, base: no agreement dk-test is stored; load it first"):
        await put_agreement_file(store.database, DEVIATION.encode())
    with pytest.raises(AgreementFileError, match=r"line 12, rule R17, set\.ladder: R17 resume-services does not leave"):
        await put_agreement_file(store.database, layer.encode())

    allowing = NEXT.replace("content: plan", "content: plan\n    may-deviate: [ladder]")
    await put_agreement_file(store.database, allowing.encode())
    said = await put_agreement_file(store.database, layer.encode())
    assert said == "birkelund 1"
    with pytest.raises(AgreementFileError, match="line 8, changes: birkelund 1 changes R17 at that time"):
        await put_agreement_file(store.database, layer.replace("id: birkelund", "id: other").encode())


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
