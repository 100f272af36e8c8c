"""Parses HCL templates: quoted strings, heredocs and the strings of JSON files.

Source: hashicorp/hcl hclsyntax/parser_template.go and hclsyntax/scan_string_lit.rl.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from stagegraph.bake.hcl_nodes import Conditional, Constant, Node, Template, TemplateFor
from stagegraph.bake.hcl_scanner import Scanner

_QUOTED = re.compile(r'(?:\$\$\{|%%\{|\\.|\$(?!\{)|%(?!\{)|[^"\\$%\n])+')
_BARE = re.compile(r"(?:\$\$\{|%%\{|\$(?!\{)|%(?!\{)|[^$%\n])*\n|(?:\$\$\{|%%\{|\$(?!\{)|%(?!\{)|[^$%\n])+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.?))")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_HEREDOC = re.compile(r"<<(-?)([^\W\d][\w-]*)[ \t\r]*\n")


class _Mark(NamedTuple):
    """``%{ word ... }``; ``node`` is the condition or the collection."""

    start: int
    end: int
    word: str
    node: Node | None = None
    names: tuple[str, ...] = ()


class _Literal:
    """A literal whose text trim markers and heredocs shorten."""

    def __init__(self, start: int, end: int, text: str) -> None:
        self.start = start
        self.end = end
        self.text = text


_Part = _Literal | _Mark | Node


def parse_quoted(at: Scanner) -> Node:
    """The quoted template at the position: a Constant if it is only text."""
    start = at.position
    at.position += 1
    at.enter()
    parts = _parts(at, quoted=True)
    at.leave()
    if not at.take('"'):
        at.fail(
            'missing `"` at the end of a string',
            start,
            hint="end it on this line, or use <<EOT for several lines",
        )
    return _template(at, parts, start)


def parse_bare(at: Scanner) -> Node:
    """The template that the whole text of ``at`` is."""
    return _template(at, _parts(at, quoted=False), at.position)


def parse_heredoc(at: Scanner) -> Node:
    """The heredoc at the position; ``<<-`` takes the common indentation away."""
    start = at.position
    match = _HEREDOC.match(at.text, start)
    if not match:
        at.fail("expected the name of a heredoc and a line end after `<<`")
    end = re.compile(rf"^[ \t]*{re.escape(match[2])}[ \t\r]*$", re.MULTILINE).search(at.text, match.end())
    if not end:
        at.fail(f"this heredoc has no line that is only {match[2]}", start, match.end() - 1)
    body = Scanner(at.lines, at.text[: end.start()], at.parse, match.end())
    body.depth = at.depth
    parts = _parts(body, quoted=False)
    if match[1]:
        _flush(parts)
    at.position = end.end()
    return _template(at, parts, start)


def _parts(at: Scanner, quoted: bool) -> list[_Part]:
    parts: list[_Part] = []
    pattern = _QUOTED if quoted else _BARE
    trim_next = False
    while not at.at_end() and not (quoted and at.text[at.position] in '"\n'):
        start = at.position
        if at.at("${") or at.at("%{"):
            trim_next = _sequence(at, parts)
            continue
        match = pattern.match(at.text, start)
        if not match:
            at.fail("invalid character in a string")
        at.position = match.end()
        text = _unescaped(at, start, match.group(), quoted)
        parts.append(_Literal(start, at.position, text.lstrip() if trim_next else text))
        trim_next = False
    return parts


def _unescaped(at: Scanner, start: int, text: str, quoted: bool) -> str:
    if quoted and "\\" in text:
        text = _ESCAPE.sub(lambda match: _escape(at, start, match), text)
    text = text.replace("$${", "${").replace("%%{", "%{")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _escape(at: Scanner, start: int, match: re.Match[str]) -> str:
    code = int(match[1] or match[2] or "0", 16)
    if match[3] is None and code <= 0x10FFFF:
        return chr(code) if not 0xD800 <= code < 0xE000 else "\N{REPLACEMENT CHARACTER}"
    if match[3] not in _ESCAPES:
        at.fail(f"invalid escape sequence {match.group()}", start + match.start(), start + match.end())
    return _ESCAPES[match[3]]


def _sequence(at: Scanner, parts: list[_Part]) -> bool:
    """Reads ``${...}`` or ``%{...}`` into ``parts``; whether ``~}`` ends it."""
    start = at.position
    directive = at.at("%{")
    at.position += 2
    if at.take("~") and parts and isinstance(parts[-1], _Literal):
        parts[-1].text = parts[-1].text.rstrip()
    part: _Mark | Node = _directive(at, start) if directive else at.parse(at, False)
    at.skip(False)
    trim = at.take("~}")
    if not trim and not at.take("}"):
        at.fail("missing `}`", start, at.position)
    parts.append(part._replace(end=at.position) if isinstance(part, _Mark) else part)
    return trim


def _directive(at: Scanner, start: int) -> _Mark:
    at.skip(False)
    word = at.name()
    if word == "if":
        return _Mark(start, 0, word, at.parse(at, False))
    if word == "for":
        names = at.for_names()
        return _Mark(start, 0, word, at.parse(at, False), names)
    if word not in ("else", "endif", "endfor"):
        at.fail("expected if, else, endif, for or endfor after `%{`", start, at.position)
    return _Mark(start, 0, word)


def _flush(parts: list[_Part]) -> None:
    """Takes the indentation that all lines have away (flushHeredocTemplateParts)."""
    indented: list[_Literal] = []
    least: int | None = None
    line_start = True
    for part in parts:
        text = part.text if isinstance(part, _Literal) else ""
        blank = not text.strip() and text.endswith("\n")
        if line_start and not blank:
            spaces = len(text) - len(text.lstrip())
            least = spaces if least is None else min(least, spaces)
            if isinstance(part, _Literal):
                indented.append(part)
        line_start = text.endswith("\n")
    for literal in indented:
        literal.text = literal.text[least or 0 :]


def _template(at: Scanner, parts: list[_Part], start: int) -> Node:
    nodes, used = _nodes(at, parts, 0, ())
    if used < len(parts):
        mark = parts[used]
        at.fail("this directive has no beginning", mark.start, mark.end)
    if all(isinstance(node, Constant) for node in nodes):
        return Constant(
            start, at.position, "".join(node.value for node in nodes if isinstance(node, Constant))
        )
    if len(parts) == 1 and not isinstance(parts[0], _Mark):
        return nodes[0]  # "${x}" is the value of x, whatever its type
    return Template(start, at.position, tuple(nodes))


def _nodes(at: Scanner, parts: list[_Part], index: int, ends: tuple[str, ...]) -> tuple[list[Node], int]:
    """The nodes of ``parts`` from ``index`` up to a directive in ``ends``, and the index of that."""
    nodes: list[Node] = []
    while index < len(parts):
        part = parts[index]
        if isinstance(part, _Literal):
            nodes.append(Constant(part.start, part.end, part.text))
        elif not isinstance(part, _Mark):
            nodes.append(part if not isinstance(part, Constant) else Template(part.start, part.end, (part,)))
        elif part.word in ("if", "for"):
            node, index = (_if if part.word == "if" else _for)(at, parts, index, part)
            nodes.append(node)
        elif part.word in ends or not ends:
            return nodes, index
        else:
            at.fail(f"unexpected {part.word}", part.start, part.end)
        index += 1
    return nodes, index


def _if(at: Scanner, parts: list[_Part], index: int, mark: _Mark) -> tuple[Node, int]:
    at.enter()
    yes, end = _nodes(at, parts, index + 1, ("else", "endif"))
    no: list[Node] = []
    if end < len(parts) and getattr(parts[end], "word", "") == "else":
        no, end = _nodes(at, parts, end + 1, ("endif",))
    at.leave()
    last = _end(at, parts, end, mark).end
    assert mark.node is not None
    return Conditional(mark.start, last, mark.node, _joined(mark, yes), _joined(mark, no)), end


def _for(at: Scanner, parts: list[_Part], index: int, mark: _Mark) -> tuple[Node, int]:
    at.enter()
    body, end = _nodes(at, parts, index + 1, ("endfor",))
    at.leave()
    last = _end(at, parts, end, mark).end
    assert mark.node is not None
    return TemplateFor(mark.start, last, mark.names, mark.node, _joined(mark, body)), end


def _end(at: Scanner, parts: list[_Part], end: int, mark: _Mark) -> _Part:
    if end >= len(parts):
        at.fail(f"`%{{ {mark.word} }}` has no end{mark.word}", mark.start, mark.end)
    return parts[end]


def _joined(mark: _Mark, nodes: list[Node]) -> Template:
    return Template(mark.start, mark.end, tuple(nodes))
