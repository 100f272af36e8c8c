"""Diagrams inside Markdown files: finds them between markers, updates them, and shows what is outdated."""
