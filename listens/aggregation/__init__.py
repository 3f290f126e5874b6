"""From messages to listens to cells, in Spark: the part that both layers run unchanged.

The only part of `listens` that imports pyspark, so that the API and the importers start
without it.
"""
