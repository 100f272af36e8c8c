"""The command line: click reads it, one file a command, and this one decides the exit code."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module

import click

from stagegraph.errors import OptionsError, StagegraphError
from stagegraph.version import __version__

# One row a command: where it is, and what `stagegraph --help` says of it without loading it.
COMMANDS = {
    "render": "Draw the build graph: SVG, PNG, PDF, DOT, Mermaid, JSON, terminal.",
    "report": "Say what ships, what is left behind, what runs at once.",
    "explain": "Say why the target needs a stage, or why nothing does.",
    "diff": "Say how two build graphs differ, two files or two revisions.",
    "check": "Find dead stages and other faults, in one file or a repository.",
    "timings": "Say where the time of a build went, by its record.",
    "embed": "Keep the diagrams inside Markdown files true.",
}
_INTERRUPTED = 130
# Loading modules makes objects that stay: looking for garbage among them is a tenth of the start.
_COLLECT_AFTER = 50_000


class _Commands(click.Group):
    """Loads a command when it is run, so that --help and --version stay quick."""

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


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stagegraph")
def cli() -> None:
    """Show the build graph that BuildKit will run for a Dockerfile.

    \b
    Examples:
      stagegraph render                       the Dockerfile here, in the terminal
      stagegraph render -o build.svg          as a picture
      stagegraph report --target release      what ships in the image of a target
      stagegraph explain builder              why the target needs a stage
    """


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 an error, 2 wrong usage, 3 too slow, 130 interrupted."""
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
    except StagegraphError as error:
        _tell(str(error))
        return 2 if isinstance(error, OptionsError) else 1
    except Exception as error:  # the last door: a fault of stagegraph itself is still one clear line
        if os.environ.get("STAGEGRAPH_DEBUG"):
            raise
        told = f"{type(error).__name__}: {error}".replace("\n", " ")
        hint = "hint: please report it with the Dockerfile; STAGEGRAPH_DEBUG=1 shows where"
        _tell(f"stagegraph failed on this input: {told}\n{hint}")
        return 1


def _tell(text: str) -> None:
    from stagegraph.source import printable

    first, *rest = text.split("\n")
    print(f"error: {printable(first)}", *map(printable, rest), sep="\n", file=sys.stderr)
