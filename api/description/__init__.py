"""The OpenAPI document, made from the models that validate."""
