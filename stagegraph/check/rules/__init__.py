"""The table of rules, their pages in docs/findings.md, and running them on a Subject."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from stagegraph.check.rule import Problem, Rule, Subject

# In the order of --list-rules. The rule `dead-stage` is DEAD_STAGE in its module.
_MODULES = {
    "dead-stage": "unbuilt_stage",
    "shadowed-stage": "unbuilt_stage",
    "idle-stage": "idle_stage",
    "later-stage": "later_stage",
    "stage-typo": "stage_typo",
    "stage-case": "stage_typo",
    "number-reference": "number_reference",
    "number-is-image": "number_reference",
    "unset-argument": "unset_argument",
    "shipped-tools": "shipped_tools",
    "would-fail": "would_fail",
    "unknown-target": "unknown_target",
    "missing-context": "missing_file",
    "missing-dockerfile": "missing_file",
    "cache-order": "cache_order",
    "context-in-layer": "context_in_layer",
    "argument-too-early": "argument_too_early",
}
# Off unless they are enabled or selected: whether a build is slow is not in its Dockerfile.
OFF_BY_DEFAULT = frozenset({"cache-order", "context-in-layer", "argument-too-early"})
DEFAULT_CODES = frozenset(_MODULES) - OFF_BY_DEFAULT


class _Rules(Mapping[str, Rule]):
    """The rules by code; a module is imported when its rule is used: `render` runs only four of them."""

    def __getitem__(self, code: str) -> Rule:
        module = import_module(f"stagegraph.check.rules.{_MODULES[code]}")
        rule: Rule = getattr(module, code.upper().replace("-", "_"))
        return rule

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)


RULES: Mapping[str, Rule] = _Rules()


def run_rules(subject: Subject, codes: Collection[str] = DEFAULT_CODES) -> tuple[Problem, ...]:
    """The problems that the rules in ``codes`` find, sorted by line, without duplicates."""
    rules = (RULES[code] for code in RULES if code in codes)
    return sorted_problems(problem for rule in rules for problem in rule.check(subject))


def sorted_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """``problems`` sorted by line, without duplicates."""
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda one: (one.span.line, one.code, one.span.column, one.message)))


@cache
def rule_pages() -> dict[str, str]:
    """The section on every rule in docs/findings.md, as Markdown without its heading.

    The file is part of an installed package; without it there are no pages.
    """
    package, project = Path(__file__).parents[1], Path(__file__).parents[3]
    paths = (package / "findings.md", project / "docs" / "findings.md")
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        return {}
    parts = re.split(r"^## ([\w-]+)[ \t]*$", path.read_text("utf-8"), flags=re.MULTILINE)
    return {code: body.strip() for code, body in zip(parts[1::2], parts[2::2], strict=True)}
