"""The speed layer and the archive: two queries over one topic."""
