"""Text to stages, exactly as BuildKit's Dockerfile frontend reads it."""
