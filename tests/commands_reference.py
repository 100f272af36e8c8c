"""The reference of all commands, made from their help."""

from __future__ import annotations

import click

from stagegraph.cli import COMMANDS, cli

_HEAD = """# Commands

The tests generate this page from the output of `stagegraph COMMAND --help`.

| exit code | meaning |
| --- | --- |
| 0 | success |
| 1 | the input has an error, or a check failed |
| 2 | an option or argument is wrong |
| 3 | the build took longer than `--fail-over` or `--fail-path-over` allows |
| 130 | interrupted with Ctrl+C |

Output is coloured only in a terminal. To turn colours off there, set the environment variable `NO_COLOR`.

`stagegraph DOCKERFILE` draws a Dockerfile as `stagegraph render DOCKERFILE` does. `-f` names the Dockerfile,
as in `docker build`, and `-F` the format.

To complete commands, options, stages and paths with Tab, add `eval "$(stagegraph completion bash)"` to
`~/.bashrc`, or `eval "$(stagegraph completion zsh)"` to `~/.zshrc`, below `compinit`. For fish, write the
output of `stagegraph completion fish` to `~/.config/fish/completions/stagegraph.fish`.
"""


def commands_reference() -> str:
    """The text of docs/commands.md."""
    parent = click.Context(cli, info_name="stagegraph", **cli.context_settings)
    sections = [_section(parent, name) for name in COMMANDS]
    return "\n".join([_HEAD, *sections])


def _section(parent: click.Context, name: str) -> str:
    command = cli.get_command(parent, name)
    assert command is not None
    context = click.Context(command, info_name=name, parent=parent, terminal_width=100, max_content_width=100)
    return f"## stagegraph {name}\n\n```text\n{command.get_help(context)}\n```\n"
