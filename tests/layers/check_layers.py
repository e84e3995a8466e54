#!/usr/bin/env python3
"""Checks the rules of the source tree: who may include whom (and that each permission is used), no
circles, the sizes of files and functions, and that a source includes its own header first (so that
the header is known to compile alone).

usage: check_layers.py [project directory]
Prints one line a violation and exits 1 if there is any.
"""

import re
import sys
from pathlib import Path

from function_sizes import cpp_functions, python_functions

# Which project folders each folder may include, besides itself. ALL: every other folder that is not
# PRIVATE. A permission that nobody uses is a violation too: it would let the next mistake pass.
ALL = None
MAY_INCLUDE = {
    "src/core": [],
    "kokkos_kernels": ["src/core"],
    "src/distributed": ["src/core"],
    "src/data": ["src/distributed", "src/core"],
    "src/model": ["kokkos_kernels", "src/core"],
    "src/optim": ["kokkos_kernels", "src/core"],
    "src/train": ["src/analysis", "src/model", "src/optim", "src/data", "src/distributed", "io",
                  "src/core"],
    "src/analysis": ["src/model", "src/data", "src/distributed", "io", "src/core"],
    "src/theory": ["src/data", "src/distributed", "io", "src/core"],
    "src/sweep": ["src/config", "src/distributed", "io", "src/core"],
    "src/bench": ["src/train", "src/model", "src/data", "kokkos_kernels", "src/distributed", "io",
                  "src/core"],
    "src/exchange": ["src/train", "src/model", "src/data", "io", "src/core"],
    "io": ["src/distributed", "src/core"],
    "src/config": ["src/core"],
    "jobs": ALL,
    "tests": ALL,
}
# What a user can set: these two gather it from all components and see nothing else of them.
OPTIONS = "options.hpp"
READS_OPTIONS = ["src/config", "src/sweep"]
# Headers made by CMake, and the folder that makes them.
GENERATED = {"build_info.hpp": "src/core"}
# Nobody but a folder itself, tests and those named here includes these.
PRIVATE_TO = {"jobs": [], "tests": [], "src/config": ["jobs", "src/sweep"]}

# Below this one, folders hold what is behind its headers: nobody but itself and tests includes it.
WITH_DOORS = "kokkos_kernels"

# Library headers and the folders that may include them; tests may include any.
LIBRARY_HEADERS = [
    (re.compile(r"mpi(-ext)?\.h$"), ["src/distributed", "jobs"]),
    (re.compile(r"(hdf5(_hl)?|H5\w*)\.h$"), ["io"]),
    (re.compile(r"(cblas|mkl|dnnl|nccl|cuda|cublas|cudnn|cusparse|cusolver|oneapi/dnnl/)"),
     ["kokkos_kernels"]),
]

