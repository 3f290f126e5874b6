"""The state of API and layers, for Prometheus and for what restarts processes."""
