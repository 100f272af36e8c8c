"""The reference of all commands, made from their help."""

from __future__ import annotations

import click

from stagegraph.cli import COMMANDS, cli

_HEAD = r"""# Commands

The tests generate this page from the output of `stagegraph COMMAND --help`.

| exit code | meaning |
| --- | --- |
| 0 | success |
| 1 | the input has an error, or a check failed |
| 2 | an option or argument is wrong |
| 3 | the build took longer than `--fail-over` or `--fail-path-over` allows |
| 130 | interrupted with Ctrl+C |

Output is coloured only in a terminal. To turn colours off there, set the environment variable `NO_COLOR`.

## As in docker build

- `-f` names the Dockerfile, and `-F` the format. With `-f`, the argument DOCKERFILE can be the build context:
  `stagegraph render -f docker/Dockerfile .` works like `docker build -f docker/Dockerfile .`. stagegraph does
  not read the context.
- `--target`, `--build-arg`, `--platform` and `--build-context` are those of `docker build`.
  `--build-arg NAME` takes the value from the environment.
- `-t` is an error: in `docker build` it names the image.

Without a command, `stagegraph PATH` and `stagegraph --prune` are `stagegraph render PATH` and
`stagegraph render --prune`. The name of a command comes before a file of the same name; write `./report` for
the file.

Older spellings print a warning and will stop working in version 1.0: `-f` with the name of a format (`-F`),
`--record-build` (`--build`), and `--dockerfile` of `stagegraph embed` (`-f`).

## Completion with Tab

| shell | add this line | to this file |
| --- | --- | --- |
| bash 4.4 or later | `eval "$(stagegraph completion bash)"` | `~/.bashrc` |
| zsh | `eval "$(stagegraph completion zsh)"` | `~/.zshrc`, below `compinit` |
| fish | `stagegraph completion fish \| source` | `~/.config/fish/config.fish` |

Tab completes commands, options, their values, and paths. For `--target` and `stagegraph explain`, it
completes the stages of the Dockerfile that the line names, else of `./Dockerfile`. In older versions of bash,
it completes only paths.
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
