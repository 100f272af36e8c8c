"""The build that the provenance of an image describes."""

from __future__ import annotations

from stagegraph.dockerfile.logical import source_from_bytes
from stagegraph.errors import StagegraphError
from stagegraph.graph.build import Build, build_of
from stagegraph.records.provenance import options_of, read_provenance
from stagegraph.sizes.image import Image


def build_in_provenance(image: Image) -> Build | None:
    """The build of the Dockerfile in the provenance of ``image``; None where there is none.

    BuildKit writes the Dockerfile with ``--provenance=mode=max``.
    """
    for statement in image.attestations:
        provenance = read_provenance(statement)
        if provenance.dockerfile is None:
            continue
        try:
            source = source_from_bytes(provenance.dockerfile, provenance.filename or "Dockerfile")
            return build_of(source, options_of({"platform": image.platform, **provenance.arguments}))
        except StagegraphError:
            continue
    return None
