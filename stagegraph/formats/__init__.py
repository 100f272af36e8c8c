"""The table of output formats: to add one, write a module here with a function ``render``, and its row."""

from __future__ import annotations

from importlib import import_module

from msgspec import Struct

from stagegraph.errors import OptionsError


class Format(Struct, frozen=True, kw_only=True):
    """A value of ``--format`` of one command.

    ``module`` is below ``stagegraph.formats`` and is loaded when the format is used. Its function ``render``,
    or the one after a colon, takes what the command shows and those of ``options`` that the caller gives, and
    returns text or bytes.
    """

    command: str
    name: str
    description: str  # as help shows it, after the name
    module: str
    suffixes: tuple[str, ...] = ()  # of the files that the command writes in this format, unless it is told
    options: tuple[str, ...] = ()  # keyword arguments that change the output: "view", "colour", "width", …
    view: tuple[str, ...] = ()  # the fields of a View that change the output
    binary: bool = False  # not for a terminal

    def render(self, value: object, **options: object) -> bytes:
        """``value`` in this format; text is UTF-8. Options that the format does not have are ignored."""
        module, _, name = self.module.partition(":")
        function = getattr(import_module(f"stagegraph.formats.{module}"), name or "render")
        output = function(value, **{option: options[option] for option in self.options if option in options})
        return output if isinstance(output, bytes) else str(output).encode("utf-8", "replace")


def _row(
    command: str,
    name: str,
    module: str,
    description: str,
    options: str = "",
    *,
    binary: bool = False,
) -> Format:
    return Format(
        command=command,
        name=name,
        description=description,
        module=module,
        suffixes=tuple(_SUFFIXES.get(name, "").split()),
        options=tuple(options.split()),
        view=tuple(_VIEWS.get((command, name), "").split()),
        binary=binary,
    )


_SHOWN = "direction prune all steps critical_path labels title detail"
_VIEWS = {
    ("render", "svg"): f"{_SHOWN} theme engine legend link_base",
    ("render", "png"): f"{_SHOWN} theme engine legend",
    ("render", "pdf"): f"{_SHOWN} theme engine legend",
    ("render", "html"): f"{_SHOWN} theme engine link_base",
    ("render", "dot"): f"{_SHOWN} theme legend link_base",
    ("render", "mermaid"): f"{_SHOWN} legend link_base dialect",
    ("render", "markdown"): f"{_SHOWN} legend link_base dialect",
    ("render", "text"): "prune all steps critical_path labels title detail legend",
    ("diff", "text"): "title",
    ("diff", "svg"): "direction labels theme title",
    ("diff", "mermaid"): "direction labels title",
    ("diff", "markdown"): "direction labels title",
}
_SUFFIXES = {
    "svg": ".svg",
    "png": ".png",
    "pdf": ".pdf",
    "html": ".html .htm",
    "dot": ".dot .gv",
    "mermaid": ".mmd .mermaid",
    "json": ".json",
    "text": ".txt",
    "markdown": ".md",
    "sarif": ".sarif",
}

FORMATS: tuple[Format, ...] = (
    # what a report says as a picture, as data or as a tree
    _row("render", "svg", "svg", "picture for web pages, with light and dark mode", "view"),
    _row("render", "png", "png", "picture for slides and chats", "view", binary=True),
    _row("render", "pdf", "pdf", "picture for print", "view", binary=True),
    _row("render", "html", "html.graph_page", "interactive page", "view"),
    _row("render", "dot", "dot", "source for Graphviz", "view"),
    _row("render", "mermaid", "mermaid", "for GitHub and GitLab", "view"),
    _row("render", "json", "json", "data with a schema"),
    _row("render", "text", "tree", "tree for a terminal", "view colour width"),
    _row("render", "markdown", "markdown", "diagram and report for a document", "view"),
    _row("report", "text", "text", "for a terminal", "colour width"),
    _row("report", "json", "json", "data with a schema"),
    _row("report", "markdown", "markdown", "for documents and job summaries", "view"),
    _row("diff", "text", "diff:as_text", "for a terminal", "view colour width"),
    _row("diff", "mermaid", "diff:as_mermaid", "diagram for pull requests", "view"),
    _row("diff", "svg", "diff:as_svg", "picture for web pages", "view"),
    _row("diff", "json", "diff:as_json", "data with a schema"),
    _row("diff", "markdown", "diff:as_markdown", "tables and diagram for pull requests", "view"),
    _row("check", "text", "check_text", "for a terminal", "colour verbose width"),
    _row("check", "concise", "check_concise", "one line per finding"),
    _row("check", "json", "check_json", "data with a schema"),
    _row("check", "sarif", "check_sarif", "for code scanning"),
    _row("check", "github", "check_github", "annotations in GitHub Actions"),
    _row("timings", "text", "timings_text", "for a terminal", "colour width"),
    _row("timings", "json", "timings_json", "data with a schema"),
    _row("timings", "html", "html.timings_page", "page with the graph and a timeline", "report"),
    _row("timings", "markdown", "timings_markdown", "for job summaries and pull requests"),
    _row("timings --compare", "text", "timings_diff:as_text", "for a terminal", "colour width"),
    _row("timings --compare", "json", "timings_diff:as_json", "data with a schema"),
    _row("timings --compare", "markdown", "timings_diff:as_markdown", "for pull requests"),
    _row("sizes", "text", "sizes_text", "for a terminal", "colour width"),
    _row("sizes", "json", "sizes_json", "data with a schema"),
    _row("sizes", "markdown", "sizes_markdown", "for pull requests"),
    _row("sizes", "html", "html.sizes_page", "page with a treemap of the bytes"),
    _row("sizes --compare", "text", "sizes_text:as_comparison", "for a terminal", "colour width"),
    _row("sizes --compare", "json", "sizes_json", "data with a schema"),
    _row("sizes --compare", "markdown", "sizes_markdown:as_comparison", "for pull requests"),
    _row("affected", "text", "affected:as_text", "for a terminal", "colour width"),
    _row("affected", "json", "affected:as_json", "data with a schema"),
    _row("affected", "markdown", "affected:as_markdown", "for pull requests"),
    _row("affected", "targets", "affected:as_targets", "names of affected targets, one a line"),
    _row("affected --history", "text", "history:as_text", "for a terminal", "colour width"),
    _row("affected --history", "json", "history:as_json", "data with a schema"),
    _row("affected --history", "markdown", "history:as_markdown", "for documents and job summaries"),
    _row("affected", "matrix", "affected:as_matrix", "names for a matrix in GitHub Actions"),
)


def formats(command: str) -> dict[str, Format]:
    """The formats of ``command``, by name, in the order in which help lists them."""
    return {row.name: row for row in FORMATS if row.command == command}


def render(command: str, value: object, name: str, **options: object) -> bytes:
    """``value``, which is what ``command`` shows, in the format ``name``; OptionsError for an unknown one."""
    rows = formats(command)
    if name not in rows:
        raise OptionsError(f"unknown format `{name}`", hint=f"use one of {', '.join(rows)}")
    return rows[name].render(value, **options)
