"""Whether a stage can ever be built: other targets, build arguments and platforms."""
