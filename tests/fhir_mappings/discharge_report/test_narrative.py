"""A narrative is read for its words: nothing in it acts, and no word is lost."""

import pytest

from fhir_mappings.discharge_report.narrative import narrative_lines


@pytest.mark.parametrize(
    ("div", "lines"),
    [
        (None, []),
        ("<div></div>", []),
        ("<div><p>Et  to</p><p>tre</p></div>", ["Et to", "tre"]),
        ("<div>Et<br/>to &amp; tre</div>", ["Et", "to & tre"]),
        ("<div><table><tr><td>Pinex</td><td>1 g</td></tr><tr><td></td></tr></table></div>", ["Pinex | 1 g"]),
        ("<div><ul><li>a</li><li><b>b</b> c</li></ul></div>", ["a", "b c"]),
        ("<div>broken <p>markup", ["broken", "markup"]),
        ("<div>2 < 3</p></i></div>", ["2 < 3"]),
        ("<?xml?><!-- x --><div>ord</div>", ["ord"]),
        ("<div><![<![ord", ["<![<![ord"]),
        ("<div>ord</div><a b='", ["ord", "<a b='"]),
    ],
)
def test_words_are_kept_line_by_line(div: str | None, lines: list[str]) -> None:
    assert narrative_lines(div) == (tuple(lines), False)


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<style>p { x: y }</style>",
        "<template><b>alert</b></template>",
        "<script/>",
        '<img src="https://evil.example/x.png"/>',
        '<p onclick="alert(1)"></p>',
        '<a href=" JavaScript:alert(1)"></a>',
        '<iframe src="x"></iframe>',
    ],
)
def test_what_would_act_is_left_out_and_told(inside: str) -> None:
    assert narrative_lines(f"<div><p>ord</p>{inside}</div>") == (("ord",), True)


def test_harmless_pictures_and_links_are_no_alarm() -> None:
    assert narrative_lines('<div><img src="#a"/><img src="data:image/png;x" /><a href="https://x">l</a></div>') == (
        ("l",),
        False,
    )


@pytest.mark.parametrize("part", ["<a ", "<!--", "<![", "</", "<a b='", "<", "<?", "<script>", "<p>", "&#"])
def test_broken_markup_is_read_whatever_it_is(part: str) -> None:
    lines, _ = narrative_lines(f"<div>ord</div>{part * 20_000}")

    assert lines[0] == "ord"
