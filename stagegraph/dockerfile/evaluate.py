"""Evaluates the instructions of resolved stages into actions, the material of steps.

Rules: moby/buildkit frontend/dockerfile/dockerfile2llb/convert.go, dispatchStages and dispatch,
convert_copy.go and convert_runmount.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from msgspec.structs import replace

from stagegraph.dockerfile import paths, references
from stagegraph.dockerfile.actions import (
    Action,
    CopyAction,
    CopyPart,
    Environment,
    Fault,
    Remote,
    RunAction,
    StageActions,
    WorkdirAction,
)
from stagegraph.dockerfile.expand import (
    Budget,
    ExpansionError,
    ExpansionLimitError,
    Lexer,
    MalformedError,
)
from stagegraph.dockerfile.heredocs import Heredoc
from stagegraph.dockerfile.instructions import Arg, Copy, Instruction, Run, Setting, Workdir
from stagegraph.dockerfile.mounts import Mount, MountError, normal_mount, read_mount
from stagegraph.dockerfile.paths import PathError
from stagegraph.dockerfile.references import RemoteError
from stagegraph.dockerfile.scope import LIMIT_HINT, Scope
from stagegraph.dockerfile.stages import Command, Resolved, StageOrImage
from stagegraph.dockerfile.step_names import ScriptError, StepNames, script_of
from stagegraph.dockerfile.value_checks import (
    RejectedError,
    check_checksum,
    check_file_checksum,
    check_setting,
    mode_of,
)
from stagegraph.errors import DockerfileError
from stagegraph.source import Span

_MASK = "****"  # for the value of a secret in the name of a step
_NAME = r"\$\{?([^\W\d]\w*)"
_REJECTIONS = (ExpansionError, MountError, ScriptError, PathError, RemoteError, RejectedError)


def evaluate(
    resolved: Resolved, *, names: bool = True, platform_in_names: bool = False
) -> tuple[StageActions, ...]:
    """The actions of every stage and image of ``resolved``, in order of their indexes.

    What does not count has none. Without ``names`` every step name is empty: for callers that only want
    the faults. Raises DockerfileError where variables expand to too much text.
    """
    done: dict[int, _Evaluation] = {}
    budget = Budget()
    actions = [_NO_ACTIONS] * len(resolved.sources)
    for source in resolved.counted_sources:
        evaluation = _Evaluation(resolved, source, done, platform_in_names if names else None, budget)
        actions[source.index] = evaluation.run()
        done[source.index] = evaluation
    return tuple(actions)


_NO_ACTIONS = StageActions(index=-1, from_name="", actions=(), faults=())


class _Evaluation:
    """Evaluates one stage; ``platform_in_names`` is None for no names."""

    def __init__(
        self,
        resolved: Resolved,
        stage: StageOrImage,
        done: dict[int, _Evaluation],
        platform_in_names: bool | None,
        budget: Budget,
    ) -> None:
        self.resolved = resolved
        self.stage = stage
        self.done = done
        base = done[stage.base_index] if stage.base_index is not None else None
        self.scope: Scope = Scope(resolved, stage, base.scope if base else None, budget)
        self.names: StepNames | None = None
        if platform_in_names is not None:
            word = stage.title if len(resolved.sources) > 1 else ""
            self.names = StepNames(stage, word, self.scope.platform if platform_in_names else None)
        self.faults: list[Fault] = []
        self._environment: Environment | None = None
        self._pairs: dict[tuple[str, str], tuple[str, str]] = {}

    def run(self) -> StageActions:
        from_name = self._from_name()
        actions: list[Action] = []
        for command in () if self.stage.replaced else self.stage.commands:
            try:
                actions.extend(self._command(command))
            except ExpansionLimitError as error:
                raise DockerfileError(
                    str(error),
                    source=self.resolved.file.source,
                    span=command.instruction.span,
                    hint=LIMIT_HINT,
                ) from None
            except _REJECTIONS as error:
                self._reject(command.instruction, error)
        return StageActions(
            index=self.stage.index,
            from_name=from_name,
            actions=tuple(actions),
            faults=tuple(self.faults),
        )

    def _reject(self, item: Instruction, error: ValueError) -> None:
        always = isinstance(error, MalformedError) or not (self.scope.on_image or self._uses_argument(item))
        certain = always or not self._is_doubtful(item)
        self.faults.append(Fault("would-fail", item.span, str(error), certain=certain, always=always))

    def _uses_argument(self, item: Instruction) -> bool:
        """Whether ``item`` uses a variable that an ARG of the stage or of one below it declares."""
        used = set(re.findall(_NAME, item.text))
        stage: StageOrImage | None = self.stage if used else None
        while stage is not None:
            declared = (one.instruction for one in stage.commands if isinstance(one.instruction, Arg))
            if any(name in used for arg in declared for name, _ in arg.pairs):
                return True
            stage = self.resolved.sources[stage.base_index] if stage.base_index is not None else None
        return False

    def _is_doubtful(self, item: Instruction) -> bool:
        """Whether ``item`` uses a variable that the base image may set."""
        text = (
            " ".join(field for mount in item.mounts for field in mount)
            if isinstance(item, Run)
            else item.text
        )
        names = re.findall(_NAME, text) if self.scope.on_image else ()
        return any(name not in self.scope.variables for name in names)

    def _from_name(self) -> str:
        if not self.names or not self.stage.reference or self.stage.context:
            return ""
        return self.names.named(f"FROM {self.stage.reference}", {})

    def _named(self, text: str, command: Command, *, on_nothing: bool = False) -> str:
        if not self.names:
            return ""
        return self.names.named(text, self.scope.variables, onbuild=command.onbuild, on_nothing=on_nothing)

    def environment(self) -> Environment:
        if self._environment is None:
            pairs = tuple(self.scope.variables.items())
            # equal pairs are shared: a file of many ENV and RUN has many environments
            self._environment = tuple(map(self._pairs.setdefault, pairs, pairs))
        return self._environment

    def _command(self, command: Command) -> Iterator[Action]:
        item = command.instruction
        if isinstance(item, Copy):
            yield self._copy(item, command)
        elif isinstance(item, Run):
            yield self._run(item, command)
        else:
            self._environment = None
            self.scope.apply(item)
            if isinstance(item, Setting):
                self._check_setting(item)
            elif isinstance(item, Workdir) and self.scope.workdir != "/":
                yield self._workdir(item, command)

    def _check_setting(self, item: Setting) -> None:
        if item.keyword == "expose":  # a word can expand to several ports, or to none
            lexer, known = self.scope.lexer, self.scope.variables
            check_setting(item.keyword, [port for word in item.words for port in lexer.words(word, known)])
        else:
            check_setting(item.keyword, [self.scope.expand(word) for word in item.words])

    def _workdir(self, item: Workdir, command: Command) -> WorkdirAction:
        return WorkdirAction(
            name=self._named(self._shown(item.text), command),
            span=item.span,
            onbuild=command.onbuild,
            path=paths.from_root(self.scope.workdir, windows=False),
            user=self.scope.user,
        )

    def _shown(self, text: str, lexer: Lexer | None = None, variables: dict[str, str] | None = None) -> str:
        """The text of an instruction as in build output: expanded, the keyword in capitals."""
        if not self.names:
            return ""
        with suppress(ExpansionError):  # BuildKit then shows it as written
            known = self.scope.variables if variables is None else variables
            text = (lexer or self.scope.lexer).word(text, known)
        first, space, rest = text.partition(" ")
        return first.upper() + space + rest

    def _run(self, item: Run, command: Command) -> RunAction:
        mounts = self._mounts(item, command)
        script = script_of(item, self.scope.shell, windows=self.scope.windows)
        masked = {m.environment: _MASK for m, _ in mounts if m.environment}
        lexer = replace(self.scope.lexer, raw_quotes=True, keep_unset=True)
        shown = self._shown(script.text, lexer, {**self.scope.variables, **masked} if masked else None)
        return RunAction(
            name=self._named(shown, command, on_nothing=not self.scope.on_image),
            span=item.span,
            onbuild=command.onbuild,
            words=script.words,
            environment=self.environment(),
            workdir=self.scope.workdir,
            user=self.scope.user,
            mounts=mounts,
            options=item.options,
            document=script.document,
        )

    def _mounts(self, item: Run, command: Command) -> tuple[tuple[Mount, int], ...]:
        mounts = []
        for fields, source in zip(item.mounts, command.sources, strict=True):
            mount = read_mount(fields, self.scope.expand)
            if mount.source_name:
                self._check_order(item.span, "mounts from", source)
            normal = normal_mount(
                mount,
                self.scope.workdir,
                is_known=self.scope.knows_workdir,
                windows=self.scope.windows,
            )
            mounts.append((normal, source))
        return tuple(mounts)

    def _check_order(self, span: Span, verb: str, source: int) -> None:
        read = self.resolved.sources[source]
        if source in self.done or not read.is_stage or read.replaced:
            return
        message = f"`{self.stage.title}` {verb} `{read.title}`, which comes later in the file"
        why = "BuildKit rejects it when it builds this stage: a source must be defined before it is read"
        fix = f"move `{read.title}` above `{self.stage.title}`"
        self.faults.append(Fault("later-stage", span, message, why, fix))

    def _copy(self, item: Copy, command: Command) -> CopyAction:
        source = command.sources[0] if command.sources else None
        if source is not None:
            self._check_order(item.span, "copies from", source)
        expand, flags = self.scope.expand, item.flags
        owner, mode, checksum = expand(flags.chown), mode_of(expand(flags.chmod)), expand(flags.checksum)
        words, destination = [expand(word) for word in item.sources], expand(item.destination)
        parts = (*self._files(item, words, checksum), *map(self._document, item.documents))
        text = self._shown(item.text)
        name = self._named(text, command)
        linked = item.link and not mode
        return CopyAction(
            name=name,
            span=item.span,
            onbuild=command.onbuild,
            linked=linked,
            source=source,
            parts=parts,
            target=paths.destination(self.scope.workdir, destination, windows=self.scope.windows),
            options=(owner, mode, *map(expand, flags.exclude)),
            link_name=_link_name(name, text) if linked and name else "",
        )

    def _files(self, item: Copy, words: list[str], checksum: str) -> Iterator[CopyPart]:
        downloads = [word for word in words if references.is_remote(word)]
        if downloads and not item.add:
            raise RejectedError(f"COPY cannot download {downloads[0]}; use ADD")
        check_checksum(checksum, words, downloads)
        unpack = item.flags.unpack
        for word in words:
            if word not in downloads:
                pattern = (word,) if item.flags.parents else ()
                unpacked = item.add if unpack is None else unpack
                path = "" if pattern else paths.from_root(word, windows=self.scope.windows)
                yield CopyPart(path=path, options=(str(unpacked), *pattern))
            elif references.is_git(word):
                key = references.git_key(word, keep=item.flags.keep_git_dir, checksum=checksum)
                yield CopyPart(path="/", remote=Remote(word, ("git", *key)))
            else:
                check_file_checksum(checksum)
                remote = Remote(word, ("file", word, checksum))
                yield CopyPart(references.file_name(word), options=(str(bool(unpack)),), remote=remote)

    def _document(self, document: Heredoc) -> CopyPart:
        text = document.text
        if document.expand:
            lexer = Lexer(process_quotes=False, budget=self.scope.lexer.budget)
            text = lexer.word(text, self.scope.variables)
        return CopyPart(path=document.name, text=text)


def _link_name(name: str, text: str) -> str:
    return name[: len(name) - len(text)] + "LINK " + text
