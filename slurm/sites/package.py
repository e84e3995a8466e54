"""Superpose for Spack: the program, its scripts and its Python package. Never run: nobody has tried it
yet. Its names of packages are held against what CMake looks for (tests/layers/check_dependencies.py).

    spack repo create my_repo                     # prints where its packages go
    mkdir .../packages/superpose && cp slurm/sites/package.py .../packages/superpose/
    spack dev-build superpose@main +openmp        # builds and installs this checkout
"""

from spack.package import *

try:  # Spack 1.0 and later
    from spack_repo.builtin.build_systems.cmake import CMakePackage
except ImportError:  # before, it came with spack.package
    pass


class Superpose(CMakePackage):
    """Trains small transformers to reason in continuous thoughts on graph reachability."""

    license("MIT")
    version("main")  # of the checkout that dev-build is called in

    variant("openmp", default=True, description="Threads within a rank")
    variant("cuda", default=False, description="GPUs (Kokkos, cuBLASLt and cuDNN)")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("ninja", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi")
    depends_on("hdf5+mpi+hl")
    depends_on("kokkos@3.4:")
    depends_on("kokkos+openmp", when="+openmp")
    depends_on("kokkos+cuda+cuda_lambda", when="+cuda")
    depends_on("cuda@12:", when="+cuda")
    depends_on("cudnn", when="+cuda")
    depends_on("cudnn-frontend", when="+cuda")
    depends_on("openblas threads=openmp", when="~cuda")
    depends_on("onednn", when="~cuda")
    depends_on("xxhash")
    depends_on("fmt")
    depends_on("spdlog")
    depends_on("nlohmann-json")
    depends_on("tomlplusplus")
    depends_on("cli11")
    depends_on("boost")
    depends_on("random123")
    depends_on("googletest+gmock", type="test")
    depends_on("benchmark", type="test")
    depends_on("python@3.11:", type="run")
    depends_on("py-h5py", type="run")
    depends_on("py-h5netcdf", type="run")
    depends_on("py-matplotlib", type="run")
    depends_on("py-xarray", type="run")

    def cmake_args(self):
        return [self.define("SUPERPOSE_TESTS", self.run_tests),
                self.define("SUPERPOSE_NATIVE", False),  # Spack's compiler wrapper names the target
                self.define_from_variant("SUPERPOSE_NEEDS_CUDA", "cuda")]
