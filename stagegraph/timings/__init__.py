"""Records tied to the lines of a Dockerfile, and what their times mean."""
