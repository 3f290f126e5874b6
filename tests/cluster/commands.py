"""Commands on a cluster, run to their end."""

from __future__ import annotations

import os
import subprocess

from stack.hadoop import admin_command
from tests.crashes.harness import Stack


def command(cluster: Stack, *arguments: str, **environment: str) -> str:
    """Run a command to its end; what it printed."""
    process = cluster.command(*arguments, **environment)
    code = cluster.finish(process)
    assert code == 0, cluster.output(process, "err")[-3000:]
    return cluster.output(process)


def dfsadmin(cluster: Stack, *arguments: str) -> str:
    """`hdfs dfsadmin`; what it printed."""
    line = admin_command(cluster.settings, *arguments)
    done = subprocess.run(line, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
