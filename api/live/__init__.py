"""The newest listens, and the stream of those that are just counted."""
