"""The result of ``check`` as SARIF 2.1.0 for code scanning.

Format: OASIS, Static Analysis Results Interchange Format Version 2.1.0.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from stagegraph.check.check import CheckedFile, ReportedProblem
from stagegraph.check.many import Run
from stagegraph.check.rule import Rule
from stagegraph.check.rules import RULES, rule_pages
from stagegraph.formats.json import to_json
from stagegraph.model import Severity
from stagegraph.source import printable
from stagegraph.version import __version__

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_FINGERPRINT = "stagegraphFinding/v1"
_CODES = list(RULES)


def render(run: Run) -> str:
    """The run as one SARIF log; files that cannot be read are notifications of its invocation."""
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver()},
                "invocations": [_invocation(run)],
                "columnKind": "unicodeCodePoints",
                "results": [_result(file, one) for file in run.files for one in file.problems],
            }
        ],
    }
    return to_json(log)


def _driver() -> dict[str, Any]:
    return {
        "name": "stagegraph",
        "semanticVersion": __version__,
        "rules": [_rule(rule, documentation()) for rule in RULES.values()],
    }


def _rule(rule: Rule, home: str) -> dict[str, Any]:
    page = rule_pages().get(rule.code, "")
    described = {
        "id": rule.code,
        "name": rule.code.title().replace("-", ""),
        "shortDescription": {"text": rule.summary},
        "help": {"text": _plain(page) or rule.summary, "markdown": page or rule.summary},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["dockerfile", "buildkit"]},
    }
    return described | ({"helpUri": f"{home}#{rule.code}"} if home else {})


def _plain(page: str) -> str:
    return page.replace("**", "").replace("*", "").replace("```dockerfile\n", "").replace("```", "")


def documentation() -> str:
    """The address of the page on findings, from the metadata of the installed package."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        urls: list[str] = metadata("stagegraph").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    addresses: dict[str, str] = dict(url.split(", ", 1) for url in urls if ", " in url)
    return addresses.get("Findings", "")


def _invocation(run: Run) -> dict[str, Any]:
    failed = [
        {
            "level": "error",
            "message": {"text": printable(file.error_message)},
            "locations": [_location(file.name, file.error_line or 1, file.error_line or 1, 1)],
        }
        for file in run.files
        if file.error
    ]
    notes = [{"level": "note", "message": {"text": printable(note)}} for note in run.notes]
    return {"executionSuccessful": not failed, "toolExecutionNotifications": [*failed, *notes]}


def _result(file: CheckedFile, one: ReportedProblem) -> dict[str, Any]:
    problem = one.problem
    sentences = [problem.message, problem.why, problem.fix]
    return {
        "ruleId": problem.code,
        "ruleIndex": _CODES.index(problem.code),
        "level": _LEVELS[problem.severity],
        "message": {"text": ". ".join(_capital(printable(text)) for text in sentences if text) + "."},
        "locations": [_location(file.name, problem.span.line, problem.span.end_line, problem.span.column)],
        "partialFingerprints": {_FINGERPRINT: one.fingerprint},
    }


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _location(name: str, line: int, end_line: int, column: int) -> dict[str, Any]:
    region = {"startLine": line, "startColumn": column, "endLine": end_line}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(name)}, "region": region}}


def _uri(name: str) -> str:
    """A path as a URI; a relative path stays relative to the current directory."""
    path = PurePath(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix().encode("utf-8", "surrogateescape"))
