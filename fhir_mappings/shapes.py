"""What real messages carry, as types: a quick yes in front of the models of ``fhir.resources``.

``stands`` says yes only where the model would: every type here admits what the model admits, or less.
What is not described here (an element nobody sends, most extensions of primitives, null, a leap day)
is no refusal: the model is asked then and has the last word. The tests hold the two against each other.

Source: FHIR R4, resources and data types, as far as MedCom HospitalNotification 3.0.2 and
CareCommunication 5.0.2 use them.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, ValidationError

from fhir_mappings.elements import JsonObject

__all__ = ["stands"]

_DAY: Final = (
    r"(?:19|20)[0-9]{2}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_CLOCK: Final = r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])"
_HOST: Final = r"(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,}"

_Shape = TypeVar("_Shape")
Maybe: TypeAlias = _Shape | UnsetType
"""May be left out, and may not be null."""

# \A and \Z, never ^ and $: a line feed must not end a value.
Text: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"\S")]
Code: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"\A[!-~]+\Z")]
Id: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9.-]{1,64}\Z")]
Uri: TypeAlias = str  # The models take any text for a uri.
Url: TypeAlias = Annotated[str, msgspec.Meta(pattern=rf"\Ahttps?://{_HOST}(?:/[A-Za-z0-9#=./_-]*)?\Z")]
Date: TypeAlias = Annotated[str, msgspec.Meta(pattern=rf"\A{_DAY}\Z")]
Instant: TypeAlias = Annotated[str, msgspec.Meta(pattern=rf"\A{_DAY}{_CLOCK}\Z")]  # In messages a dateTime is one, too.


class Element(Struct, forbid_unknown_fields=True, kw_only=True, rename="camel", gc=False):
    """Any element; a backbone element without ``modifierExtension`` as well."""

    id: Maybe[Text] = UNSET
    extension: Maybe[list[Extension]] = UNSET


class Extension(Element):
    """An extension with one of the values that MedCom's extensions have."""

    url: Uri
    value_boolean: Maybe[bool] = UNSET
    value_code: Maybe[Code] = UNSET
    value_coding: Maybe[Coding] = UNSET
    value_contact_point: Maybe[ContactPoint] = UNSET
    value_date_time: Maybe[Instant] = UNSET
    value_identifier: Maybe[Identifier] = UNSET
    value_period: Maybe[Period] = UNSET
    value_reference: Maybe[Reference] = UNSET

    def __post_init__(self) -> None:
        """Two values are none. Source: FHIR R4, Extension.value[x] 0..1."""
        values = (
            self.value_boolean,
            self.value_code,
            self.value_coding,
            self.value_contact_point,
            self.value_date_time,
            self.value_identifier,
            self.value_period,
            self.value_reference,
        )
        if len(values) - values.count(UNSET) > 1:
            raise ValueError("value[x]")


class PrimitiveExtension(Element):
    """What a primitive carries beside its value, or in place of it."""

    extension: list[Extension]


class Coding(Element):
    """A code and where it comes from."""

    system: Maybe[Uri] = UNSET
    version: Maybe[Text] = UNSET
    code: Maybe[Code] = UNSET
    display: Maybe[Text] = UNSET


class CodeableConcept(Element):
    """A thing said in codes, in words or both."""

    coding: Maybe[list[Coding]] = UNSET
    text: Maybe[Text] = UNSET


class Period(Element):
    """From when to when."""

    start: Maybe[Instant] = UNSET
    end: Maybe[Instant] = UNSET


class Identifier(Element):
    """A number somebody gave."""

    use: Maybe[Code] = UNSET
    type: Maybe[CodeableConcept] = UNSET
    system: Maybe[Uri] = UNSET
    value: Maybe[Text] = UNSET
    assigner: Maybe[Reference] = UNSET


class Reference(Element):
    """The name of another resource."""

    reference: Maybe[Text] = UNSET
    type: Maybe[Uri] = UNSET
    identifier: Maybe[Identifier] = UNSET
    display: Maybe[Text] = UNSET


class HumanName(Element):
    """A name; a family name that is withheld has an extension in its place."""

    use: Maybe[Code] = UNSET
    text: Maybe[Text] = UNSET
    family: Maybe[Text] = UNSET
    family_extension: Maybe[PrimitiveExtension] = msgspec.field(name="_family", default=UNSET)
    given: Maybe[list[Text]] = UNSET
    prefix: Maybe[list[Text]] = UNSET
    suffix: Maybe[list[Text]] = UNSET


class Address(Element):
    """Where somebody lives."""

    use: Maybe[Code] = UNSET
    line: Maybe[list[Text]] = UNSET
    city: Maybe[Text] = UNSET
    postal_code: Maybe[Text] = UNSET
    country: Maybe[Text] = UNSET


class ContactPoint(Element):
    """A telephone number or the like."""

    system: Maybe[Code] = UNSET
    value: Maybe[Text] = UNSET
    use: Maybe[Code] = UNSET


class Narrative(Element):
    """The resource in words."""

    status: Code
    div: str


class ResourceMeta(Element):
    """Facts about a resource."""

    version_id: Maybe[Id] = UNSET
    last_updated: Maybe[Instant] = UNSET
    profile: Maybe[list[Uri]] = UNSET


class Resource(Struct, forbid_unknown_fields=True, kw_only=True, rename="camel", gc=False, tag_field="resourceType"):
    """Any resource."""

    id: Maybe[Id] = UNSET
    meta: Maybe[ResourceMeta] = UNSET
    language: Maybe[Code] = UNSET


