"""Completion in shells: the scripts that they load, and the answers that the scripts ask for.

The scripts follow those of click. Other than these, they

- let the shell complete paths, with spaces and ``~``, also behind ``--option=``;
- run the ``stagegraph`` of PATH, where click runs the word that begins the line: that can be a program of the
  repository that somebody looks at;
- send the line up to the cursor, and what is behind it, in variables, so that an empty word counts;
- print nothing if anything fails.
"""

from __future__ import annotations

import os

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    split_arg_string,
)

VARIABLE = "_STAGEGRAPH_COMPLETE"
_BEFORE = "_STAGEGRAPH_BEFORE"
_AFTER = "_STAGEGRAPH_AFTER"
_PROGRAM = "stagegraph"

_BASH = """\
%(complete_func)s() {
    local before="${COMP_LINE:0:COMP_POINT}" after="${COMP_LINE:COMP_POINT}"
    local response type value
    COMPREPLY=()
    response=$(_STAGEGRAPH_BEFORE="$before" _STAGEGRAPH_AFTER="$after" \\
        %(complete_var)s=bash_complete command %(prog_name)s 2>/dev/null) || response=file,
    while IFS=, read -r type value; do
        if [[ $type == file ]]; then
            compopt -o default
        elif [[ $type == plain ]]; then
            COMPREPLY+=("$value")
        fi
    done <<< "$response"
}

# older versions of bash, such as the one of macOS, cannot be told to complete a path
if (( BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404 )); then
    complete -o nosort -F %(complete_func)s %(prog_name)s
else
    complete -o default %(prog_name)s
fi
"""

_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local -a plain described response
    local before="${(j: :)words[1,CURRENT]}" after="${(j: :)words[CURRENT+1,-1]}" type key descr
    response=("${(@f)$(_STAGEGRAPH_BEFORE="$before" _STAGEGRAPH_AFTER="$after" \\
        %(complete_var)s=zsh_complete command %(prog_name)s 2>/dev/null || print -l file '' _)}")
    if [[ "$words[CURRENT]" == --*=* ]]; then
        compset -P 1 '*='
    fi
    for type key descr in "${response[@]}"; do
        if [[ "$type" == file ]]; then
            _files
        elif [[ "$type" == plain && "$descr" == _ ]]; then
            plain+=("$key")
        elif [[ "$type" == plain ]]; then
            described+=("$key:$descr")
        fi
    done
    if (( $#described )); then
        _describe -V unsorted described
    fi
    if (( $#plain )); then
        compadd -V unsorted -a plain
    fi
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    if (( ! $+functions[compdef] )); then
        autoload -Uz compinit && compinit -i
    fi
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH = """\
function %(complete_func)s
    set -l line (commandline -p | string collect)
    set -lx _STAGEGRAPH_BEFORE (commandline -cp | string collect)
    set -lx _STAGEGRAPH_AFTER (string sub -s (math (string length -- "$_STAGEGRAPH_BEFORE") + 1) -- "$line")
    set -lx %(complete_var)s fish_complete
    set -l response (command %(prog_name)s 2>/dev/null); or set response file '' _
    set -e %(complete_var)s
    set -l token (commandline -ct)
    set -l option (string match -r '^--[^=]*=' -- "$token")
    while set -q response[3]
        if test "$response[1]" = file
            set -l path (string replace -r '^--[^=]*=' '' -- "$token")
            for completion in (complete --do-complete "'' $path")
                echo "$option$completion"
            end
        else if test "$response[3]" = _
            echo "$option$response[2]"
        else
            printf '%%s\\t%%s\\n' "$option$response[2]" "$response[3]"
        end
        set -e response[1..3]
    end
end

complete --no-files --keep-order --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


def words_before_cursor() -> tuple[list[str], str]:
    """The arguments before the word at the cursor, and that word up to the cursor."""
    # the letter makes a word of an empty one, and ends an escape
    words = split_arg_string(os.environ.get(_BEFORE, "") + "x")
    return words[1:-1], words[-1][:-1]


def words_after_cursor() -> list[str]:
    """The words behind the one at the cursor."""
    after = os.environ.get(_AFTER, "")
    words = split_arg_string(f"x{after}")
    return words[1:]


class _Bash(BashComplete):
    source_template = _BASH
    get_completion_args = staticmethod(words_before_cursor)
    source = ShellComplete.source  # that of BashComplete runs bash to ask for its version


class _Zsh(ZshComplete):
    source_template = _ZSH
    get_completion_args = staticmethod(words_before_cursor)


class _Fish(FishComplete):
    source_template = _FISH
    get_completion_args = staticmethod(words_before_cursor)

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.type}\n{item.value}\n{' '.join((item.help or '_').split())}"


SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


def script(command: click.Command, shell: str) -> str:
    """The script that makes ``shell`` complete the command line of ``command``."""
    return SHELLS[shell](command, {}, _PROGRAM, VARIABLE).source()


def answer(command: click.Command, instruction: str) -> int:
    """Print what a script asks for with ``instruction``, such as ``bash_complete``; returns the exit code.

    Nothing is printed if anything fails: the text would end up in the line that somebody types.
    """
    shell, _, what = instruction.partition("_")
    if shell not in SHELLS or what not in ("source", "complete"):
        return 1
    if what == "source":
        print(script(command, shell), end="")
        return 0
    try:
        print(SHELLS[shell](command, {}, _PROGRAM, VARIABLE).complete())
    except Exception:
        return 1
    return 0
