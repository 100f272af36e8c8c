"""Graph to facts: roles, reachability, parallelism, the critical path, what ships."""
