"""Conditions as people write them: a part of the Common Expression Language, read into trees.

Only the grammar of ``cel-python`` is used, and only while an agreement is being written: what runs
follows the trees (``discharge.conditions``). ADR 0016 says why.

Source: Common Expression Language, language definition (github.com/google/cel-spec), syntax.
"""

from __future__ import annotations

import re
from typing import Final

from celpy.celparser import CELParseError, CELParser
from lark import Token, Tree

from discharge.conditions import LARGEST, LONGEST_SPAN

__all__ = ["LONGEST", "ConditionError", "read_condition"]

_Syntax = Tree[Token]
LONGEST: Final = 1_000
"""Characters that a condition may have."""
_DEEPEST: Final = 20
"""Parentheses within parentheses."""
_WHOLE: Final = re.compile(r"-?\d{1,15}", re.ASCII)
_SPAN: Final = re.compile(r"(?P<sign>-?)(?:(?P<h>\d{1,6})h)?(?:(?P<m>\d{1,6})m)?(?:(?P<s>\d{1,9})s)?", re.ASCII)
_ESCAPES: Final = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "t": "\t"}
_SIGNS: Final = {
    "relation_lt": "<",
    "relation_le": "<=",
    "relation_gt": ">",
    "relation_ge": ">=",
    "relation_eq": "==",
    "relation_ne": "!=",
    "relation_in": "in",
    "addition_add": "+",
    "addition_sub": "-",
}
_JOINED: Final = {"conditionalor": "or", "conditionaland": "and"}
_TRANSPARENT: Final = frozenset(
    {
        "expr", "conditionalor", "conditionaland", "relation", "addition", "multiplication", "unary", "member",
        "primary", "paren_expr",
    }
)  # fmt: skip
_REFUSED: Final = {
    "expr": "a choice with ? and : is not understood; make two rules of it",
    "multiplication": "*, / and % are not understood",
    "member_dot_arg": 'calls are not understood, except has(a.b) and duration("24h")',
    "member_index": "brackets after a value are not understood",
    "member_object": "braces after a value are not understood",
    "map_lit": "maps are not understood",
    "dot_ident": "a name begins with a letter",
    "dot_ident_arg": "a name begins with a letter",
}
_LITERALS: Final = {
    "FLOAT_LIT": "numbers are whole here",
    "UINT_LIT": "numbers carry no u here",
    "BYTES_LIT": "bytes are not understood",
    "NULL_LIT": "null is not understood; ask has(a.b)",
    "MLSTRING_LIT": "a text has one quotation mark on each side",
}


class ConditionError(Exception):
    """A condition cannot be read.

    Attributes:
        problem: what is wrong, in words.
        line: where, counted from 1 within the condition.
        column: where in that line, counted from 1.
    """

    def __init__(self, problem: str, line: int = 1, column: int = 1) -> None:
        super().__init__(problem, line, column)
        self.problem = problem
        self.line = line
        self.column = column


def read_condition(text: str) -> list[object]:
    """Return the tree of ``text``: nested lists of an operator and its operands, fit for JSON.

    Names and types are not looked at here; ``discharge.conditions.condition_of`` does that.

    Raises:
        ConditionError: no expression, one outside the part that is understood, or one that is too costly.
    """
    if len(text) > LONGEST:
        raise ConditionError(f"too costly: more than {LONGEST} characters; make two rules of it")
    if not text.strip():
        raise ConditionError("is empty; leave it out where the rule always holds")
    try:
        syntax = CELParser().parse(text)
    except CELParseError as error:
        raise ConditionError("no expression from here on", error.line or 1, error.column or 1) from None
    return _Reader().read(syntax)


class _Reader:
    """Turns one syntax tree into ours, and gives up when it grows too large: its depth is bounded by that."""

    def __init__(self) -> None:
        self._nodes = 0

    def read(self, syntax: _Syntax, depth: int = 0) -> list[object]:
        """The tree of ``syntax``, which stands inside ``depth`` parentheses."""
        syntax, depth = _inside(syntax, depth)
        self._nodes += 1
        if self._nodes > LARGEST:
            raise _wrong(f"too costly: more than {LARGEST} parts; make two rules of it", syntax)
        match str(syntax.data), syntax.children:
            case ("conditionalor" | "conditionaland") as kind, [Tree() as left, Tree() as right]:
                return [_JOINED[kind], self.read(left, depth), self.read(right, depth)]
            case "relation" | "addition", [Tree(data=sign, children=[Tree() as left]), Tree() as right]:
                return [_SIGNS[str(sign)], self.read(left, depth), self.read(right, depth)]
            case "unary", [Tree(data="unary_not"), Tree() as operand]:
                return ["not", self.read(operand, depth)]
            case "unary", [Tree(data="unary_neg"), Tree() as operand]:
                return self._negative(operand, syntax)
            case _:
                return _operand(syntax)

    def _negative(self, operand: _Syntax, syntax: _Syntax) -> list[object]:
        match self.read(operand):
            case ["number", int(number)] if number >= 0:
                return ["number", -number]
            case _:
                raise _wrong("a minus stands between two values or before a number", syntax)


