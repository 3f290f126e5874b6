"""What answers look like: models, items, CSV and JSON Lines."""
