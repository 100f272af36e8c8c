"""The reference of every command, made from the program itself."""

from __future__ import annotations

import click

from stagegraph.cli import COMMANDS, cli

_HEAD = """# Commands

This page is made from the program: `stagegraph COMMAND --help` says the same. Exit codes: 0 done, 1 an
error in the input or a check that failed, 2 wrong usage, 3 a build that was too slow, 130 interrupted.
Colours go away with `NO_COLOR` or when the output is no terminal.

Shell completion comes with click: `eval "$(_STAGEGRAPH_COMPLETE=bash_source stagegraph)"` in
`~/.bashrc`, with `zsh_source` in `~/.zshrc`, or `_STAGEGRAPH_COMPLETE=fish_source stagegraph | source`
for fish.
"""


def commands_reference() -> str:
    """docs/commands.md as it should be."""
    parent = click.Context(cli, info_name="stagegraph", **cli.context_settings)
    sections = [_section(parent, name) for name in COMMANDS]
    return "\n".join([_HEAD, *sections])


def _section(parent: click.Context, name: str) -> str:
    command = cli.get_command(parent, name)
    assert command is not None
    context = click.Context(command, info_name=name, parent=parent, terminal_width=100, max_content_width=100)
    return f"## stagegraph {name}\n\n```text\n{command.get_help(context)}\n```\n"
