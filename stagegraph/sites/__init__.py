"""Pictures in documentation sites: a fence for Python-Markdown and a plugin for MkDocs."""