def _operand(syntax: _Syntax) -> list[object]:
    match str(syntax.data), syntax.children:
        case "ident" | "member_dot", _:
            return ["field", _name(syntax)]
        case "ident_arg", _:
            return _call(syntax)
        case "list_lit", _:
            return ["texts", [_text_in(item, "lists hold texts only") for item in _items(syntax)]]
        case kind, [Token() as token] if kind == "literal":
            return _literal(token)
        case kind, _:
            raise _wrong(_REFUSED[kind], syntax)


def _inside(syntax: _Syntax, depth: int) -> tuple[_Syntax, int]:
    """What stands inside the levels of the grammar that add nothing, without recursion."""
    while syntax.data in _TRANSPARENT and len(syntax.children) == 1:
        depth += syntax.data == "paren_expr"
        if depth > _DEEPEST:
            raise _wrong(f"too costly: more than {_DEEPEST} parentheses within each other", syntax)
        child = syntax.children[0]
        assert isinstance(child, Tree), "so the grammar has it"
        syntax = child
    return syntax, depth


def _name(syntax: _Syntax) -> str:
    """The dotted name that ``syntax`` is."""
    parts: list[str] = []
    inner = syntax
    while inner.data == "member_dot":
        value, last = inner.children
        assert isinstance(value, Tree), "so the grammar has it"
        parts.append(str(last))
        inner, _ = _inside(value, 0)
    if inner.data != "ident":
        raise _wrong("a dot stands inside a name only", syntax)
    return ".".join([str(inner.children[0]), *reversed(parts)])


def _items(syntax: _Syntax) -> list[_Syntax]:
    """The expressions between the parentheses of a call, or the brackets of a list."""
    lists = [child for child in syntax.children if isinstance(child, Tree)]
    return [item for found in lists for item in found.children if isinstance(item, Tree)]


def _call(syntax: _Syntax) -> list[object]:
    arguments = _items(syntax)
    match str(syntax.children[0]), arguments:
        case "has", [argument]:
            inner, _ = _inside(argument, 0)
            if inner.data != "member_dot":
                raise _wrong("has(a.b) asks for a field", syntax)
            return ["has", ["field", _name(inner)]]
        case "duration", [argument]:
            return ["span", _seconds(_text_in(argument, 'a span is written duration("24h")'), syntax)]
        case _:
            raise _wrong('calls are not understood, except has(a.b) and duration("24h")', syntax)


def _seconds(text: str, syntax: _Syntax) -> int:
    match = _SPAN.fullmatch(text)
    if match is None or not text.strip("-"):
        raise _wrong('a span is hours, minutes and seconds, such as duration("1h30m")', syntax)
    hours, minutes, seconds = (int(match[unit] or 0) for unit in "hms")
    total = hours * 3600 + minutes * 60 + seconds
    if total > LONGEST_SPAN:
        raise _wrong("a span of more than ten years", syntax)
    return -total if match["sign"] else total


def _text_in(syntax: _Syntax, otherwise: str) -> str:
    inner, _ = _inside(syntax, 0)
    match inner.children:
        case [Token(type="STRING_LIT") as token]:
            return _text(token)
        case _:
            raise _wrong(otherwise, inner if inner.children else syntax)


def _literal(token: Token) -> list[object]:
    match token.type:
        case "BOOL_LIT":
            return ["truth", token == "true"]
        case "INT_LIT":
            if _WHOLE.fullmatch(token) is None:
                raise _wrong("a number is written in at most 15 decimal digits", token)
            return ["number", int(token)]
        case "STRING_LIT":
            return ["text", _text(token)]
        case kind:
            raise _wrong(_LITERALS[kind], token)


def _text(token: Token) -> str:
    if token[0] in "rR":
        raise _wrong("a text begins with a quotation mark", token)

    def plain(match: re.Match[str]) -> str:
        found = _ESCAPES.get(match[1])
        if found is None:
            raise _wrong(f"a backslash stands before one of {' '.join(_ESCAPES)}", token)
        return found

    return re.sub(r"\\(.?)", plain, token[1:-1])


def _wrong(problem: str, where: _Syntax | Token) -> ConditionError:
    place = where.meta if isinstance(where, Tree) else where
    return ConditionError(problem, getattr(place, "line", None) or 1, getattr(place, "column", None) or 1)
