#!/usr/bin/env python3
"""Checks that what CMakeLists.txt looks for is what the lists of packages name: Debian's
(jobs/install_dependencies.sh, which slurm/sites/apptainer.def runs), Spack's (slurm/sites/package.py
and the environment of slurm/sites/spack.sh).

usage: check_dependencies.py [project directory]
Prints one line a violation and exits 1 if there is any.
"""

import re
import sys
from pathlib import Path

# For each name that CMake looks for: Debian's package and Spack's. None: it comes with the compiler or
# with another, or, on GPUs, is no package of Debian's.
PACKAGES = {
    "PkgConfig": ("pkg-config", "pkgconfig"),
    "MPI": ("libopenmpi-dev", "mpi"),
    "Threads": (None, None),
    "Kokkos": ("libtrilinos-kokkos-dev", "kokkos"),
    "Kokkos_Core.hpp": ("libtrilinos-kokkos-dev", "kokkos"),
    "CUDAToolkit": (None, "cuda"),
    "cudnn.h": (None, "cudnn"),
    "cudnn": (None, "cudnn"),
    "cudnn_frontend.h": (None, "cudnn-frontend"),
    "HDF5": ("libhdf5-openmpi-dev", "hdf5"),
    "openblas": ("libopenblas-openmp-dev", "openblas"),
    "oneapi/dnnl/dnnl.hpp": ("libdnnl-dev", "onednn"),
    "dnnl": ("libdnnl-dev", "onednn"),
    "OpenMP": (None, None),
    "libxxhash": ("libxxhash-dev", "xxhash"),
    "fmt": ("libfmt-dev", "fmt"),
    "spdlog": ("libspdlog-dev", "spdlog"),
    "nlohmann_json": ("nlohmann-json3-dev", "nlohmann-json"),
    "tomlplusplus": ("libtomlplusplus-dev", "tomlplusplus"),
    "CLI/CLI.hpp": ("libcli11-dev", "cli11"),
    "boost/numeric/odeint.hpp": ("libboost-dev", "boost"),
    "Random123/philox.h": ("librandom123-dev", "random123"),
    "GTest": ("libgtest-dev", "googletest"),
    "benchmark": ("libbenchmark-dev", "benchmark"),
}
# What the environment of spack.sh leaves to the system, to openmpi, or to builds of another kind.
NOT_IN_ENVIRONMENT = {"pkgconfig", "mpi", "cuda", "cudnn", "cudnn-frontend", "googletest", "benchmark"}
# What only building, MPI's programs and the Python package take.
BESIDE_CMAKE = {"c", "cxx", "cmake", "ninja", "python", "py-h5py", "py-h5netcdf", "py-matplotlib",
                "py-xarray"}


def looked_for(root):
    """Names of packages, pkg-config modules, headers and libraries."""
    text = "".join((root / name).read_text() for name in ("CMakeLists.txt", "tests/CMakeLists.txt"))
    text = re.sub(r"#.*", "", text)
    return set(re.findall(r"find_package\((\w+)", text)) | \
        set(re.findall(r"pkg_check_modules\(\w+ REQUIRED IMPORTED_TARGET (\w+)", text)) | \
        set(re.findall(r"find_(?:path|library)\(\w+ ([\w./]+)", text))


def debian_packages(root):
    text = (root / "jobs/install_dependencies.sh").read_text()
    listed = re.search(r"^required=\((.*?)^\)", text, re.DOTALL | re.MULTILINE)[1]
    return set(re.sub(r"#.*", "", listed).split())


def spack_packages(root):
    text = (root / "slurm/sites/package.py").read_text()
    return set(re.findall(r'depends_on\("([\w-]+)', text))


def spack_environment(root):
    text = (root / "slurm/sites/spack.sh").read_text().replace("\\\n#", "")
    added = re.search(r"spack -e superpose add (.*)", text)[1]
    return {re.match(r"[\w-]+", word)[0] for word in added.split() if "=" not in word}


def differences(what, found, expected):
    for name in sorted(expected - found):
        yield f"{what} lacks {name}, which CMakeLists.txt looks for"
    for name in sorted(found - expected):
        yield f"{what} has {name}, which CMakeLists.txt does not look for"


def check(root):
    found = looked_for(root)
    for name in sorted(found ^ set(PACKAGES)):
        where = "CMakeLists.txt" if name in found else "check_dependencies.py"
        yield f"only {where} has {name}: bring PACKAGES and the lists of packages up to date"
    spack = {spack for _, spack in PACKAGES.values() if spack}
    yield from differences("slurm/sites/package.py", spack_packages(root), spack | BESIDE_CMAKE)
    yield from differences("slurm/sites/spack.sh", spack_environment(root) - {"openmpi"},
                           spack - NOT_IN_ENVIRONMENT)
    missing = {debian for debian, _ in PACKAGES.values() if debian} - debian_packages(root)
    yield from differences("jobs/install_dependencies.sh", set(), missing)
    if "bash jobs/install_dependencies.sh" not in (root / "slurm/sites/apptainer.def").read_text():
        yield "slurm/sites/apptainer.def does not run jobs/install_dependencies.sh"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
    violations = list(check(root))
    print("\n".join(violations) or f"{len(PACKAGES)} names, no violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
