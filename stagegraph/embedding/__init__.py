"""Diagrams kept true inside Markdown files: found between markers, made anew, compared."""
