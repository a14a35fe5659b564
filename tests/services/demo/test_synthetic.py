from discharge.directory import Directory
from discharge.identifiers import CprNumber
from services.demo.seed import master_file
from services.demo.synthetic import Ending, Fate, scripts
from services.persistence.master_files import read_organizations, read_patients

DIRECTORY = Directory.of(read_organizations(master_file("organizations.json")))
CITIZENS = [
    patient for patient in read_patients(master_file("patients.json"), lambda: "") if patient.municipality is not None
]


def test_the_same_seed_makes_the_same_stays() -> None:
    one, two, other = (
        [
            (script.cpr, script.ward.sor, script.began_before, script.needs, script.ending, script.fate())
            for script in scripts(DIRECTORY, CITIZENS, stays=40, seed=seed)
        ]
        for seed in (7, 7, 8)
    )

    assert one == two
    assert one != other


def test_stays_are_as_different_as_life() -> None:
    made = list(scripts(DIRECTORY, CITIZENS, stays=300, seed=1))

    assert {script.ending for script in made} == set(Ending)
    assert {script.fate() for script in made} == set(Fate)
    assert {script.comes_acute for script in made} == {True, False}
    assert any(script.needs is None for script in made)
    assert any(script.needs == frozenset() or script.needs for script in made)
    assert any(script.resends for script in made)
    assert len({script.ward.sor for script in made}) > 8
    assert 10 < sum(not script.is_known for script in made) < 90


def test_a_stranger_has_a_number_of_the_right_form_that_is_nobodys() -> None:
    known = {patient.cpr.digits for patient in CITIZENS}

    strangers = [
        script.cpr
        for script in scripts(DIRECTORY, CITIZENS, stays=300, seed=1)
        if script.family not in {patient.family for patient in CITIZENS}
    ]

    assert strangers
    assert not known & set(strangers)
    assert len(set(strangers)) == len(strangers)
    assert all(1930 <= CprNumber.parse(digits).birth_date.year < 1990 for digits in strangers)
