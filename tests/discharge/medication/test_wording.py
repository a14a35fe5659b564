"""Different words for the same form, route or strength."""

from __future__ import annotations

import pytest

from discharge.medication.comparing import Aspect, compare
from discharge.medication.wording import form_key, plain, route_key, strength_key
from tests.discharge.medication.lines import medicine


@pytest.mark.parametrize(
    ("one", "other", "differs", "unclear"),
    [
        ({"strength": "40 mg"}, {"strength": "40mg"}, (), ()),
        ({"strength": "0,04 g"}, {"strength": "40 mg"}, (), ()),
        ({"strength": "40 mg"}, {"strength": "80 mg"}, (Aspect.DOSE, Aspect.STRENGTH), ()),
        ({"form": "tablet"}, {"form": "Filmovertrukne  tabletter"}, (), ()),
        ({"form": "tablet"}, {"form": "depottabletter"}, (Aspect.FORM,), ()),
        ({"form": "tablet"}, {"form": "brusepulver"}, (), (Aspect.FORM,)),
        ({"route": "oral"}, {"route": "gennem munden"}, (), ()),
        ({"route": "oral"}, {"route": "rektalt"}, (Aspect.ROUTE,), ()),
        ({"route": "oral"}, {"route": "i øjet"}, (), (Aspect.ROUTE,)),
        ({"route": "oral"}, {"route": None}, (), ()),
    ],
)
def test_only_words_that_are_known_to_differ_differ(
    one: dict[str, str], other: dict[str, str], differs: tuple[Aspect, ...], unclear: tuple[Aspect, ...]
) -> None:
    found = compare(medicine(**one), medicine(**other))

    assert (found.differs, found.unclear) == (differs, unclear)


def test_what_is_not_known_has_no_key() -> None:
    assert (route_key("i øjet"), form_key("brusepulver"), strength_key("10 mg/ml")) == (None, None, None)
    assert strength_key("1000 mcg") == "1 mg"
    assert plain(" Per  OS ") == "per os"
