#!/usr/bin/env bash
# Writes one HTML page that puts what was measured in some runs beside the published numbers.
# usage: bash jobs/figures/report.sh RUN... [--probe FILE ...] [--evaluation FILE ...] [--output FILE]
# Exit codes: 0 done, 2 usage, 5 nothing usable. More: bash jobs/figures/report.sh --help
exec bash "$(dirname "${BASH_SOURCE[0]}")/draw.sh" report "$@"
