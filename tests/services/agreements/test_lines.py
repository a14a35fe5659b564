import pytest

from services.agreements.lines import LARGEST_FILE, Lined, LineError, read_lines

FILE = b"""\
# first
id: dk-test
valid-from: 2026-01-01
version: 1.10
rules:
  - id: R01
    trigger: [stay-began, admitted]
    when: >-
      stay.hours
      < 24
    on: discharged
  - {id: R02, days: -3, at: 12:00, open: true, shut: no, land: NO, none: ~, empty: , code: 0123, sor: 265161000016000}
"""


def test_values_are_what_they_look_like() -> None:
    content = read_lines(FILE).content

    assert content == {
        "id": "dk-test",
        "valid-from": "2026-01-01",
        "version": "1.10",
        "rules": [
            {"id": "R01", "trigger": ["stay-began", "admitted"], "when": "stay.hours < 24", "on": "discharged"},
            {
                "id": "R02",
                "days": -3,
                "at": "12:00",
                "open": True,
                "shut": "no",
                "land": "NO",
                "none": None,
                "empty": None,
                "code": "0123",
                "sor": "265161000016000",
            },
        ],
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("$", 1),
        ("$.id", 2),
        ("$.rules", 5),
        ("$.rules[0]", 6),
        ("$.rules[0].trigger[1]", 7),
        ("$.rules[0].when", 8),
        ("$.rules[0].deadline.kind", 6),
        ("$.rules[1].days", 12),
        ("$.rules[1].days.sooner", 12),
        ("$.rules[7].id", 5),
        ("$.regions", 1),
        ("elsewhere", 1),
        ("", 1),
    ],
)
def test_a_path_has_the_line_of_what_is_nearest_to_it(path: str, line: int) -> None:
    assert read_lines(FILE).line_of(path) == line


@pytest.mark.parametrize("body", [b"", b"# nothing\n", b"---\n"])
def test_an_empty_file_holds_nothing(body: bytes) -> None:
    assert read_lines(body) == Lined(None, {"$": 1})


@pytest.mark.parametrize(
    ("body", "line", "reason"),
    [
        (b"id: x\nrules: [\n", 3, "not YAML"),
        (b"id: \x01", 1, "not YAML"),
        (b"id: \xff\xfe", 1, "not YAML"),
        (b"id: 1\n---\nid: 2\n", 2, "not YAML"),
        (b"id: x\nrules: []\nid: y\n", 3, "id: stands twice"),
        (b"rules:\n  - {id: R1, id: R1}\n", 2, "id: stands twice"),
        (b"? [a, b]\n: c\n", 1, "a key is a text"),
        (b"a: &a [1]\nb: *a\n", 1, "anchors"),
        (b"b: *a\n", 1, "anchors"),
        (b"a: 1\n<<: *a\n", 2, "anchors"),
        (b"a: !!python/object:os.system {}\n", 1, "tags"),
        (b"a: !!str 1\n", 1, "tags"),
        (b"a: " + b"[" * 5000 + b"]" * 5000, 1, "levels"),
        (b"{a: " * 5000 + b"}" * 5000, 1, "levels"),
        (b"#" * (LARGEST_FILE + 1), 1, "larger"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(body: bytes, line: int, reason: str) -> None:
    with pytest.raises(LineError) as refused:
        read_lines(body)

    assert reason in refused.value.problem
    assert refused.value.line == line
