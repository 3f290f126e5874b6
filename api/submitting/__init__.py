"""Listens in over HTTP: whose they are, what of a body is a listen, and the way to Kafka."""
