import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from discharge.identifiers import CprNumber, SorCode
from services.persistence.loading import load_clients, load_organizations, load_patients
from services.persistence.master_files import MasterFileError
from services.persistence.system_clients import SqlSystemClients
from tests import factories
from tests.factories import HOSPITAL, WARD
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


def public_key(kid: str = "k1") -> dict[str, Any]:
    made: dict[str, Any] = ECKey.generate_key("P-384").as_dict(private=False, kid=kid)
    return made


def record_system(**changes: object) -> dict[str, Any]:
    return {"client_id": "ehr.example", "organization": HOSPITAL, "jwks": {"keys": [public_key()]}} | changes


async def test_clients_are_added_and_replaced(store: Store, tmp_path: Path) -> None:
    said = await load_clients(store.database, written(tmp_path, record_system(grants=[WARD])))
    key = public_key("k2")
    await load_clients(store.database, written(tmp_path, record_system(jwks={"keys": [key]})))

    found = await SqlSystemClients(store.database.writing).find("ehr.example")

    assert said == "1 clients loaded"
    assert found is not None
    assert (found.organization, found.grants, found.jwks) == (HOSPITAL, frozenset(), {"keys": [key]})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"client_id": None}, r"\$\[0\]\.client_id: is missing"),
        ({"client_id": "a b"}, r"client_id: must be"),
        ({"organization": None}, "organization: is missing"),
        ({"organization": "999000000009009"}, "organization: not registered"),
        ({"grants": ["999000000009009"]}, "grants: not registered"),
        ({"grants": ["x"]}, r"grants\[0\]: must be a SOR code"),
        ({"grants": "x"}, "grants: must be an array"),
        ({"jwks": None}, "jwks: must be a JSON Web Key Set"),
        ({"jwks": {"keys": []}}, "jwks: must be a JSON Web Key Set"),
        ({"jwks": {"keys": [1]}}, r"keys\[0\]: must be an object"),
        ({"jwks": {"keys": [ECKey.generate_key("P-384").as_dict(private=True)]}}, "secret part"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "AAAA", "kid": "k"}]}}, "secret part"),
        ({"jwks": {"keys": [ECKey.generate_key("P-521").as_dict(private=False)]}}, "P-256 or P-384"),
        ({"jwks": {"keys": [public_key() | {"x": "AA"}]}}, "is no whole key"),
        ({"jwks": {"keys": [public_key() | {"use": "enc"}]}}, "use: must be sig"),
        ({"jwks": {"keys": [{k: v for k, v in public_key().items() if k != "kid"}]}}, "kid: is missing"),
        ({"jwks": {"keys": [public_key(), public_key()]}}, r"keys\[1\]\.kid: is the kid of another"),
        ({"secret": "x"}, "none of client_id"),
    ],
)
async def test_client_that_cannot_be_taken_is_told_and_not_loaded(
    store: Store, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(MasterFileError, match=told):
        await load_clients(store.database, written(tmp_path, record_system(**changes)))

    assert await SqlSystemClients(store.database.writing).find("ehr.example") is None


async def test_client_that_comes_twice_is_not_loaded(store: Store, tmp_path: Path) -> None:
    with pytest.raises(MasterFileError, match=r"\$\[1\]\.client_id: the same as"):
        await load_clients(store.database, written(tmp_path, record_system(), record_system()))


async def test_loading_citizens_leaves_an_audit_row_that_lists_their_stays(store: Store, tmp_path: Path) -> None:
    await store.admit()
    (stay,) = store.rows("SELECT id::text FROM stay")

    await load_patients(store.database, written(tmp_path, {"cpr": factories.CPR.digits, "family": "Nytnavn"}))

    (row,) = store.rows("SELECT route, person_name, stays FROM audit WHERE action = 'load-patients'")
    assert row == {"route": "CONSOLE load", "person_name": "Stafet", "stays": [stay["id"]]}
