"""``stagegraph completion``: the script that completes the command line in a shell."""

from __future__ import annotations

import click

from stagegraph.cli.shells import SHELLS, script
from stagegraph.cli.writing import write


@click.command()
@click.argument("shell", type=click.Choice(list(SHELLS)), metavar="bash|zsh|fish")
def completion(shell: str) -> None:
    """Print the script that completes commands, options, stages and paths in a shell.

    \b
    In bash, add this line to ~/.bashrc:
      eval "$(stagegraph completion bash)"

    \b
    In zsh, add this line to ~/.zshrc, below compinit:
      eval "$(stagegraph completion zsh)"

    \b
    In fish, add this line to ~/.config/fish/config.fish:
      stagegraph completion fish | source
    """
    write(script(click.get_current_context().find_root().command, shell).encode(), "")
