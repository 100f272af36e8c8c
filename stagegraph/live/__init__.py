"""The HTML page of a Dockerfile, served on this machine and drawn again when the Dockerfile is saved."""
