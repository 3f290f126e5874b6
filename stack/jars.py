"""Jar folders, one a product, as Maven copies them from a POM; standard library only."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from listens.errors import PlaycountError
from stack.steps import run, step

POMS = Path(__file__).parent / "poms"

CLUSTER_PRODUCTS = ("hadoop",)
"""What only the profile `cluster` runs."""

TEST_PRODUCTS = ("cassandra",)
"""What only tests run, as somebody else's system that listens are handed to."""


@dataclass(frozen=True)
class JarFolder:
    """What one POM names, in one folder; never one class path for two products."""

    product: str
    folder: Path

    @property
    def pom(self) -> Path:
        """The committed list of coordinates."""
        return POMS / f"{self.product}.xml"

    @property
    def stamp(self) -> Path:
        """Names the POM's hash that the folder was made from; it's written last."""
        return self.folder / "pom.sha256"

    def is_current(self) -> bool:
        """The folder is complete and the POM hasn't changed since."""
        return self.stamp.exists() and self.stamp.read_text().strip() == file_hash(self.pom)

    def fetch(self, *, log: Path) -> None:
        """Copy the jars beside the folder, then put the complete copy in its place."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with (
            step(f"jars of {self.product} by Maven"),
            tempfile.TemporaryDirectory(prefix=".making-", dir=self.folder.parent) as making,
        ):
            made = Path(making) / self.product
            run(self._maven(made), log=log)
            if not any(made.glob("*.jar")):
                raise PlaycountError(f"Maven copied no jar from {self.pom}; see {log}")
            (made / self.stamp.name).write_text(file_hash(self.pom) + "\n")
            # A JVM that runs keeps its open jars: the old folder is moved away, not emptied.
            if self.folder.exists():
                self.folder.rename(Path(making) / "old")
            made.rename(self.folder)

    def _maven(self, target: Path) -> list[str]:
        # -C fails on a wrong checksum, where Maven would only warn.
        return [
            *("mvn", "-B", "-q", "-C", "-f", str(self.pom)),
            "dependency:copy-dependencies",
            f"-DoutputDirectory={target}",
            "-DincludeScope=runtime",
        ]


def jar_folders(jars: Path, *, cluster: bool) -> list[JarFolder]:
    """One folder for each committed POM that is run here; those of a cluster only for one."""
    products = [pom.stem for pom in sorted(POMS.glob("*.xml"))]
    return [
        JarFolder(product, jars / product)
        for product in products
        if product not in TEST_PRODUCTS and (cluster or product not in CLUSTER_PRODUCTS)
    ]


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
