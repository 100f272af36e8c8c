"""One self-contained HTML page: what is in it, its style and its script, kept as real files here."""