class DomainResource(Resource, kw_only=True):
    """Any resource with content of its own."""

    text: Maybe[Narrative] = UNSET
    extension: Maybe[list[Extension]] = UNSET


class BundleEntry(Element):
    """The place of a resource in a message; the resource is looked at for itself."""

    full_url: Maybe[Uri] = UNSET


class Bundle(Resource, tag=True):
    """A message."""

    type: Code
    timestamp: Maybe[Instant] = UNSET
    entry: Maybe[list[BundleEntry]] = UNSET


class Destination(Element):
    """Where a message goes."""

    endpoint: Url
    name: Maybe[Text] = UNSET
    receiver: Maybe[Reference] = UNSET


class Source(Element):
    """Where a message comes from."""

    endpoint: Url
    name: Maybe[Text] = UNSET
    software: Maybe[Text] = UNSET
    version: Maybe[Text] = UNSET


class MessageHeader(DomainResource, tag=True):
    """What a message is about."""

    event_coding: Coding
    source: Source
    destination: Maybe[list[Destination]] = UNSET
    sender: Maybe[Reference] = UNSET
    focus: Maybe[list[Reference]] = UNSET
    definition: Maybe[Uri] = UNSET


class Patient(DomainResource, tag=True):
    """A citizen."""

    identifier: Maybe[list[Identifier]] = UNSET
    active: Maybe[bool] = UNSET
    name: Maybe[list[HumanName]] = UNSET
    telecom: Maybe[list[ContactPoint]] = UNSET
    gender: Maybe[Code] = UNSET
    birth_date: Maybe[Date] = UNSET
    deceased_boolean: Maybe[bool] = UNSET
    address: Maybe[list[Address]] = UNSET
    marital_status: Maybe[CodeableConcept] = UNSET
    managing_organization: Maybe[Reference] = UNSET


class Encounter(DomainResource, tag=True):
    """A hospital contact, without what the law keeps out of notifications."""

    status: Code
    encounter_class: Coding = msgspec.field(name="class")
    identifier: Maybe[list[Identifier]] = UNSET
    subject: Maybe[Reference] = UNSET
    episode_of_care: Maybe[list[Reference]] = UNSET
    period: Maybe[Period] = UNSET
    service_provider: Maybe[Reference] = UNSET


class Organization(DomainResource, tag=True):
    """A hospital, a ward, a municipality, a practice."""

    identifier: Maybe[list[Identifier]] = UNSET
    active: Maybe[bool] = UNSET
    type: Maybe[list[CodeableConcept]] = UNSET
    name: Maybe[Text] = UNSET
    telecom: Maybe[list[ContactPoint]] = UNSET
    address: Maybe[list[Address]] = UNSET
    part_of: Maybe[Reference] = UNSET


class Agent(Element):
    """Who took part."""

    who: Reference
    type: Maybe[CodeableConcept] = UNSET
    role: Maybe[list[CodeableConcept]] = UNSET
    on_behalf_of: Maybe[Reference] = UNSET


class Entity(Element):
    """What was used."""

    role: Code
    what: Reference


class Provenance(DomainResource, tag=True):
    """Who sent which message when."""

    target: list[Reference]
    recorded: Instant
    agent: list[Agent]
    occurred_date_time: Maybe[Instant] = UNSET
    activity: Maybe[CodeableConcept] = UNSET
    entity: Maybe[list[Entity]] = UNSET


class Practitioner(DomainResource, tag=True):
    """A professional."""

    identifier: Maybe[list[Identifier]] = UNSET
    name: Maybe[list[HumanName]] = UNSET
    telecom: Maybe[list[ContactPoint]] = UNSET


class PractitionerRole(DomainResource, tag=True):
    """What a professional does where."""

    practitioner: Maybe[Reference] = UNSET
    organization: Maybe[Reference] = UNSET
    code: Maybe[list[CodeableConcept]] = UNSET
    telecom: Maybe[list[ContactPoint]] = UNSET


class CareTeam(DomainResource, tag=True):
    """A group of professionals."""

    name: Maybe[Text] = UNSET
    managing_organization: Maybe[list[Reference]] = UNSET


class Payload(Element):
    """A piece of text; attachments are left to the model."""

    content_string: Text


class Communication(DomainResource, tag=True):
    """A clinical message from people to people."""

    status: Code
    identifier: Maybe[list[Identifier]] = UNSET
    category: Maybe[list[CodeableConcept]] = UNSET
    priority: Maybe[Code] = UNSET
    subject: Maybe[Reference] = UNSET
    topic: Maybe[CodeableConcept] = UNSET
    encounter: Maybe[Reference] = UNSET
    recipient: Maybe[list[Reference]] = UNSET
    payload: Maybe[list[Payload]] = UNSET


_SHAPES: Final[dict[str, type[Resource]]] = {
    shape.__name__: shape
    for shape in (
        Bundle,
        MessageHeader,
        Patient,
        Encounter,
        Organization,
        Provenance,
        Communication,
        Practitioner,
        PractitionerRole,
        CareTeam,
    )
}


def stands(resource: JsonObject, *, kind: str) -> bool:
    """True when ``resource`` is surely a ``kind``; else the model of that name must be asked."""
    shape = _SHAPES.get(kind)
    if shape is None:
        return False
    try:
        msgspec.convert(resource, shape)
    except ValidationError:
        return False
    return True
