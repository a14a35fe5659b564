"""What breaks each line of the profiles in a rich message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.fhir_mappings.medcom.rich import RECIPIENT, entry_of
from tests.fhir_mappings.messages import LEAVE, REPORT, Message, of_type

__all__ = ["NOTICES", "RECEIPTS", "patient"]

Edit = Callable[[Message], object]
_SOR: Final = "urn:oid:1.2.208.176.1.1"
_CVR: Final = "http://cvr.dk"
_KOMBIT: Final = "https://kombit.dk/sts/organisation"
_LPR3: Final = "https://www.esundhed.dk/Registre/Landspatientregisteret"
_SLICES: Final = {
    "ean": "https://www.gs1.org/gln",
    "sor": _SOR,
    "kombit": _KOMBIT,
    "ydernummer": "urn:oid:1.2.208.176.1.4",
    "cvr": _CVR,
    "kommunekode": "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes",
    "regionskode": "http://hl7.dk/fhir/core/CodeSystem/dk-core-regional-subdivision-codes",
}


def _header(message: Message) -> Message:
    return of_type(message, "MessageHeader")


def _use(message: Message) -> Message:
    found: Message = _header(message)["destination"][0]["extension"][0]
    return found


def _extension(message: Message, kind: str, url: str) -> Message:
    found: Message = next(each for each in of_type(message, kind)["extension"] if each["url"] == url)
    return found


def _identifier(resource: Message, system: str) -> Message:
    found: Message = next(each for each in resource["identifier"] if each["system"] == system)
    return found


def _at_hospital(name: str) -> Callable[[Message], Message]:
    return lambda message: _identifier(entry_of(message, "hospital"), _SLICES[name])


def _repeat(listed: list[Any], member: Any) -> None:
    listed.append(dict(member))


def _repeated(name: str) -> Edit:
    return lambda message: _repeat(entry_of(message, "hospital")["identifier"], _at_hospital(name)(message))


def _without_value(name: str) -> Edit:
    return lambda message: _at_hospital(name)(message).pop("value")


def _disused(name: str) -> Edit:
    return lambda message: _at_hospital(name)(message).update(use="old")


def _place_twice(number: int) -> Edit:
    def edit(message: Message) -> None:
        extensions = patient(message)["address"][0]["extension"]
        _repeat(extensions, extensions[number])

    return edit


def patient(message: Message) -> Message:
    """Whom the message is about."""
    return of_type(message, "Patient")


def _lpr3(message: Message) -> Message:
    found: Message = next(
        each["identifier"]
        for each in of_type(message, "Encounter")["episodeOfCare"]
        if each["identifier"]["system"] == _LPR3
    )
    return found


def _ecpr(message: Message) -> Message:
    return _identifier(patient(message), "urn:oid:1.2.208.176.1.6.1.1")


def _many_statuses(message: Message) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
    patient(message)["maritalStatus"]["coding"] = [{"system": system, "code": code} for code in "PA"]


# rule -> what breaks it in a rich notification, and the last step of the FHIRPath that is named
NOTICES: Final[dict[str, tuple[Edit, str]]] = {
    "bundle-entry-search-mode-binding": (lambda m: m["entry"][0]["search"].update(mode="x"), "search.mode"),
    "bundle-entry-request-method-binding": (lambda m: m["entry"][0]["request"].update(method="x"), "request.method"),
    "messageheader-eventcoding-system-min": (lambda m: _header(m)["eventCoding"].pop("system"), "eventCoding.system"),
    "messageheader-destination-extension-use-max": (
        lambda m: _repeat(_header(m)["destination"][0]["extension"], _use(m)),
        "destination[0].extension[1]",
    ),
    "messageheader-destination-extension-use-extension-max": (
        lambda m: _use(m).update(extension=[{"url": "urn:x", "valueBoolean": True}]),
        "extension[0].extension[0]",
    ),
    "messageheader-destination-extension-use-valuecoding-system-min": (
        lambda m: _use(m)["valueCoding"].pop("system"),
        "valueCoding.system",
    ),
    "messageheader-destination-extension-use-valuecoding-system-fixed": (
        lambda m: _use(m)["valueCoding"].update(system="urn:x"),
        "valueCoding.system",
    ),
    "messageheader-response-code-binding": (
        lambda m: _header(m).update(response={"identifier": "x", "code": "maybe"}),
        "response.code",
    ),
    "provenance-target-max": (
        lambda m: _repeat(of_type(m, "Provenance")["target"], of_type(m, "Provenance")["target"][0]),
        "target[1]",
    ),
    "provenance-occurredperiod-max": (
        lambda m: of_type(m, "Provenance").update(occurredPeriod={"start": "2026-11-20T10:00:00Z"}),
        "occurredPeriod",
    ),
    "provenance-entity-role-binding": (
        lambda m: of_type(m, "Provenance")["entity"][0].update(role="x"),
        "entity[0].role",
    ),
    "provenance-activity-coding-system-min": (
        lambda m: of_type(m, "Provenance")["activity"]["coding"][0].pop("system"),
        "coding[0].system",
    ),
    "organization-identifier-use-binding": (lambda m: _at_hospital("ydernummer")(m).update(use="x"), ".use"),
    **{
        f"organization-identifier-{name}-max": (
            _repeated(name),
            "identifier[7]",
        )
        for name in _SLICES
    },
    **{
        f"organization-identifier-{name}-value-min": (_without_value(name), ".value")
        for name in sorted(_SLICES.keys() - {"sor"})
    },
    **{
        f"organization-identifier-{name}-use-fixed": (
            _disused(name),
            ".use",
        )
        for name in ("ean", "sor", "kombit", "cvr")
    },
    "organization-identifier-kommunekode-value-binding": (
        lambda m: _at_hospital("kommunekode")(m).update(value="0001"),
        ".value",
    ),
    "messageheader-extension-report-max": (
        lambda m: _repeat(_header(m)["extension"], _extension(m, "MessageHeader", REPORT)),
        "extension[2]",
    ),
    "messageheader-extension-recipient-max": (
        lambda m: _repeat(_header(m)["extension"], _extension(m, "MessageHeader", RECIPIENT)),
        "extension[2]",
    ),
    "messageheader-extension-report-extension-max": (
        lambda m: _extension(m, "MessageHeader", REPORT).update(extension=[{"url": "urn:x", "valueBoolean": True}]),
        "extension[0].extension[0]",
    ),
    "messageheader-extension-recipient-extension-max": (
        lambda m: _extension(m, "MessageHeader", RECIPIENT).update(extension=[{"url": "urn:x", "valueBoolean": True}]),
        "extension[1].extension[0]",
    ),
    "messageheader-extension-report-valueboolean-min": (
        lambda m: _extension(m, "MessageHeader", REPORT).pop("valueBoolean"),
        "valueBoolean",
    ),
    "messageheader-extension-recipient-valuereference-min": (
        lambda m: _extension(m, "MessageHeader", RECIPIENT).pop("valueReference"),
        "valueReference",
    ),
    "encounter-extension-leave-max": (
        lambda m: _repeat(of_type(m, "Encounter")["extension"], _extension(m, "Encounter", LEAVE)),
        "extension[1]",
    ),
    "encounter-extension-leave-extension-max": (
        lambda m: _extension(m, "Encounter", LEAVE).update(extension=[{"url": "urn:x", "valueBoolean": True}]),
        "extension[0].extension[0]",
    ),
    "encounter-extension-leave-valueperiod-start-min": (
        lambda m: _extension(m, "Encounter", LEAVE)["valuePeriod"].pop("start"),
        "valuePeriod.start",
    ),
    "encounter-class-system-min": (lambda m: of_type(m, "Encounter")["class"].pop("system"), "class.system"),
    "encounter-class-system-fixed": (lambda m: of_type(m, "Encounter")["class"].update(system="urn:x"), "class.system"),
    "encounter-statushistory-status-binding": (
        lambda m: of_type(m, "Encounter")["statusHistory"][0].update(status="x"),
        "statusHistory[0].status",
    ),
    "encounter-episodeofcare-reference-max": (
        lambda m: of_type(m, "Encounter")["episodeOfCare"][0].update(reference="EpisodeOfCare/x"),
        "episodeOfCare[0].reference",
    ),
    "encounter-episodeofcare-identifier-min": (
        lambda m: of_type(m, "Encounter")["episodeOfCare"].append({"display": "x"}),
        "episodeOfCare[2].identifier",
    ),
    "encounter-episodeofcare-lpr3-max": (
        lambda m: _repeat(of_type(m, "Encounter")["episodeOfCare"], {"identifier": _lpr3(m)}),
        "episodeOfCare[2]",
    ),
    "encounter-episodeofcare-lpr3-identifier-value-min": (lambda m: _lpr3(m).pop("value"), "identifier.value"),
    "encounter-episodeofcare-identifier-use-binding": (lambda m: _lpr3(m).update(use="x"), "identifier.use"),
    "patient-identifier-min": (lambda m: patient(m).pop("identifier"), "identifier"),
    "patient-identifier-use-binding": (lambda m: _ecpr(m).update(use="x"), "identifier[1].use"),
    "patient-identifier-cpr-max": (
        lambda m: _repeat(patient(m)["identifier"], patient(m)["identifier"][0]),
        "identifier[2]",
    ),
    "patient-identifier-cpr-use-fixed": (
        lambda m: patient(m)["identifier"][0].update(use="usual"),
        "identifier[0].use",
    ),
    "patient-identifier-ecpr-max": (lambda m: _repeat(patient(m)["identifier"], _ecpr(m)), "identifier[2]"),
    "patient-identifier-ecpr-use-fixed": (lambda m: _ecpr(m).update(use="usual"), "identifier[1].use"),
    "patient-identifier-ecpr-value-min": (lambda m: _ecpr(m).pop("value"), "identifier[1].value"),
    "patient-identifier-ecpr-value-length": (lambda m: _ecpr(m).update(value="x" * 11), "identifier[1].value"),
    "patient-name-official-min": (lambda m: patient(m)["name"].pop(0), "name"),
    "patient-name-official-max": (lambda m: _repeat(patient(m)["name"], patient(m)["name"][0]), "name[2]"),
    "patient-name-official-family-min": (lambda m: patient(m)["name"][0].pop("family"), "name[0].family"),
    "patient-name-use-binding": (lambda m: patient(m)["name"][1].update(use="x"), "name[1].use"),
    "patient-telecom-system-binding": (lambda m: patient(m)["telecom"][0].update(system="x"), "telecom[0].system"),
    "patient-telecom-use-binding": (lambda m: patient(m)["telecom"][0].update(use="x"), "telecom[0].use"),
    "patient-gender-binding": (lambda m: patient(m).update(gender="x"), "gender"),
    "patient-address-use-binding": (lambda m: patient(m)["address"][0].update(use="x"), "address[0].use"),
    "patient-address-type-binding": (lambda m: patient(m)["address"][0].update(type="x"), "address[0].type"),
    **{
        f"patient-address-extension-{name}-max": (
            _place_twice(number),
            "extension[2]",
        )
        for number, name in enumerate(("municipality", "region"))
    },
    "patient-contact-gender-binding": (lambda m: patient(m)["contact"][0].update(gender="x"), "contact[0].gender"),
    "patient-link-type-binding": (lambda m: patient(m)["link"][0].update(type="x"), "link[0].type"),
    "patient-generalpractitioner-sorunit-identifier-value-min": (
        lambda m: patient(m)["generalPractitioner"][0]["identifier"].pop("value"),
        "identifier.value",
    ),
    "patient-generalpractitioner-sorunit-identifier-use-fixed": (
        lambda m: patient(m)["generalPractitioner"][0]["identifier"].update(use="old"),
        "identifier.use",
    ),
    "dk-core-organization-mandatory-identifier": (
        lambda m: entry_of(m, "owner").update(identifier=[{"system": "urn:x", "value": "1"}]),
        "identifier",
    ),
    "min-digits-sor": (lambda m: _at_hospital("sor")(m).update(value="1234567890"), ".value"),
    "kombit-uuid": (lambda m: _at_hospital("kombit")(m).update(value="urn:uuid:0A"), ".value"),
    "cvr-length": (lambda m: _at_hospital("cvr")(m).update(value="1358562"), ".value"),
    "cvr-modulus-11": (lambda m: _at_hospital("cvr")(m).update(value="13585629"), ".value"),
    "lpr3-uuidv5": (lambda m: _lpr3(m).update(value=f"urn:uuid:{'0a' * 16}"), "identifier.value"),
    "marital-status-unknown-usage": (_many_statuses, "maritalStatus"),
}


def _own(message: Message) -> Message:
    return entry_of(message, "own")


def _outcome(message: Message) -> Message:
    found: Message = of_type(message, "OperationOutcome")["issue"][0]
    return found


RECEIPTS: Final[dict[str, tuple[Edit, str]]] = {
    "acknowledgement-1": (lambda m: m["entry"].pop(), "response.details"),
    "receipt-answers-a-message": (lambda m: _header(m)["response"].pop("identifier"), "response.identifier"),
    "receipt-activity-known": (lambda m: _own(m)["activity"]["coding"][0].update(code="x"), "activity"),
    "receipt-two-provenances": (
        lambda m: m["entry"].append({"resource": {**_own(m), "id": "third"}}),
        "ofType(Provenance)",
    ),
    "messageheader-eventcoding-system-fixed": (
        lambda m: _header(m)["eventCoding"].update(system="urn:x"),
        "eventCoding.system",
    ),
    "messageheader-destination-max": (
        lambda m: _repeat(_header(m)["destination"], _header(m)["destination"][0]),
        "destination[1]",
    ),
    "messageheader-destination-extension-use-valuecoding-code-fixed": (
        lambda m: _use(m)["valueCoding"].update(code="cc"),
        "valueCoding.code",
    ),
    "messageheader-response-min": (lambda m: _header(m).pop("response"), "response"),
    "provenance-activity-min": (lambda m: _own(m).pop("activity"), "activity"),
    "provenance-activity-coding-min": (lambda m: _own(m).update(activity={"text": "x"}), "activity.coding"),
    "provenance-activity-coding-code-min": (lambda m: _own(m)["activity"]["coding"][0].pop("code"), "coding[0].code"),
    "provenance-activity-coding-system-fixed": (
        lambda m: _own(m)["activity"]["coding"][0].update(system="urn:x"),
        "coding[0].system",
    ),
    "operationoutcome-issue-severity-binding": (lambda m: _outcome(m).update(severity="x"), "issue[0].severity"),
    "operationoutcome-issue-code-binding": (lambda m: _outcome(m).update(code="x"), "issue[0].code"),
    "operationoutcome-issue-details-coding-code-binding": (
        lambda m: _outcome(m)["details"]["coding"][0].update(code="x"),
        "coding[0].code",
    ),
}
