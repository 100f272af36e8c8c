"""Two builds side by side: what was added, removed, renamed and changed, and who needs what."""
