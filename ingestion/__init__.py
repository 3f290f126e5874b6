"""From files and simulators to listens on Kafka; every row is sent or rejected with a reason."""
