"""Charts as files: once, or minute by minute as they close."""
