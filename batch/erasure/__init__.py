"""Erasing a listener: taken back from the counts, then forgotten in every store."""
