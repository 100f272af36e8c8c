"""Attacks on the commands: inputs that are made to break them, and random changes of good and bad ones."""
