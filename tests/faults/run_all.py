"""Runs fault scenarios one after the other and prints one table.
usage: run_all.py SUPERPOSE CONFIGS MPIEXEC [--short] [SCENARIO...]"""

import json
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).parent


def chosen(names):
    """Files of these scenarios, or of all."""
    files = {path.stem.removeprefix("scenario_"): path for path in FOLDER.glob("scenario_*.py")}
    if unknown := set(names) - set(files):
        sys.exit(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(sorted(files))}")
    return [files[name] for name in names or sorted(files)]


def run(path, arguments):
    """The scenario's line of the table; a scenario that breaks has failed."""
    print(f"--- {path.stem}", flush=True)
    row = {"scenario": path.stem, "asked": "(it broke)", "runs": 0, "passed": 0, "skipped": 0}
    with subprocess.Popen([sys.executable, path, *arguments], stdout=subprocess.PIPE,
                          text=True) as process:
        for line in process.stdout:
            if line.startswith('{"scenario"'):
                row = json.loads(line)
            else:
                print(line, end="", flush=True)
    return {**row, "code": process.returncode}


def print_table(rows):
    print(f"\n{'scenario':<12}{'runs':>6}{'passed':>8}{'skipped':>9}  asked")
    for row in rows:
        print(f"{row['scenario']:<12}{row['runs']:>6}{row['passed']:>8}{row['skipped']:>9}  "
              f"{row['asked']}")


def main():
    program, names = sys.argv[1:4], sys.argv[4:]
    short = ["--short"] if "--short" in names else []
    rows = [run(path, [*program, *short]) for path in chosen([n for n in names if n != "--short"])]
    print_table(rows)
    return 1 if any(row["code"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
