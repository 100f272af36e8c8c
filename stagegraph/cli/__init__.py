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
    "serve": "Show the graph in a browser, and draw it again when the Dockerfile is saved.",
    "affected": "Show what a change makes BuildKit run again, and why.",
    "sizes": "Show what an image weighs, by line of its Dockerfile.",
    "embed": "Update the diagrams in Markdown files.",
    "completion": "Print the script that completes the command line in a shell.",
}
# in the meta of a context
WORDS = "stagegraph.words"  # the words of the command line behind the command
IMPLICIT = "stagegraph.implicit"  # no command was named, so it is render
_INTERRUPTED = 130
# Almost everything that is allocated at start-up stays: collecting garbage takes a tenth of that time.
_COLLECT_AFTER = 50_000


class _Commands(click.Group):
    """Loads a command when it is run, so that --help and --version are fast.

    Without the name of a command, an option or an existing path means render.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and self._means_render(ctx, args[0]):
            ctx.meta[IMPLICIT] = True
            args = ["render", *args]
        return super().parse_args(ctx, args)

    def _means_render(self, ctx: click.Context, word: str) -> bool:
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        return word not in COMMANDS and word not in own and (word[:1] == "-" or os.path.lexists(word))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        ctx.meta[WORDS] = args[1:]
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            ctx.fail(f"No such command, and no such file: {args[0]!r}{meant}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        commands = [
            CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)
        ]
        return commands or [CompletionItem(incomplete, type="file")]

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
    """Show the build graph that BuildKit runs for a Dockerfile.

    Without a COMMAND, `stagegraph PATH` is `stagegraph render PATH`.

    \b
    Examples:
      stagegraph render                       draw ./Dockerfile in the terminal
      stagegraph render -o build.svg          draw it as a picture
      stagegraph report --target release      show what is in the image of a target
      stagegraph explain builder              show why the target needs a stage
    """


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit: 0 success, 1 error, 2 wrong usage, 3 too slow, 130 interrupted."""
    gc.set_threshold(_COLLECT_AFTER)
    sys.exit(_run(args))


def _run(args: list[str] | None) -> int:
    if instruction := os.environ.get("_STAGEGRAPH_COMPLETE"):
        from stagegraph.cli.shells import answer

        return answer(cli, instruction)
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
    from stagegraph.errors import OptionsError, StagegraphError, failure_text

    if isinstance(error, StagegraphError):
        _print_error(str(error))
        return 2 if isinstance(error, OptionsError) else 1
    # last resort: a bug of stagegraph
    if os.environ.get("STAGEGRAPH_DEBUG"):
        raise error
    _print_error(failure_text(error))
    return 1


def _print_error(text: str) -> None:
    from stagegraph.source import printable

    first, *rest = text.split("\n")
    print(f"error: {printable(first)}", *map(printable, rest), sep="\n", file=sys.stderr)
