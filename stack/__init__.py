"""The local stack: the environment, and Kafka, MongoDB, streaming and API as real processes."""
