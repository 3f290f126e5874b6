"""The batch by itself: when a run is due, and running it."""
