"""Both layers as one: a snapshot, what is read of it, and the exact merge."""
