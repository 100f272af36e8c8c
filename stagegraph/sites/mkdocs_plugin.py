"""The MkDocs plugin, which adds the ``stagegraph`` fence to a site."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.plugins import BasePlugin

from stagegraph.sites.superfence import CURRENT_PAGE, FencePage, fence, validator

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.structure.pages import Page

_FENCES = "pymdownx.superfences"


class StagegraphPlugin(BasePlugin):  # type: ignore[type-arg,no-untyped-call]  # it has no options
    """Draws ``stagegraph`` fences; paths in a fence are relative to its page."""

    def __init__(self) -> None:
        self._dockerfiles: set[Path] = set()

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Enable pymdownx.superfences and add the fence to it."""
        if _FENCES not in config.markdown_extensions:
            config.markdown_extensions.append(_FENCES)
        fences = config.mdx_configs.setdefault(_FENCES, {}).setdefault("custom_fences", [])
        if not any(row["name"] == "stagegraph" for row in fences):
            fences.append(
                {"name": "stagegraph", "class": "stagegraph", "format": fence, "validator": validator}
            )
        return config

    def on_page_markdown(self, markdown: str, page: Page, **kwargs: Any) -> None:
        """Store which page the following fences belong to: MkDocs renders one page after the other."""
        # relative, so that messages are the same on every machine
        folder = Path(os.path.relpath(Path(page.file.abs_src_path or ".").parent))
        CURRENT_PAGE.set(FencePage(name=page.file.src_uri, folder=folder, dockerfiles=self._dockerfiles))

    def on_serve(self, server: LiveReloadServer, **kwargs: Any) -> LiveReloadServer:
        """Rebuild the site when a Dockerfile changes that a page shows."""
        for path in sorted(self._dockerfiles):
            server.watch(str(path))
        return server
