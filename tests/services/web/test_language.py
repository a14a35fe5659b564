"""English is complete: every Danish sentence of a template or a module has its translation."""

from __future__ import annotations

import ast
import io
import re
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from services.web import errors
from services.web.language import language
from services.web.templating import sources

SERVICES = Path(__file__).parents[3] / "services"
CATALOGUE = SERVICES / "web" / "locale" / "en" / "LC_MESSAGES" / "stafet.po"
PLACEHOLDER = re.compile(r"\{\w+\}|%\(\w+\)s")


def _template_sentences() -> set[str]:
    options = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true"}
    found: set[str] = set()
    for name in sources():
        area, file = name.split("/")
        text = (SERVICES / area / "templates" / file).read_text(encoding="utf-8")
        for _, _, message, _ in babel_extract(io.BytesIO(text.encode()), ("_", "gettext"), (), options):
            found.add(str(message[0] if isinstance(message, tuple) else message))
    return found


def _is_gettext(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "t"
    return isinstance(function, ast.Attribute) and function.attr in {"text", "choose"}


def _is_ours(call: ast.Call) -> bool:
    """``form.text("field")`` reads a field; only gettext of a language is ours."""
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr == "text":
        owner = function.value
        return (isinstance(owner, ast.Name) and owner.id == "lang") or (
            isinstance(owner, ast.Attribute) and owner.attr == "lang"
        )
    return True


def _module_sentences() -> set[str]:
    found = set()
    for path in SERVICES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _is_gettext(node) and _is_ours(node):
                found |= {
                    constant.value
                    for argument in node.args
                    for constant in ast.walk(argument)
                    if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
                }
    return found


def _error_sentences() -> set[str]:
    answers = (*errors.TABLE.values(), errors.answer_to(RuntimeError()))
    return {sentence for answer in answers for sentence in (answer.title, answer.words)}


@cache
def sentences() -> set[str]:
    return {s for s in _template_sentences() | _module_sentences() | _error_sentences() if s.strip()}


@cache
def catalogue() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale="en") if m.id}


def test_every_sentence_has_an_english_translation() -> None:
    missing = sorted(s for s in sentences() if not catalogue().get(s))

    assert missing == []


def test_catalogue_holds_nothing_that_no_page_says() -> None:
    assert sorted(set(catalogue()) - sentences()) == []


def test_translations_keep_the_placeholders() -> None:
    changed = [
        danish
        for danish, english in catalogue().items()
        if sorted(PLACEHOLDER.findall(english)) != sorted(PLACEHOLDER.findall(danish))
    ]

    assert changed == []


def test_unknown_language_is_danish() -> None:
    assert language("tlh").code == "da"
    assert language("da").text("Tag opgave") == "Tag opgave"


def test_english_says_take_task() -> None:
    assert language("en").text("Tag opgave") == "Take task"


def test_choose_counts() -> None:
    assert language("da").choose(1, "{n} dag", "{n} dage") == "1 dag"
    assert language("en").choose(2, "{n} dag", "{n} dage") == "2 days"
