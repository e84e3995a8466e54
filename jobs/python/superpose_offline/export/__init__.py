"""Histories of runs as files for other programs: `history` reads, `to_*` write, one module each."""
