"""The figures of runs, probe files and theory, one module a figure."""
