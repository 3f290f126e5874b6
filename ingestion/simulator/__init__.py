"""Listens that nobody heard, from a seed: for trials, tests and measurements."""
