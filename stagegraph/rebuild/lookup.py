"""Looks up each step of a build among the steps of the build before it, as the cache of BuildKit does.

Rules: moby/buildkit solver/edge.go: a step is cached if all its inputs match those of one step that was
built, by key or, where its operation allows that, by the digest of what it reads.
"""

from __future__ import annotations

from enum import IntEnum

from stagegraph.graph.steps import CONTEXT_WORDS, RawStep
from stagegraph.model import StepKind
from stagegraph.rebuild.contents import Contents, Files
from stagegraph.rebuild.keys import KeyInput, StepKey, step_keys
from stagegraph.rebuild.selection import SelectionError, Selector, digest, has_wildcards, resolve, selected
from stagegraph.rebuild.state import BuildState
from stagegraph.rebuild.tree import NodeKind, digest_of

_REAL_FOLDERS = ("alpine", "busybox")  # images in which /bin and /lib are folders, not links into /usr
_LINKED = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")


class Match(IntEnum):
    """Whether two things are equal; the least of several decides."""

    NO = 0
    MAYBE = 1
    YES = 2


class Side:
    """One of the two builds, with the keys and files of its steps."""

    def __init__(self, state: BuildState) -> None:
        self.state = state
        self.steps = state.build.steps
        self.keys: list[StepKey] = step_keys(self.steps, state.build.options.build_args)
        self.contents = Contents(self.steps, lambda: state.tree)
        self._digests: dict[tuple[int, tuple[Selector, ...]], bytes | None] = {}

    def digest(self, part: KeyInput) -> bytes | None:
        """The digest of what ``part`` reads of known files; None if the build fails there."""
        key = (part.step, part.selectors)
        if key not in self._digests:
            try:
                self._digests[key] = self._digest(part)
            except SelectionError:
                self._digests[key] = None
        return self._digests[key]

    def _digest(self, part: KeyInput) -> bytes:
        if self.steps[part.step].words == CONTEXT_WORDS:
            return self.state.context.digest(self.state.tree, part.selectors)
        return digest_of(digest(self.contents.of(part.step).tree, one) for one in part.selectors)


class Lookup:
    """Finds the steps of ``before`` that each step of ``after`` is equal to."""

    def __init__(self, before: Side, after: Side) -> None:
        self.before = before
        self.after = after
        self.same: list[frozenset[int]] = []
        self.maybe: list[frozenset[int]] = []
        self._by_definition: dict[object, list[int]] = {}
        self._by_first: dict[object, list[int]] = {}
        self._writes: dict[tuple[int, int], Match] = {}
        self._contents: dict[tuple[KeyInput, KeyInput], Match] = {}
        for position, key in enumerate(before.keys):
            form = (key.definition, len(key.inputs))
            self._by_definition.setdefault(form, []).append(position)
            self._by_first.setdefault((form, _first(key)), []).append(position)
        for position in range(len(after.steps)):
            matches = {one: self._match(position, one) for one in self._possible(position)}
            self.same.append(frozenset(one for one, match in matches.items() if match is Match.YES))
            self.maybe.append(frozenset(one for one, match in matches.items() if match is Match.MAYBE))

    def candidates(self, position: int) -> list[int]:
        """The steps before the change with the same definition."""
        key = self.after.keys[position]
        return self._by_definition.get((key.definition, len(key.inputs)), [])

    def _possible(self, position: int) -> list[int]:
        """The candidates whose first input can match."""
        key = self.after.keys[position]
        first = _first(key)
        firsts = [None] if first is None else sorted(self.same[first] | self.maybe[first])
        form = (key.definition, len(key.inputs))
        return [one for first in firsts for one in self._by_first.get((form, first), ())]

    def _match(self, position: int, other: int) -> Match:
        worst = Match.YES
        pairs = zip(self.after.keys[position].inputs, self.before.keys[other].inputs, strict=True)
        for new, old in pairs:
            worst = min(worst, self.input_match(new, old))
            if worst is Match.NO:
                break
        return worst

    def input_match(self, new: KeyInput, old: KeyInput) -> Match:
        """Whether an input matches one of a step before, by key or by content."""
        by_key = Match.NO
        if new.paths == old.paths and not self._is_context(self.after, new.step):
            by_key = self.output_match(new.step, old.step)
        if by_key is Match.YES or not new.by_content:
            return by_key
        if (new, old) not in self._contents:
            self._contents[new, old] = self.content_match(new, old)
        return max(by_key, self._contents[new, old])

    def output_match(self, new: int, old: int) -> Match:
        """Whether the outputs of two steps are the same, because the steps are."""
        if old in self.same[new]:
            return Match.YES
        return Match.MAYBE if old in self.maybe[new] else Match.NO

    def _is_context(self, side: Side, position: int) -> bool:
        return side.steps[position].words == CONTEXT_WORDS

    def content_match(self, new: KeyInput, old: KeyInput) -> Match:
        """Whether what two inputs read has the same digest."""
        after, before = self.after.contents.of(new.step), self.before.contents.of(old.step)
        known = [_knows(files, part) for files, part in ((after, new), (before, old))]
        if all(known):
            digests = self.after.digest(new), self.before.digest(old)
            return Match.YES if None not in digests and digests[0] == digests[1] else Match.NO
        if new.selectors != old.selectors:
            return Match.MAYBE
        return self._over_unknown(after, before, new)

    def _over_unknown(self, after: Files, before: Files, part: KeyInput) -> Match:
        """Compares known files over unknown ones: the unknown must be equal for a certain answer."""
        below = self._bases(after.base, before.base)
        known = _known_files(after, part), _known_files(before, part)
        if any(known[0][path] != known[1][path] for path in known[0].keys() & known[1].keys()):
            return Match.NO
        below = min(below, self._written(after, before, part))
        if below is Match.YES and known[0] != known[1]:
            return Match.NO
        if below is Match.YES and self._may_be_linked(after, before, part):
            return Match.MAYBE
        return below

    def _bases(self, new: int | None, old: int | None) -> Match:
        if new is None or old is None:
            return Match.YES if new == old else Match.MAYBE
        if old in self.same[new]:
            return Match.YES
        sources = self.after.steps[new].kind is self.before.steps[old].kind is StepKind.SOURCE
        return Match.NO if sources else Match.MAYBE

    def _written(self, after: Files, before: Files, part: KeyInput) -> Match:
        """Whether the copies of unknown files to what ``part`` reads are the same."""
        new = [write for write in after.writes if _overlaps(write.path, part)]
        old = [write for write in before.writes if _overlaps(write.path, part)]
        if [write.path for write in new] != [write.path for write in old]:
            return Match.NO
        pairs = zip(new, old, strict=True)
        return min((self._same_write(a.step, b.step) for a, b in pairs), default=Match.YES)

    def _same_write(self, new: int, old: int) -> Match:
        """Whether two copies write the same, wherever they write it."""
        key = (new, old)
        if key not in self._writes:
            self._writes[key] = self.output_match(new, old)
            if self._writes[key] is not Match.YES:
                self._writes[key] = self._same_sources(new, old)
        return self._writes[key]

    def _same_sources(self, new: int, old: int) -> Match:
        ours, theirs = self.after.keys[new], self.before.keys[old]
        if _without_onto(ours.definition) != _without_onto(theirs.definition):
            return Match.NO
        reads = [
            _read_inputs(self.after.steps[new], ours),
            _read_inputs(self.before.steps[old], theirs),
        ]
        if len(reads[0]) != len(reads[1]):
            return Match.NO
        return min((self.input_match(a, b) for a, b in zip(*reads, strict=True)), default=Match.YES)

    def _may_be_linked(self, after: Files, before: Files, part: KeyInput) -> bool:
        """Whether a path may be a link into /usr, into which something else was written (usrmerge)."""
        image = _image_below(self.after, after.base)
        if image is None or any(name in image for name in _REAL_FOLDERS):
            return False
        firsts = {selector.path.split("/")[1] for selector in part.selectors} & set(_LINKED)
        linked = [KeyInput(part.step, (Selector(f"/usr/{first}"),), True) for first in sorted(firsts)]
        return any(_known_files(after, one) != _known_files(before, one) for one in linked)


