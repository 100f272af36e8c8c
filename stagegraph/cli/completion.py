"""Completion with Tab, and ``stagegraph completion``, which prints the script of a shell."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_STAGEGRAPH_COMPLETE"  # that click reads
PATH = click.Path()  # completes paths; whether they exist is for the command to find out


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes commands, options, stages and paths with Tab in SHELL.

    \b
    Examples:
      stagegraph completion bash >> ~/.bashrc
      stagegraph completion zsh >> ~/.zshrc
      stagegraph completion fish > ~/.config/fish/completions/stagegraph.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None  # click has a class for each of SHELLS
    script = found(click.Command("stagegraph"), {}, "stagegraph", _VARIABLE)
    sys.stdout.write(script.source_template % script.source_vars())


def stages(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The names of the stages of the Dockerfile on the command line that begin with ``incomplete``.

    A Dockerfile that cannot be read completes nothing: an error here would be in the middle of typing.
    """
    from stagegraph.dockerfile.file import read_dockerfile
    from stagegraph.errors import StagegraphError
    from stagegraph.reading import read_source

    name = context.params.get("file") or context.params.get("dockerfile") or ""
    if name == "-":
        return []
    try:
        file = read_dockerfile(read_source(name))
    except (StagegraphError, OSError, ValueError):
        return []
    names = [stage.head.name for stage in file.stages if stage.head.name]
    return [one for one in dict.fromkeys(names) if one.startswith(incomplete.lower())]


def paths(incomplete: str) -> list[CompletionItem]:
    """That the shell is to complete ``incomplete`` as a path."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]
