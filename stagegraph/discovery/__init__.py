"""Which builds a repository really runs: bake and compose files, workflows, scripts."""
