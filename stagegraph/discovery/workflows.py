"""Finds the builds of GitHub Actions: steps that use a build action, and the scripts of steps.

Rules: docs.github.com/actions/reference/workflows-and-actions/workflow-syntax, and the inputs of
docker/build-push-action and docker/bake-action.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice, product

from msgspec.structs import replace

from stagegraph.bake.yaml_values import Table, Yaml, read_yaml
from stagegraph.discovery.commands import MISSING, changes_files, known_values
from stagegraph.discovery.found_build import FoundBuild, MissingFile, Note, ReadingLimits, TooMuchError
from stagegraph.discovery.missing import CheckoutState, missing_file
from stagegraph.discovery.repository import Repository, is_remote
from stagegraph.discovery.scripts import Script, script_builds
from stagegraph.errors import BakeError
from stagegraph.source import Source

_BUILD = re.compile(r"(?:docker|depot)/build-push-action(?:@|\Z)")
_BAKE = re.compile(r"(?:docker|depot)/bake-action(?:@|\Z)")
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_PATH = re.compile(r"(matrix|env)((?:\.[\w-]+)+)\Z")
_SET_TARGET = re.compile(r"([^\s=]+)\.target=(\S+)")
_DEFAULT_CONTEXT = re.compile(r"\{\{\s*defaultContext\s*\}\}:?")
_MOST_COMBINATIONS = 256
_OWN_REFERENCE = re.compile(r"head|github\.(?:ref|sha)", re.IGNORECASE)
_MOST_GROWTH = 64 * 1024  # characters that expressions add to a text
_STEPS_OF_STEP = 200
_Values = Mapping[str, Yaml]


def workflow_builds(path: str, text: str, repository: Repository) -> tuple[list[FoundBuild], list[Note]]:
    """The builds of the workflow or composite action at ``path``, and notes on what is not understood."""
    try:
        documents = read_yaml(Source(name=path, text=text), texts=True)
    except BakeError as error:
        return [], [Note(file=path, line=error.line, message=f"not understood: {error.message}")]
    reader = _Reader(path, repository)
    if documents and isinstance(documents[0].root, Table):
        reader.jobs(documents[0].root)
    return list(dict.fromkeys(reader.builds)), list(dict.fromkeys(reader.notes))


class _Reader:
    def __init__(self, path: str, repository: Repository) -> None:
        self._path = path
        self._repository = repository
        self._changed = False  # whether a step before changes the files of the repository
        self.builds: list[FoundBuild] = []
        self.notes: list[Note] = []
        self._limits = ReadingLimits()

    def jobs(self, root: Table) -> None:
        environment = _strings(root.table("env"))
        for _, job in root.table("jobs").items():
            if isinstance(job, Table):
                env = {**environment, **_strings(job.table("env"))}
                for matrix in _combinations(job.table("strategy").get("matrix"), self._limits):
                    self._steps(job, matrix, env)
        self._steps(root.table("runs"), {}, environment)

    def _steps(self, owner: Table, matrix: _Values, environment: Mapping[str, str]) -> None:
        steps = owner.get("steps")
        directory = owner.table("defaults").table("run").text("working-directory") or ""
        self._changed = False
        self._checkout = CheckoutState(unchanged=self._path.startswith(".github/workflows/"))
        for step in steps if isinstance(steps, list) else ():
            if isinstance(step, Table):
                env = {**environment, **_strings(step.table("env"))}
                self._limits.spend(_STEPS_OF_STEP + 20 * len(env))
                self._step(
                    step,
                    {"matrix": Table(step.source, dict(matrix)), "env": Table(step.source, dict(env))},
                    env,
                    directory,
                )

    def _step(self, step: Table, known: _Values, env: Mapping[str, str], directory: str) -> None:
        action = step.text("uses") or ""
        self._changed = self._changed or _changes_files(step)
        if _BUILD.match(action):
            self.builds.extend(self._build(step, known))
        elif _BAKE.match(action):
            self.builds.extend(self._bake(step, known))
        elif step.text("run"):
            self._run(step, known, env, directory)
        self._checkout.after(action, list(step.table("with")), step.text("run") or "")

    def _run(self, step: Table, known: _Values, env: Mapping[str, str], directory: str) -> None:
        here = _expanded(step.text("working-directory") or directory, known)
        script = Script(
            file=self._path,
            text=_expanded(step.text("run") or "", known),
            first=step.line("run"),
            directories=("" if MISSING in here else here.removeprefix("./").strip("/"),),
            values={
                name: [_expanded(value, known)]
                for name, value in env.items()
                if MISSING not in _expanded(value, known)
            },
            kind="workflow step",
            limits=self._limits,
        )
        builds, notes = script_builds(script, self._repository)
        self.builds.extend([replace(build, may_differ=True) for build in builds] if self._changed else builds)
        self.notes.extend(notes)

    def _build(self, step: Table, known: _Values) -> Iterator[FoundBuild]:
        inputs = step.table("with")
        line = step.line("uses")
        context = _DEFAULT_CONTEXT.sub("", _expanded(inputs.text("context") or ".", known)) or "."
        if is_remote(context):
            return
        file = _expanded(inputs.text("file") or "", known)
        target = _expanded(inputs.text("target") or "", known)
        args = dict(_assignments(_expanded(inputs.text("build-args") or "", known)))
        contexts = dict(_assignments(_expanded(inputs.text("build-contexts") or "", known)))
        tags = re.split(r"[,\n]", _expanded(inputs.text("tags") or "", known))
        platforms = [
            one for one in re.split(r"[,\s]+", _expanded(inputs.text("platforms") or "", known)) if one
        ]
        unknown = {
            what
            for what, texts in (
                ("target", [target]),
                ("build arguments", [*args, *args.values()]),
                ("platforms", platforms),
            )
            if any(MISSING in text for text in texts)
        }
        dockerfile = self._dockerfile(context, file)
        if dockerfile is None:
            unknown.add("dockerfile")
        self._note(line, unknown)
        self._limits.build()
        yield FoundBuild(
            file=self._path,
            line=line,
            kind="workflow step",
            name=_name(step),
            dockerfile=dockerfile,
            target=None if MISSING in target else target,
            build_args={name: value for name, value in args.items() if MISSING not in name + value},
            platforms=tuple(one for one in platforms if MISSING not in one),
            contexts=tuple(sorted(contexts)),
            context_values=known_values(contexts),
            tags=tuple(tag.strip() for tag in tags if tag.strip() and MISSING not in tag),
            unknown=frozenset(unknown),
            may_differ=self._changed,
            missing=self._missing(step, context, file) if dockerfile is None else None,
        )

    def _missing(self, step: Table, context: str, file: str) -> MissingFile | None:
        """What does not exist of a build whose paths are written in the step, if no step before makes it."""
        inputs = step.table("with")
        texts = (inputs.text("context") or "", inputs.text("file") or "", step.text("if") or "")
        if not self._checkout.unchanged or "${{" in "".join(texts[:2]) or "hashFiles" in texts[2]:
            return None
        found = missing_file(self._repository, "", "" if context == "." else context, "")
        if not file or (found and found.part == "context"):
            return found
        return missing_file(self._repository, "", ".", file)  # from the root, not from the context

    def _dockerfile(self, context: str, file: str) -> str | None:
        if MISSING in context + file:
            return None
        if file:
            return self._repository.dockerfile("", ".", file)
        return self._repository.dockerfile("", context, None)

    def _bake(self, step: Table, known: _Values) -> Iterator[FoundBuild]:
        """The targets that a step overrides with ``set``; bake.py reads the bake files themselves."""
        line = step.line("uses")
        changes = _expanded(step.table("with").text("set") or "", known)
        if MISSING in changes:
            self._note(line, {"target"} if ".target=" in changes else {"build arguments"})
        for _, target in _SET_TARGET.findall(changes):
            self._limits.build()
            unknown = frozenset({"dockerfile", *(["target"] if MISSING in target else [])})
            yield FoundBuild(
                file=self._path,
                line=line,
                kind="workflow step",
                name=_name(step),
                dockerfile=None,
                target=None if MISSING in target else target,
                unknown=unknown,
                certain=False,
            )

    def _note(self, line: int, unknown: set[str]) -> None:
        if unknown:
            message = f"step: {', '.join(sorted(unknown))} not understood"
            self.notes.append(Note(file=self._path, line=line, message=message, of_build=True))


def _changes_files(step: Table) -> bool:
    """Whether a step checks out another repository or another commit, or changes a Dockerfile."""
    inputs = step.table("with")
    reference = inputs.text("ref") or ""
    own = not reference or ("${{" in reference and _OWN_REFERENCE.search(reference))
    checkout = "checkout" in (step.text("uses") or "") and (inputs.text("repository") or not own)
    return bool(checkout) or changes_files(step.text("run") or "")


def _name(step: Table) -> str:
    name = step.text("name") or step.text("id") or ""
    return name if "${{" not in name else ""


def _strings(table: Table) -> dict[str, str]:
    return {name: value for name, value in table.items() if isinstance(value, str)}


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name:
            yield name.strip(), value.strip().strip("\"'")


def _expanded(text: str, known: _Values) -> str:
    """``text`` with its expressions expanded; MISSING for those with values from outside of the file."""
    if "${{" not in text:
        return text
    growth = 0

    def part(match: re.Match[str]) -> str:
        nonlocal growth
        value = _value(match[1].strip(), known)
        growth += len(value)
        if growth > _MOST_GROWTH:
            raise TooMuchError("its expressions expand to too much text")
        return value

    end = text.rfind("}}") + 2  # an expression that is not closed would be looked for again and again
    return _EXPRESSION.sub(part, text[:end]) + text[end:] if end > 1 else text


def _value(expression: str, known: _Values) -> str:
    match = _PATH.match(expression)
    if not match:
        return MISSING
    value: Yaml = known.get(match[1])
    for key in match[2][1:].split("."):
        value = value.get(key) if isinstance(value, Table) else None
    return value if isinstance(value, str) and "${{" not in value else MISSING


def _combinations(matrix: Yaml, limits: ReadingLimits) -> list[dict[str, Yaml]]:
    """The variables of every job of a matrix. ``exclude`` is not applied, so there may be too many jobs."""
    if not isinstance(matrix, Table):
        return [{}]
    lists = {
        name: value
        for name, value in matrix.items()
        if isinstance(value, list) and name not in ("include", "exclude")
    }
    jobs = [
        dict(zip(lists, choice, strict=True))
        for choice in islice(product(*lists.values()), _MOST_COMBINATIONS)
    ]
    include = matrix.get("include")
    limits.spend(len(jobs) * (1 + len(lists)))
    for entry in include if isinstance(include, list) else ():
        if isinstance(entry, Table):
            values = dict(entry.items())
            limits.spend(len(jobs) * (1 + len(values)))
            jobs = _with_entry(jobs, values, lists)
    return jobs[: _MOST_COMBINATIONS * 2]


def _with_entry(
    jobs: list[dict[str, Yaml]], entry: dict[str, Yaml], lists: Mapping[str, object]
) -> list[dict[str, Yaml]]:
    shared = entry.keys() & lists.keys()
    fits = [job for job in jobs if all(job.get(key) == entry[key] for key in shared)] if lists else []
    if not fits:
        return [*([] if jobs == [{}] else jobs), entry]
    fitting = set(map(id, fits))
    return [{**job, **entry} if id(job) in fitting else job for job in jobs]
