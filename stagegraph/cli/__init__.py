"""The command line: loads the module of a command when it is run, and sets the exit code."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from stagegraph.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# Each is a module here; the text is what `stagegraph --help` shows without loading it.
COMMANDS = {
    "render": "Draw the build graph as SVG, PNG, PDF, HTML, DOT, Mermaid, JSON or text.",
    "report": "Show what is in the image, what is left behind, and what runs in parallel.",
    "explain": "Show why the target needs a stage, or why it does not.",
    "diff": "Show how two build graphs differ: two files or two revisions.",
    "check": "Find dead stages and other problems in a file or a repository.",
    "timings": "Show where a recorded build spent its time.",
    "sizes": "Show what an image weighs, by line of its Dockerfile.",
    "embed": "Update the diagrams in Markdown files.",
    "completion": "Print the script that completes commands and paths with Tab.",
}
_INTERRUPTED = 130
# Almost everything that is allocated at start-up stays: collecting garbage takes a tenth of that time.
_COLLECT_AFTER = 50_000


class _Commands(click.Group):
    """Loads a command when it is run, so that --help and --version are fast."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read ``stagegraph --prune`` and ``stagegraph -f FILE`` as ``render`` too."""
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        if args and args[0].startswith("-") and args[0] not in own:
            args = ["render", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that ``args`` begin with; a path in its place is drawn."""
        name = args[0]
        if name in COMMANDS or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        if name == "-" or "/" in name or os.path.exists(name):
            return "render", self.get_command(ctx, "render"), args
        raise click.UsageError(_unknown_command(name), ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands; a path where none fits, since a path is drawn."""
        from stagegraph.cli.completion import paths

        return super().shell_complete(ctx, incomplete) or paths(incomplete)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"stagegraph.cli.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _unknown_command(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; the commands are {', '.join(COMMANDS)}"
    return f"there is no command and no file {name!r}{hint}"


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stagegraph")
def cli() -> None:
    """Show the build graph that BuildKit runs for a Dockerfile.

    \b
    Examples:
      stagegraph render                       draw ./Dockerfile in the terminal
      stagegraph app/Dockerfile               draw another one
      stagegraph render -o build.svg          draw it as a picture
      stagegraph report --target release      show what is in the image of a target
      stagegraph explain builder              show why the target needs a stage
    """


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit: 0 success, 1 error, 2 wrong usage, 3 too slow, 130 interrupted."""
    gc.set_threshold(_COLLECT_AFTER)
    sys.exit(_run(args))


def _run(args: list[str] | None) -> int:
    try:
        result = cli.main(args=args, prog_name="stagegraph", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except BrokenPipeError:
        from stagegraph.cli.writing import close_stdout

        close_stdout()
        return 1
    except Exception as error:
        return _failed(error)


def _failed(error: Exception) -> int:
    """Print ``error``; the exit code."""
    from stagegraph.errors import OptionsError, StagegraphError

    if isinstance(error, StagegraphError):
        _print_error(str(error))
        return 2 if isinstance(error, OptionsError) else 1
    # last resort: a bug of stagegraph
    if os.environ.get("STAGEGRAPH_DEBUG"):
        raise error
    text = f"{type(error).__name__}: {error}".replace("\n", " ")
    hint = "hint: please report it with the Dockerfile; STAGEGRAPH_DEBUG=1 shows the traceback"
    _print_error(f"stagegraph failed on this input: {text}\n{hint}")
    return 1


def _print_error(text: str) -> None:
    from stagegraph.source import printable

    first, *rest = text.split("\n")
    print(f"error: {printable(first)}", *map(printable, rest), sep="\n", file=sys.stderr)
