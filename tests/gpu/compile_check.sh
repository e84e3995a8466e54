#!/usr/bin/env bash
# Without a GPU: configures the preset `cuda`, compiles and links the whole program and its tests for
# sm_80 and sm_90, with nvcc's warnings about host functions in device code as errors (CMakeLists.txt), and
# asks cuDNN whether it takes the attention it would be asked for on an H200.
# (To run on either, take a Kokkos that was built for it.)
# usage: bash tests/gpu/compile_check.sh -DKokkos_ROOT=/path/to/kokkos [more arguments of cmake]
# Takes the CUDA toolkit 12 or 13, a Kokkos with CUDA, and cuDNN 9 with the headers of its frontend
# (pip install nvidia-cudnn-frontend; -DCUDNN_FRONTEND_INCLUDE_DIR=...) or -DSUPERPOSE_CUDNN=OFF.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if ! command -v nvcc > /dev/null; then
  echo "compile_check: nvcc is not on the path; add the CUDA toolkit's bin folder" >&2
  exit 2
fi
cmake --preset cuda -DCMAKE_CUDA_ARCHITECTURES="80;90" "$@"
cmake --build --preset cuda --parallel "${JOBS:-$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)}"
for architecture in sm_80 sm_90; do
  if grep -- ' -x cu ' build/cuda/compile_commands.json | grep -qv "$architecture"; then
    echo "compile_check: some files were not compiled for $architecture (build/cuda/compile_commands.json)" >&2
    exit 1
  fi
done
echo "compile_check: the program and its tests compile and link for sm_80 and sm_90"

# cuDNN judges our graphs by a description of the GPU. Its program starts with the toolkit's empty libcuda.
if [[ -x build/cuda/bin/cudnn_plans ]]; then
  toolkit=$(dirname "$(dirname "$(readlink -f "$(command -v nvcc)")")")
  stubs=$(mktemp -d)
  trap 'rm -rf "$stubs"' EXIT
  ln -s "$toolkit/lib64/stubs/libcuda.so" "$stubs/libcuda.so.1"
  LD_LIBRARY_PATH=$toolkit/lib64:$stubs:${LD_LIBRARY_PATH:-} build/cuda/bin/cudnn_plans tests/gpu/h200.json
fi
