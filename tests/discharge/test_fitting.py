"""Layers against every agreement that they ever meet, alone and together."""

from __future__ import annotations

from discharge.directory import Directory, Organization, OrganizationKind
from discharge.fitting import layable, misfits
from discharge.identifiers import SorCode
from discharge.in_force import InForce
from tests.discharge.layering import OURS, base, layer_document, rule

NOWHERE = Directory.of(())
WAITING = [{"do": "escalate", "after-task": "resume-services", "to": "ward", "roles": ["ward"]}]


def _told(*documents: dict[str, object], concerning: dict[str, object] | None = None) -> list[str]:
    found = misfits(documents, NOWHERE, concerning=concerning)
    return [f"{each.layer.name} upon {each.base['version']}" for each in found]


def test_what_fits_is_not_told() -> None:
    assert _told(base(), layer_document()) == []


def test_what_only_looks_wrong_fits() -> None:
    waiting = rule(trigger="treatment-resumed", deadline={"kind": "elapsed", "since": "treatment-finished"})
    ladder = layer_document({"rule": "R17", "set": {"ladder": [{"do": "remind", "after": "PT2H"}]}})

    assert _told(base(waiting), ladder) == []


def test_layer_that_fits_to_one_version_and_not_to_the_next_is_told_of_the_next_once() -> None:
    closed = base(rule(may_deviate=[]), version="2.0.0", valid_from="2027-01-01")
    summer = layer_document(
        kind="overlay",
        id="summer",
        parties=None,
        valid_from="2027-06-01",
        changes=[{"calendars": {"closed-days": ["08-01"]}}],
    )

    assert _told(base(), closed, layer_document(), summer) == ["ours 1.0.0 upon 2.0.0"]


def test_only_what_is_asked_about_is_told() -> None:
    closed = base(rule(may_deviate=[]), version="2.0.0", valid_from="2027-01-01")
    other = layer_document(id="other", parties=["100000000000009"], valid_from="2027-01-01")

    assert _told(base(), closed, layer_document(), other, concerning=other) == ["other 1.0.0 upon 2.0.0"]


def test_layers_that_make_a_circle_together_are_told_of_the_later_one() -> None:
    rows = (rule(), rule("R24", "follow-up-visit"))
    one = layer_document(id="one", changes=[{"rule": "R24", "set": {"ladder": WAITING}}])
    back = [{**WAITING[0], "after-task": "follow-up-visit"}]
    other = layer_document(id="two", kind="overlay", changes=[{"rule": "R17", "set": {"ladder": back}}])

    (found,) = misfits((base(*rows), one, other), NOWHERE)

    assert (found.layer.id, found.path) == ("two", "$.changes")
    assert "leads back to itself" in found.problem


def test_what_holds_in_another_region_hinders_nobody() -> None:
    there = base(rule(may_deviate=[]), version="2.0.0", regions=["DK-81"], valid_from="2026-02-01")
    ours = Organization(sor=SorCode(OURS), name="Vores", kind=OrganizationKind.MUNICIPALITY, region="DK-82")

    assert _told(base(), there, layer_document()) == ["ours 1.0.0 upon 2.0.0"]
    assert not list(misfits((base(), there, layer_document()), Directory.of((ours,))))


def test_what_cannot_be_laid_is_left_out_and_the_others_are_laid() -> None:
    astray = layer_document(id="astray", changes=[{"rule": "R99", "suspend": True}])
    found = InForce(base=base(), layers=(astray, layer_document()))

    held, unfit = layable(found)

    assert [each["id"] for each in held.layers] == ["ours"]
    assert [(each.layer.id, each.path) for each in unfit] == [("astray", "$.changes[0].rule")]
