"""The stay that a list names, in any of the ways that FHIR R4 leaves open; two in one list are refused."""

from __future__ import annotations

from typing import Any

import pytest

from discharge.identifiers import EncounterId, EpisodeOfCareId, StayId
from discharge.medication.placing import NamedStay
from tests.fhir_mappings.medicine.test_collection import Resource, bundle, entry, listing, read, refused, request

COURSE = {"system": "urn:local", "value": "urn:uuid:AB-1"}
NAMED = NamedStay(episodes=frozenset({EpisodeOfCareId("urn:local", "urn:uuid:AB-1")}))
OURS = NamedStay(encounter_id=EncounterId("0190-our"))


def encounter(**elements: Any) -> Resource:
    made = {"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "IMP"}}
    return {"fullUrl": "urn:uuid:e", "resource": made | elements}


@pytest.mark.parametrize(
    ("context", "named"),
    [
        (None, None),
        ({"display": "Medicinsk M1"}, None),
        ({"reference": "Encounter/0190-our"}, OURS),
        ({"reference": "https://stafet.example/fhir/Encounter/0190-our/_history/3"}, OURS),
        ({"identifier": COURSE}, NAMED),
        ({"identifier": {"value": "AB-1"}}, NamedStay(episodes=frozenset({EpisodeOfCareId("", "AB-1")}))),
        ({"identifier": {"system": "urn:stafet:stay", "value": "0190-stay"}}, NamedStay(stay_id=StayId("0190-stay"))),
        (
            {"reference": "Encounter/0190-our", "identifier": COURSE},
            NamedStay(encounter_id=OURS.encounter_id, episodes=NAMED.episodes),
        ),
    ],
)
def test_a_stay_is_named_by_our_id_or_by_the_courses_identifier(
    context: Resource | None, named: NamedStay | None
) -> None:
    found = [
        read(entry(context=context)),
        read(request(encounter=context)),
        read(listing(emptyReason={"text": "x"}) if context is None else
             listing(emptyReason={"text": "x"}, encounter=context)),
    ]  # fmt: skip

    assert [each.stay for each in found] == [named] * 3
    assert [each.stay_place.rpartition(".")[2] for each in found] == ["context", "encounter", "encounter"]


@pytest.mark.parametrize(
    ("beside", "named"),
    [
        ([encounter(identifier=[COURSE])], NAMED),
        ([encounter(episodeOfCare=[{"identifier": COURSE}])], NAMED),
        (
            [
                encounter(episodeOfCare=[{"reference": "urn:uuid:c"}]),
                {
                    "fullUrl": "urn:uuid:c",
                    "resource": {
                        "resourceType": "EpisodeOfCare",
                        "status": "active",
                        "patient": {"reference": "Patient/p"},
                        "identifier": [COURSE],
                    },
                },
            ],
            NAMED,
        ),
        ([encounter(identifier=[{"system": "urn:stafet:stay", "value": "s"}])], NamedStay(stay_id=StayId("s"))),
    ],
)
def test_a_stay_is_named_by_what_came_with_the_list(beside: list[Resource], named: NamedStay) -> None:
    found = read(entry(context={"reference": "urn:uuid:e"}), *beside)

    assert found.stay == named
    assert all("not-used" not in issue.rule for issue in found.findings)


def test_not_every_entry_has_to_name_the_stay() -> None:
    found = read(entry(), request(encounter={"reference": "Encounter/0190-our"}), entry())

    assert (found.stay, found.stay_place) == (OURS, "Bundle.entry[2].resource.encounter")


@pytest.mark.parametrize(
    ("context", "beside"),
    [
        ({"reference": "urn:uuid:e"}, [encounter()]),
        ({"reference": "urn:uuid:gone"}, []),
        ({"reference": "EpisodeOfCare/1"}, []),
    ],
)
def test_what_names_no_stay_is_refused(context: Resource, beside: list[Resource]) -> None:
    content = bundle(entry(context=context), *beside)

    assert refused(content) == ("stafet-list-stay", "Bundle.entry[1].resource.context")


def test_two_stays_are_refused() -> None:
    two = bundle(
        entry(context={"reference": "Encounter/0190-our"}), request(encounter={"reference": "Encounter/0190-other"})
    )

    assert refused(two) == ("stafet-list-stay", "Bundle.entry[2].resource.encounter")
