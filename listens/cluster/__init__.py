"""Reaching HDFS and YARN: their REST interfaces, what is installed there, and spark-submit."""
