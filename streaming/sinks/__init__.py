"""Consumers of the topic that hand each listen to another system; docs/sinks.md."""
