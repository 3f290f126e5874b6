"""Upkeep of the archive, and the proof that it's complete."""
