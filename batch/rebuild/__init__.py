"""MongoDB made again from the archive, after it was lost."""
