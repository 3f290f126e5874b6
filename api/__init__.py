"""REST: the exact merge of a batch version and the speed commits after it, and the dashboard."""
