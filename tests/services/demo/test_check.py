from io import StringIO
from pathlib import Path

from rich.console import Console

from fhir_mappings.wire import Format, parse_resource, rendered
from services.demo.check import check_files, findings_in
from services.persistence.clock import wall_now
from tests.services.demo.test_messages import NOW, notification

ACKNOWLEDGEMENT = b"""{"resourceType":"Bundle","id":"b1","type":"message","timestamp":"2026-11-20T10:00:00Z","entry":[
{"resource":{"resourceType":"MessageHeader","id":"h1","eventCoding":{"code":"acknowledgement-message"},
"source":{"endpoint":"https://sor2.sum.dsdn.dk/#id=265161000016000"},
"sender":{"reference":"Organization/o1"},"response":{"identifier":"h0","code":"ok"}}},
{"resource":{"resourceType":"Organization","id":"o1",
"identifier":[{"system":"urn:oid:1.2.208.176.1.1","value":"265161000016000"}]}}]}"""


def printed(*files: Path) -> tuple[bool, list[str]]:
    out = StringIO()
    clean = check_files(files, now=NOW, console=Console(file=out, highlight=False))
    return clean, out.getvalue().splitlines()


def test_a_message_without_a_fault_is_ok(tmp_path: Path) -> None:
    file = tmp_path / "stin.json"
    file.write_bytes(notification().body())

    assert printed(file) == (True, [f"{file}: ok"])


def test_each_finding_is_a_line_with_severity_rule_place_and_text(tmp_path: Path) -> None:
    file = tmp_path / "stin.json"
    file.write_bytes(
        notification().body().replace(b'"in-progress"', b'"finished"').replace(b"1402420004", b"3113420004")
    )

    clean, lines = printed(file)

    assert not clean
    assert len(lines) == 2
    assert f"{file}: error stafet-cpr-form Bundle.entry[1].resource.identifier[0].value " in lines[0]
    assert f"{file}: warning stafet-status-fits Bundle.entry[2].resource.status " in lines[1]
    assert "3113420004" not in "".join(lines)


def test_a_warning_alone_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "stin.json"
    file.write_bytes(notification().body().replace(b'"in-progress"', b'"finished"'))

    clean, lines = printed(file)

    assert clean
    assert len(lines) == 1


def test_what_is_no_message_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(b"{")

    clean, lines = printed(file)

    assert not clean
    assert lines[0].startswith(f"{file}: error json-syntax - ")


def test_xml_is_checked_like_json(tmp_path: Path) -> None:
    file = tmp_path / "stin.xml"
    content = parse_resource(notification().body(), expected="Bundle")
    file.write_bytes(rendered(content, Format.XML).replace(b'value="in-progress"', b'value="finished"'))

    clean, lines = printed(file)

    assert clean
    assert [line.split(" ")[1:4] for line in lines] == [
        ["warning", "stafet-status-fits", "Bundle.entry[2].resource.status"]
    ]


def test_xml_that_is_no_message_is_said_so() -> None:
    (issue,) = findings_in(b"<Bundle/>", now=wall_now())

    assert issue.rule == "xml-namespace"


def test_a_broken_acknowledgement_has_findings() -> None:
    rules = {issue.rule for issue in findings_in(ACKNOWLEDGEMENT, now=NOW)}

    assert {"medcom-messaging-2", "stafet-receiver-named", "stafet-gln-given"} <= rules
