"""The graph of a build: stages, sources and steps as networkx DAGs, their analysis, and the report of it."""
