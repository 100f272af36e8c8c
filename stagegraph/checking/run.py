"""Everything that one run of the checker has to say, for every format alike."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from stagegraph.checking.one import Checked
from stagegraph.discovery.use import Use
from stagegraph.model import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The files checked, in order; the builds found; what was left out or not read.

    ``not_understood`` says what of the builds is not.
    """

    files: tuple[Checked, ...]
    uses: tuple[Use, ...] = ()
    notes: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()

    @property
    def counts(self) -> Counter[Severity]:
        """How many findings there are of each severity; a file that cannot be read is an error."""
        found = Counter(one.problem.severity for file in self.files for one in file.problems)
        found[Severity.ERROR] += sum(bool(file.error) for file in self.files)
        return found

    def fails(self, worst: Severity | None) -> bool:
        """Whether a file could not be read, or a finding is at least as bad as ``worst``."""
        order = list(Severity)
        counted = order[: order.index(worst) + 1] if worst else []
        return any(file.error for file in self.files) or any(self.counts[severity] for severity in counted)
