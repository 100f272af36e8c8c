"""What an image weighs: bytes by line, stage and path."""
