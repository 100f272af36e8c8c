"""Whether a stage can ever be built: by which target, build argument or platform."""
