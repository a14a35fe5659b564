from discharge.policy import Role
from tests.factories import CPR, FAMILY, HOSPITAL, MUNICIPALITY, NEIGHBOUR, OTHER_WARD
from tests.services.installation import Installation

NUMBER = f"urn:oid:1.2.208.176.1.2|{CPR.digits}"


async def test_party_reads_the_citizen(house: Installation) -> None:
    reference = (await house.admitted())["subject"]["reference"]

    answer = await house.client.get(f"/fhir/{reference}", headers=house.token(Role.HOME_NURSE, MUNICIPALITY))

    citizen = answer.json()
    assert citizen["name"][0]["family"] == FAMILY
    assert citizen["identifier"][0]["value"] == CPR.digits


async def test_strangers_do_not_learn_that_a_citizen_exists(house: Installation) -> None:
    reference = (await house.admitted())["subject"]["reference"]
    for stranger in (house.token(Role.HOME_NURSE, NEIGHBOUR), house.token(Role.WARD, HOSPITAL, OTHER_WARD), house.gp):
        read = await house.client.get(f"/fhir/{reference}", headers=stranger)
        found = await house.client.post("/fhir/Patient/_search", data={"identifier": NUMBER}, headers=stranger)

        assert read.status_code == 404
        assert (found.status_code, found.json()["total"]) == (200, 0)


async def test_citizen_without_a_stay_is_nobodys_to_read(house: Installation) -> None:
    answer = await house.client.post(
        "/fhir/Patient/_search", data={"identifier": NUMBER}, headers=house.token(Role.HOME_NURSE, MUNICIPALITY)
    )

    assert answer.json()["total"] == 0


async def test_search_finds_by_number_and_by_id(house: Installation) -> None:
    patient_id = (await house.admitted())["subject"]["reference"].removeprefix("Patient/")
    system = house.token(Role.SYSTEM, HOSPITAL)

    by_number = await house.client.post("/fhir/Patient/_search", data={"identifier": NUMBER}, headers=system)
    by_id = await house.client.get(f"/fhir/Patient?_id={patient_id}&_count=5", headers=system)
    both = await house.client.post(
        "/fhir/Patient/_search", data={"identifier": NUMBER, "_id": "somebody-else"}, headers=system
    )

    assert by_number.json()["entry"][0]["resource"]["id"] == patient_id
    assert CPR.digits not in by_number.json()["link"][0]["url"]
    assert by_id.json()["total"] == 1
    assert both.json()["total"] == 0


async def test_search_for_everybody_finds_nobody(house: Installation) -> None:
    await house.admitted()

    answer = await house.client.get("/fhir/Patient", headers=house.token(Role.SYSTEM, HOSPITAL))

    assert answer.json()["total"] == 0


async def test_unknown_parameter_is_said_so(house: Installation) -> None:
    answer = await house.client.get("/fhir/Patient?name=Ane", headers=house.token(Role.SYSTEM, HOSPITAL))

    assert answer.json()["entry"][0]["search"]["mode"] == "outcome"
