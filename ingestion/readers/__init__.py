"""One reader a file format: from bytes to rows of `(number, fields)`; no row is judged here.

`number` counts the records of the file from 1. `fields` is a dict under the names of the
extended history (`ts`, `ms_played`, `master_metadata_track_name`, …); whatever has no columns
at all (a bare number in a JSON list, a CSV line of the wrong width) is yielded as it is.
"""
