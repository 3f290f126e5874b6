"""The shared language of all layers: what a listen is, and what is counted of it."""
