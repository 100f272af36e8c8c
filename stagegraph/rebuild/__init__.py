"""What a change makes BuildKit run again."""
