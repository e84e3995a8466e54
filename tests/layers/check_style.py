#!/usr/bin/env python3
"""Checks that every C and C++ file is formatted by .clang-format, that no ruler between sections is
broken in two, and that the version stands in CITATION.cff as in CMakeLists.txt.

usage: check_style.py [project directory]
Prints one line a violation and exits 1 if there is any.
"""

import re
import subprocess
import sys
from pathlib import Path

SOURCES = ["*.cpp", "*.hpp", "*.c"]


def tracked(root, patterns):
    """Files of the checkout, new ones included; of a tree without git, all that match."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=root,
                            capture_output=True, text=True)
    if listed.returncode == 0:
        return [name for name in listed.stdout.splitlines() if (root / name).is_file()]
    return [str(path.relative_to(root)) for pattern in patterns for path in root.rglob(pattern)
            if "build" not in path.relative_to(root).parts]


def unformatted(root):
    result = subprocess.run(["clang-format", "--dry-run", *tracked(root, SOURCES)], cwd=root,
                            capture_output=True, text=True)
    places = re.findall(r"^(.+?):(\d+):\d+: (?:warning|error):", result.stderr, re.MULTILINE)
    for name in dict.fromkeys(name for name, _ in places):
        line = next(line for other, line in places if other == name)
        yield f"{name}:{line}: not formatted; run clang-format -i {name}"
    if result.returncode != 0 and not places:
        yield f"clang-format failed: {result.stderr.strip()}"


def broken_rulers(root):
    """clang-format wraps a ruler of more than 100 columns and is content with both lines."""
    for name in tracked(root, SOURCES):
        lines = (root / name).read_text().splitlines()
        for number, line in enumerate(lines, 1):
            if re.fullmatch(r"\s*// -{5,}", line):
                yield f"{name}:{number}: a ruler broken in two; shorten it to 100 columns"


def other_versions(root):
    version = re.search(r"project\(superpose VERSION (\S+)", (root / "CMakeLists.txt").read_text())[1]
    cited = re.search(r"^version: (\S+)$", (root / "CITATION.cff").read_text(), re.MULTILINE)
    if cited is None or cited[1] != version:
        yield f"CITATION.cff: version {cited and cited[1]}; CMakeLists.txt has {version}"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    violations = [*unformatted(root), *broken_rulers(root), *other_versions(root)]
    print("\n".join(violations) or "style: no violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
