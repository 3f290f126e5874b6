"""What holds for every request: errors, headers, ids, logs, compression."""
