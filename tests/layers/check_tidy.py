#!/usr/bin/env python3
"""Runs clang-tidy (.clang-tidy) on the C++ files that changed since the branch left main, on main
itself since the commit before; where git knows neither, on what is not committed. What it finds counts
on changed lines only, with --all everywhere.

usage: check_tidy.py [--all | --base COMMIT] [--seconds S] BUILD
A file takes 15 seconds to two minutes, so those that changed most come first, and after S seconds
(60; with --all, which takes an hour, without limit) the rest is named instead of checked.
Exit codes: 0 nothing found, 1 something found, 77 there is no clang-tidy.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("src", "kokkos_kernels", "io", "jobs")  # as HeaderFilterRegex of .clang-tidy
MAIN = ("origin/main", "main")
NO_CLANG_TIDY = 77


def git(*words):
    """What git prints; empty if it fails or is not there."""
    try:
        result = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""


def base_commit():
    """Where the branch left main; of main itself, the commit before. HEAD if git knows neither, as
    in a shallow clone."""
    head = git("rev-parse", "HEAD")
    bases = [base for base in (git("merge-base", "HEAD", name) for name in MAIN) if base]
    if bases and bases[0] != head:
        return bases[0]
    return git("rev-parse", "--verify", "--quiet", "HEAD~1") or head


def changed_lines(base):
    """{file: [[first, last]]}: the lines of it that a commit does not have; of new files all."""
    changed, name = {}, ""
    diff = git("diff", "--unified=0", "--no-renames", "--no-color", base, "--") if base else ""
    for line in diff.splitlines():
        if line.startswith("+++ "):
            name = line.removeprefix("+++ b/")
        elif hunk := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            if count:
                changed.setdefault(name, []).append([first, first + count - 1])
    for name in git("ls-files", "--others", "--exclude-standard").splitlines():
        changed[name] = [[1, (ROOT / name).read_bytes().count(b"\n") + 1]]
    return changed


def translation_units(build):
    """For each source and header of FOLDERS, the file that is compiled to check it: a header's is the
    source of its name, or else the one that headers_alone has for it."""
    units = {}
    for command in json.loads((build / "compile_commands.json").read_text()):
        source, name = Path(command["file"]), ""
        for root in (ROOT, build / "tests" / "layers"):
            if source.is_relative_to(root):
                name = source.relative_to(root).as_posix()
        if name.startswith(tuple(folder + "/" for folder in FOLDERS)):
            header = name.removesuffix(".cpp") if name.endswith(".hpp.cpp") else \
                name.removesuffix(".cpp") + ".hpp"
            units[header] = source
            if not name.endswith(".hpp.cpp"):
                units[name] = source
    return units


def chosen(build, arguments):
    """{file to compile: {file: changed lines}}, those that changed most first; with --all no lines."""
    units = translation_units(build)
    if arguments.all:
        return {unit: None for unit in sorted(set(units.values()))}
    found = {}
    for name, lines in changed_lines(arguments.base or base_commit()).items():
        if name in units:
            found.setdefault(units[name], {})[name] = lines
    return dict(sorted(found.items(), key=lambda item: (-n_lines(item[1]), item[0])))


def n_lines(changed):
    return sum(last - first + 1 for lines in changed.values() for first, last in lines)


def check(unit, changed, build, timeout):
    """What clang-tidy says of the file; None if there was no time."""
    if timeout is not None and timeout <= 0:
        return None
    lines = [] if changed is None else ["--line-filter=" + json.dumps(
        [{"name": name, "lines": ranges} for name, ranges in changed.items()])]
    try:
        result = subprocess.run(["clang-tidy", "--quiet", "--warnings-as-errors=*", *lines, "-p",
                                 build, unit],
                                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=timeout)
    except subprocess.TimeoutExpired:
        return None
    return "" if result.returncode == 0 else result.stdout or result.stderr


def check_all(units, build, seconds):
    """Prints what is found; returns whether anything is."""
    end = seconds and time.monotonic() + seconds
    found, left = False, []
    for unit, changed in units.items():
        said = check(unit, changed, build, end and end - time.monotonic()) if not left else None
        if said is None:
            left.append(unit)
        else:
            print(f"{'found in' if said else 'clean:'} {unit.name}\n{said}".strip(), flush=True)
            found = found or bool(said)
    print(f"clang-tidy: {len(units) - len(left)} of {len(units)} files checked")
    if left:
        print(f"no time for {', '.join(unit.name for unit in left)}: check_tidy.py --seconds S")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="every file, not only what changed")
    parser.add_argument("--base", help="the commit to compare with")
    parser.add_argument("--seconds", type=float, help="when to stop")
    parser.add_argument("build", type=lambda text: Path(text).resolve(), help="with compile_commands.json")
    arguments = parser.parse_args()
    if not shutil.which("clang-tidy"):
        print("clang-tidy: skipped, it is not installed (Debian: clang-tidy)")
        return NO_CLANG_TIDY
    seconds = arguments.seconds or (None if arguments.all else 60)
    return 1 if check_all(chosen(arguments.build, arguments), arguments.build, seconds) else 0


if __name__ == "__main__":
    sys.exit(main())
