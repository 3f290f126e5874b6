"""The batch layer: recount history from the raw events, audit, publish, roll back."""
