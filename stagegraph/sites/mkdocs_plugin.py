"""The MkDocs plugin: one line in mkdocs.yml gives every page the ``stagegraph`` fence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.plugins import BasePlugin

from stagegraph.sites.superfence import PLACE, Place, fence, validator

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.structure.pages import Page

_FENCES = "pymdownx.superfences"


class StagegraphPlugin(BasePlugin):  # type: ignore[type-arg,no-untyped-call]  # it has no options
    """Draws ``stagegraph`` fences; the paths in them are seen from their page."""

    def __init__(self) -> None:
        self._read: set[Path] = set()

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Add the fence to those of pymdownx.superfences, which is switched on if it is not."""
        if _FENCES not in config.markdown_extensions:
            config.markdown_extensions.append(_FENCES)
        fences = config.mdx_configs.setdefault(_FENCES, {}).setdefault("custom_fences", [])
        if not any(row["name"] == "stagegraph" for row in fences):
            fences.append(
                {"name": "stagegraph", "class": "stagegraph", "format": fence, "validator": validator}
            )
        return config

    def on_page_markdown(self, markdown: str, page: Page, **kwargs: Any) -> None:
        """Remember which page comes: MkDocs makes one after the other."""
        # seen from here, so that no message shows the folders of a machine
        folder = Path(os.path.relpath(Path(page.file.abs_src_path or ".").parent))
        PLACE.set(Place(name=page.file.src_uri, folder=folder, read=self._read))

    def on_serve(self, server: LiveReloadServer, **kwargs: Any) -> LiveReloadServer:
        """Make the site anew when a Dockerfile changes that a page shows."""
        for path in sorted(self._read):
            server.watch(str(path))
        return server