# As in .clang-tidy, which runs on changed files only.
MAX_LINES = 450
MAX_FUNCTION_LINES = 40
MAX_PARAMETERS = 8
SOURCES = {".hpp", ".cpp", ".c", ".h", ".cu", ".cuh"}
MEASURED = SOURCES | {".py", ".sh", ".cmake"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def folder_of(path):
    """The layer a path relative to the project belongs to, e.g. "src/data" or "io"."""
    parts = path.parts
    return "/".join(parts[:2]) if parts[0] == "src" else parts[0]


def source_files(root):
    tops = sorted({folder.split("/")[0] for folder in MAY_INCLUDE})
    for top in tops:
        for path in sorted((root / top).rglob("*")):
            if path.is_file() and path.suffix in MEASURED:
                yield path.relative_to(root)


def resolve(root, path, header):
    """The file that a quoted include in `path` names, or None. Includes are written from the root
    or from src; programs and tests, which nobody includes, may also name a file beside them."""
    if header in GENERATED:
        return Path(GENERATED[header]) / header
    candidates = [Path(header), Path("src") / header]
    if folder_of(path) in ("jobs", "tests"):
        candidates.append(path.parent / header)
    return next((c for c in candidates if (root / c).is_file()), None)


def is_allowed(folder, target):
    """Whether a file of `folder` may include the project file `target`."""
    other = folder_of(target)
    if folder in (other, "tests"):
        return True
    if other == WITH_DOORS and len(target.parts) > 2:
        return False
    if other in PRIVATE_TO:
        return folder in PRIVATE_TO[other]
    if folder in READS_OPTIONS and target.name == OPTIONS:
        return True
    return MAY_INCLUDE[folder] is ALL or other in MAY_INCLUDE[folder]


def check_project_include(root, path, header, edges):
    target = resolve(root, path, header)
    if target is None:
        return [f'{path}: "{header}" does not exist (write includes from the root or from src)']
    folder, other = folder_of(path), folder_of(target)
    if other not in MAY_INCLUDE:
        return [f"{path}: {target} lies in a folder without a line in check_layers.py"]
    if folder != other:
        edges.setdefault(folder, {}).setdefault(other, f"{path} includes {target}")
    if not is_allowed(folder, target):
        return [f"{path}: {folder} may not include {target}"]
    return []


def check_library_include(path, header, edges):
    folder = folder_of(path)
    rules = [(pattern, allowed) for pattern, allowed in LIBRARY_HEADERS if pattern.match(header)]
    for pattern, _ in rules:
        edges.setdefault(folder, {}).setdefault(pattern.pattern, f"{path} includes <{header}>")
    return [f"{path}: <{header}> only in {', '.join(allowed)}"
            for _, allowed in rules if folder not in allowed + ["tests"]]


def check_own_header_first(root, path, includes):
    own = path.with_suffix(".hpp")
    if path.suffix == ".hpp" or not (root / own).is_file():
        return []
    first = resolve(root, path, includes[0]) if includes else None
    return [] if first == own else [f"{path}: {own} must be its first include"]


def functions_of(path, text):
    if path.suffix in SOURCES:
        return cpp_functions(text)
    return python_functions(text) if path.suffix == ".py" else []


def check_sizes(path, text):
    violations = []
    n_lines = text.count("\n")
    if n_lines > MAX_LINES:
        violations.append(f"{path}: {n_lines} lines (at most {MAX_LINES}) split the file")
    for function in functions_of(path, text):
        where = f"{path}:{function.line}: {function.name}"
        if function.n_lines > MAX_FUNCTION_LINES:
            violations.append(f"{where} has {function.n_lines} lines (at most "
                              f"{MAX_FUNCTION_LINES}) split the function")
        if function.n_parameters > MAX_PARAMETERS:
            violations.append(f"{where} has {function.n_parameters} parameters (at most "
                              f"{MAX_PARAMETERS}) let a struct carry those that go together")
    return violations


def check_file(root, path, edges):
    text = (root / path).read_text(encoding="utf-8")
    violations = check_sizes(path, text)
    if path.suffix not in SOURCES:
        return violations
    if folder_of(path) not in MAY_INCLUDE:
        return violations + [f"{path}: {folder_of(path)} has no line in check_layers.py"]
    includes = INCLUDE.findall(text)
    violations += check_own_header_first(root, path, [header for _, header in includes])
    for quote, header in includes:
        violations += check_library_include(path, header, edges)
        if quote == '"':
            violations += check_project_include(root, path, header, edges)
    return violations


def find_circle(edges):
    """Folders that include each other, as a path that ends where it begins; [] if none do."""
    finished = set()

    def visit(folder, trail):
        if folder in trail:
            return trail[trail.index(folder):] + [folder]
        if folder in finished:
            return []
        for other in sorted(edges.get(folder, {})):
            circle = visit(other, trail + [folder])
            if circle:
                return circle
        finished.add(folder)
        return []

    for start in sorted(edges):
        circle = visit(start, [])
        if circle:
            return circle
    return []


def unused_permissions(edges):
    """What the tables above allow and nobody does, one line each."""
    permissions = [(folder, other) for folder, others in MAY_INCLUDE.items()
                   for other in others or []]
    permissions += [(folder, other) for other, folders in PRIVATE_TO.items() for folder in folders]
    permissions += [(folder, pattern.pattern) for pattern, folders in LIBRARY_HEADERS
                    for folder in folders]
    return [f"check_layers.py: {folder} may include {other} and does not: remove the permission"
            for folder, other in dict.fromkeys(permissions) if other not in edges.get(folder, {})]


def includes_of_tree(root):
    """Violations of single files below `root`, and all includes between folders and of libraries:
    folder -> included folder, or pattern of LIBRARY_HEADERS -> an example."""
    edges = {}
    violations = []
    for path in source_files(root):
        violations += check_file(root, path, edges)
    return violations, edges


def check_tree(root):
    """All violations of the tree below `root`, one line each."""
    violations, edges = includes_of_tree(root)
    circle = find_circle(edges)
    if circle:
        examples = "; ".join(edges[a][b] for a, b in zip(circle, circle[1:]))
        violations.append(f"folders include each other: {' -> '.join(circle)} ({examples})")
    return violations


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
    violations = check_tree(root) + unused_permissions(includes_of_tree(root)[1])
    for line in violations:
        print(line)
    n_files = sum(1 for _ in source_files(root))
    print(f"{n_files} files, {len(violations)} violations")
    return 1 if violations or n_files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
