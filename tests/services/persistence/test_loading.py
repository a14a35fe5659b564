import json
from pathlib import Path
from typing import Any

import pytest

from discharge.errors import AgreementError
from discharge.identifiers import CprNumber, SorCode
from services.demo.seed import master_file
from services.persistence.loading import load_agreement, load_organizations, load_patients
from services.persistence.master_files import MasterFileError
from tests.services.persistence.store import Store

CPR = CprNumber("1402420004")


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    file = folder / "rows.json"
    file.write_text(json.dumps(rows), encoding="utf-8")
    return file


async def test_organisations_are_added_and_replaced(store: Store, tmp_path: Path) -> None:
    unit = {"sor": "999000000009001", "name": "Øst", "kind": "unit"}

    said = await load_organizations(store.database, written(tmp_path, unit))
    await load_organizations(store.database, written(tmp_path, unit | {"name": "Vest"}))

    assert said == "1 organisations loaded"
    assert (await store.database.master()).directory[SorCode("999000000009001")].name == "Vest"


async def test_a_file_with_one_bad_row_loads_nothing(store: Store, tmp_path: Path) -> None:
    good = {"sor": "999000000009001", "name": "Øst", "kind": "unit"}

    with pytest.raises(MasterFileError):
        await load_organizations(
            store.database, written(tmp_path, good, good | {"sor": "999000000009002", "kind": "x"})
        )

    assert SorCode("999000000009001") not in (await store.database.master()).directory


async def test_a_citizen_loaded_again_keeps_the_same_id(store: Store, tmp_path: Path) -> None:
    await load_patients(store.database, written(tmp_path, {"cpr": CPR.digits, "family": "Prøvesen"}))
    async with store.database.unit_of_work(None) as uow:
        first = await uow.patients.by_cpr(CPR)

    said = await load_patients(
        store.database, written(tmp_path, {"cpr": CPR.digits, "family": "Prøvesen", "services": ["meals"]})
    )

    async with store.database.unit_of_work(None) as uow:
        again = await uow.patients.by_cpr(CPR)
    assert said == "1 citizens loaded"
    assert first is not None
    assert again is not None
    assert (again.id, again.services) == (first.id, frozenset({"meals"}))


async def test_citizens_of_an_unknown_municipality_are_not_loaded(store: Store, tmp_path: Path) -> None:
    with pytest.raises(MasterFileError, match="municipality"):
        await load_patients(store.database, written(tmp_path, {"cpr": CPR.digits, "municipality": "999000000009009"}))


async def test_an_agreement_is_loaded_by_id_and_version(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "agreement.yaml"
    file.write_bytes(master_file("agreement.yaml").replace(b"version: 1.0.0", b"version: 1.1.0"))

    said = [await load_agreement(store.database, file) for _ in range(2)]

    assert said == ["agreement dk-first 1.1.0 loaded"] * 2
    versions = [agreement.version for agreement in (await store.database.master()).agreements]
    assert versions.count("1.1.0") == 1


async def test_an_agreement_that_cannot_be_followed_is_not_loaded(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "agreement.yaml"
    file.write_text("id: other\n", encoding="utf-8")

    with pytest.raises(AgreementError):
        await load_agreement(store.database, file)
