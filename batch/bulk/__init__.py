"""Histories past Kafka: from staged parts to a sealed segment of the archive."""
