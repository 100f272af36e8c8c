"""The table of rules, and running them on a Subject."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.check.rules import stage_case
from stagegraph.check.rules.idle_stage import IDLE_STAGE
from stagegraph.check.rules.later_stage import LATER_STAGE
from stagegraph.check.rules.number_reference import NUMBER_IS_IMAGE, NUMBER_REFERENCE
from stagegraph.check.rules.shipped_tools import SHIPPED_TOOLS
from stagegraph.check.rules.stage_typo import STAGE_TYPO
from stagegraph.check.rules.unbuilt_stage import DEAD_STAGE, SHADOWED_STAGE
from stagegraph.check.rules.unset_argument import UNSET_ARGUMENT
from stagegraph.check.rules.would_fail import WOULD_FAIL
from stagegraph.model import Severity

_STAGE_CASE = Rule(
    code=stage_case.CODE,
    severity=Severity.ERROR,
    summary=stage_case.SUMMARY,
    check=lambda subject: stage_case.case_mistakes(subject.file),
)
_ALL = (
    DEAD_STAGE,
    SHADOWED_STAGE,
    IDLE_STAGE,
    LATER_STAGE,
    STAGE_TYPO,
    _STAGE_CASE,
    NUMBER_REFERENCE,
    NUMBER_IS_IMAGE,
    UNSET_ARGUMENT,
    SHIPPED_TOOLS,
    WOULD_FAIL,
)
RULES = {rule.code: rule for rule in _ALL}
_PRAGMA = re.compile(
    r"stagegraph:\s*(?:ignore\s*=\s*([\w-]+(?:,[\w-]+)*)|(target))(?=[\s,;:.]|\Z)", re.IGNORECASE
)
_SPEAKS = re.compile(r"stagegraph:\s*(\S*)", re.IGNORECASE)


def run_rules(subject: Subject, codes: Collection[str] = RULES.keys()) -> tuple[Problem, ...]:
    """What the rules called ``codes`` find, in order of their lines, each once."""
    found = (problem for code, rule in RULES.items() if code in codes for problem in rule.check(subject))
    return sorted_problems(found)


def sorted_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """``problems`` in order of their lines, each once."""
    once = dict.fromkeys(problems)
    return tuple(sorted(once, key=lambda one: (one.span.line, one.code, one.span.column, one.message)))


def silenced_codes(comments: Iterable[tuple[int, str]]) -> frozenset[str]:
    """The codes that ``# stagegraph: ignore=CODE`` among ``comments`` silences."""
    found = [match[1] for _, text in comments if (match := _PRAGMA.match(text)) and match[1]]
    return frozenset(code.lower() for codes in found for code in codes.split(",") if code)


def unread_word(comment: str) -> str:
    """What a comment says to stagegraph that means nothing to it; nothing when all is well."""
    spoken = _SPEAKS.match(comment)
    return spoken[1] or "nothing" if spoken and not _PRAGMA.match(comment) else ""


def is_target(comments: Iterable[tuple[int, str]]) -> bool:
    """Whether ``# stagegraph: target`` among ``comments`` says that the stage is built by name."""
    return any(match[2] for _, text in comments if (match := _PRAGMA.match(text)))
