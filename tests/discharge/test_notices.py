"""The kinds of notice."""

import pytest

from discharge.notices import NoticeKind

K = NoticeKind


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_a_kind_knows_what_it_corrects_or_cancels(kind: NoticeKind) -> None:
    assert kind.base in {K.STAA, K.STIN, K.STOR, K.SLOR, K.SLHJ, K.MORS}
    assert (kind.corrects, kind.cancels) == (kind.value.startswith("RE_"), kind.value.startswith("AN_"))
