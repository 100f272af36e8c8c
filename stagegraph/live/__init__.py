"""The HTML page of a build, served on this machine and drawn again when one of its files is saved."""
