"""The Dockerfiles that a bake or compose file builds, as one build request."""
