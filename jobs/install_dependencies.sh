#!/usr/bin/env bash
# Installs the packages that building and testing superpose takes (Debian 12 names), and those named
# to it; does nothing where they are all there.
# usage: bash jobs/install_dependencies.sh [package...]
set -euo pipefail

required=(
  cmake ninja-build g++ pkg-config python3              # build
  libopenmpi-dev openmpi-bin                            # MPI
  libhdf5-openmpi-dev hdf5-tools                        # parallel HDF5
  libtrilinos-kokkos-dev libopenblas-openmp-dev libdnnl-dev  # kernels
  libcli11-dev libtomlplusplus-dev nlohmann-json3-dev   # command line, configuration, problem files
  libspdlog-dev libfmt-dev librandom123-dev libxxhash-dev
  libboost-dev                                          # odeint, math
  libgtest-dev libgmock-dev libbenchmark-dev            # tests, microbenchmarks
  python3-h5py python3-h5netcdf python3-matplotlib python3-xarray  # figures, and tests of the file formats
  python3-xxhash                                        # tests of the file formats
  "$@"
)
optional=(ccache)  # rebuilds in seconds

# Prints those of its arguments that are not installed.
missing_of() {
  local package
  for package in "$@"; do
    [[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] ||
      echo "$package"
  done
}

# Runs a command as root; sudo asks for a password only where someone can type it.
as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

can_be_root() {
  [[ $EUID -eq 0 ]] && return
  command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "$@" </dev/null
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "install_dependencies: this is no Debian system (apt-get is missing): going on with what" \
       "is installed; cmake names what it lacks. Debian's names: ${required[*]}" >&2
  exit 0
fi
mapfile -t missing < <(missing_of "${required[@]}")
[[ ${#missing[@]} -eq 0 ]] && exit 0
if ! can_be_root; then
  echo "install_dependencies: packages are missing (installing takes root, and sudo is not" \
       "available) ask an administrator for: apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "install_dependencies: installing ${missing[*]}"
as_root apt-get update </dev/null
apt_install "${missing[@]}"
apt_install "${optional[@]}" || echo "install_dependencies: going on without ${optional[*]}" >&2
