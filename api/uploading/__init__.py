"""Files in over HTTP: kept on disk, then imported by the very command that imports all others."""
