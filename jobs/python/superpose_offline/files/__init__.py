"""Readers of single files, for the figures; the public ones are in superpose_offline.read."""
