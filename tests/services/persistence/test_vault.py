"""What is sealed opens in its own place only."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from discharge.identifiers import CprNumber
from services.persistence.vault import DataKey, Vault
from tests import factories

VAULT = Vault(b"m" * 32, b"i" * 32)
KEY = DataKey(b"k" * 32)


@given(clear=st.binary(max_size=300), bound=st.text(max_size=40))
def test_sealed_text_opens_in_its_place(clear: bytes, bound: str) -> None:
    assert KEY.open(KEY.seal(clear, bound), bound) == clear


def test_same_text_is_never_sealed_the_same_way_twice() -> None:
    assert KEY.seal(b"Ane", "row") != KEY.seal(b"Ane", "row")


@pytest.mark.parametrize(
    ("key", "bound"), [(KEY, "another row"), (DataKey(b"o" * 32), "row")], ids=["another row", "another key"]
)
def test_sealed_text_opens_nowhere_else(key: DataKey, bound: str) -> None:
    sealed = KEY.seal(b"Ane", "row")

    with pytest.raises(InvalidTag):
        key.open(sealed, bound)


@pytest.mark.parametrize("place", [0, 11, 12, 20, -1])
def test_damaged_text_does_not_open(place: int) -> None:
    sealed = bytearray(KEY.seal(b"a longer text than a few bytes", "row"))
    sealed[place] ^= 1

    with pytest.raises(InvalidTag):
        KEY.open(bytes(sealed), "row")


def test_key_of_a_citizen_is_wrapped_for_that_citizen() -> None:
    key, wrapped = VAULT.new_key("one")

    assert VAULT.unwrap(wrapped, "one") == key
    with pytest.raises(InvalidTag):
        VAULT.unwrap(wrapped, "another")
    with pytest.raises(InvalidTag):
        Vault(b"x" * 32, b"i" * 32).unwrap(wrapped, "one")


def test_blind_index_needs_the_key_and_is_the_same_for_one_number() -> None:
    same = CprNumber.parse("251248-9996")

    assert VAULT.blind_index(same) == VAULT.blind_index(factories.CPR)
    assert Vault(b"m" * 32, b"x" * 32).blind_index(same) != VAULT.blind_index(same)
    assert VAULT.blind_index(same) != VAULT.keyed_hash(same.digits.encode())


def test_keys_do_not_show_themselves() -> None:
    shown = f"{VAULT!r} {KEY!r}"

    assert "mmmm" not in shown
    assert "iiii" not in shown
    assert "kkkk" not in shown
