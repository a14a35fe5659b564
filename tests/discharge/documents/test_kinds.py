from __future__ import annotations

import pytest

from discharge.documents.kinds import ReportKind, kinds_of
from fhir_mappings.discharge_report.codes import TYPES
from tests.discharge.documents.made import filed, report


@pytest.mark.parametrize("code", sorted(TYPES))
def test_every_type_of_discharge_report_is_of_one_kind(code: str) -> None:
    expected = ReportKind.NURSING_REPORT if code == "34745-0" else ReportKind.DISCHARGE_LETTER

    assert kinds_of(filed(report(type_code=code))) == {expected}


def test_patient_summary_is_of_none() -> None:
    assert kinds_of(filed(report(type_code="60591-5"))) == frozenset()


def test_kinds_stand_side_by_side() -> None:
    assert kinds_of(filed(report(type_code="34745-0"), report(), report())) == set(ReportKind)
