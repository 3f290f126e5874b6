"""Where Spark is: in the package pyspark, which is found without being imported."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from listens.errors import PlaycountError


def spark_home() -> Path:
    """The folder with Spark's `bin` and `jars`.

    Raises:
        PlaycountError: pyspark isn't installed.
    """
    package = importlib.util.find_spec("pyspark")
    if package is None or package.origin is None:
        raise PlaycountError("pyspark isn't installed; run ./playcount env")
    return Path(package.origin).parent
