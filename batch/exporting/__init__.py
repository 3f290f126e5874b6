"""Raw listens as files, from the archive."""
