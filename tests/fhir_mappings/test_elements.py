from __future__ import annotations

from fhir_mappings.elements import Element, codeable, expression_of

ELEMENT = Element(
    "Patient",
    {"name": [{"family": "Sørensen"}, 7], "active": True, "extension": [{"url": "a"}, {"url": "b", "valueCode": "x"}]},
)


def test_places_are_named_by_fhirpath() -> None:
    assert ELEMENT.all("name")[0]["family"] == Element("Patient.name[0].family", "Sørensen")
    assert ELEMENT.extension("b")["valueCode"].path == "Patient.extension[1].valueCode"


def test_a_place_is_its_path_and_its_value() -> None:
    name = ELEMENT.all("name")[0]

    assert name == Element("Patient.name[0]", {"family": "Sørensen"})
    assert name != Element("Patient.name[1]", name.value)
    assert name != Element(name.path, {})
    assert name != name.path


def test_what_is_absent_or_of_another_shape_reads_as_absent() -> None:
    assert not ELEMENT["gender"].exists
    assert ELEMENT["active"].string is None
    assert ELEMENT["active"].fields == {}
    assert ELEMENT["active"].all("x") == ()
    assert ELEMENT.all("active") == ()
    assert ELEMENT.text("name") is None
    assert Element("x", "  ").string is None
    assert not ELEMENT.extension("c")["valueCode"].exists


def test_a_walk_visits_every_object_and_names_only_elements_of_fhir() -> None:
    value = Element("X", {"a": [{"b": {"c": 1}}, 5], "0101011234": {"d": {}}, "s": "text"})

    assert [each.path for each in value.walk()] == ["X", "X.a[0]", "X.a[0].b", "X", "X.d"]


def test_an_expression_ends_before_the_first_name_that_is_none() -> None:
    assert expression_of("X", ("a", 2, "_birthDate", "valueBase64Binary")) == "X.a[2]._birthDate.valueBase64Binary"
    assert expression_of("X", ("a", "0101011234", "b")) == "X.a"


def test_a_concept_may_carry_words() -> None:
    assert codeable("urn:s", "c") == {"coding": [{"system": "urn:s", "code": "c"}]}
    assert codeable("urn:s", "c", "Words") == {"coding": [{"system": "urn:s", "code": "c"}], "text": "Words"}