def _first(key: StepKey) -> int | None:
    """The step of the first input, if that is matched by key only."""
    return key.inputs[0].step if key.inputs and not key.inputs[0].by_content else None


def _image_below(side: Side, position: int | None) -> str | None:
    while position is not None:
        step = side.steps[position]
        if step.words[:1] == ("image",):
            return step.words[1]
        position = step.onto
    return None


def _without_onto(definition: tuple[tuple[str, object], ...]) -> list[tuple[str, object]]:
    kept = [(name, value) for name, value in definition if name not in ("on nothing", "sources")]
    sources = dict(definition).get("sources", ())
    assert isinstance(sources, tuple)
    return [*kept, ("sources", tuple(source[:3] for source in sources))]


def _read_inputs(step: RawStep, key: StepKey) -> list[KeyInput]:
    return [one for one in key.inputs if one.step != step.onto or one.by_content]


def _knows(files: Files, part: KeyInput) -> bool:
    """Whether all that ``part`` reads is in the tree: single files, or a tree over nothing."""
    if files.is_known:
        return True
    return all(
        selector.is_plain and _is_known_file(files, selector) for selector in part.selectors
    ) and not any(_overlaps(write.path, part) for write in files.writes)


def _is_known_file(files: Files, selector: Selector) -> bool:
    node = resolve(files.tree, selector.path, follow=False)[1]
    return node is not None and node.kind is NodeKind.FILE


def _known_files(files: Files, part: KeyInput) -> dict[str, bytes]:
    """The digests of the known entries that ``part`` reads, by path; not of folders."""
    found: dict[str, bytes] = {}
    for selector in part.selectors:
        try:
            entries = selected(files.tree, selector._replace(required=""))
            found.update((one.path, one.node.header) for one in entries)
        except SelectionError:
            continue
    return found


def _overlaps(path: str, part: KeyInput) -> bool:
    paths = [_literal(one.path) if one.wildcard else one.path for one in part.selectors]
    return any(_within(path, one) or _within(one, path) for one in paths)


def _literal(path: str) -> str:
    """The folders of ``path`` before its first wildcard."""
    parts = path.split("/")
    first = next((index for index, part in enumerate(parts) if has_wildcards(part)), len(parts))
    return "/".join(parts[:first]) or "/"


def _within(path: str, above: str) -> bool:
    return f"{path.rstrip('/')}/".startswith(f"{above.rstrip('/')}/")
