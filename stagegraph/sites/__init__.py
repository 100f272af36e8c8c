"""Pictures in documentation sites: a fence for Python-Markdown, a plugin for MkDocs."""
