#!/usr/bin/env bash
# Site file of the tests: SUPERPOSE and SUPERPOSE_LAUNCHER come from the test; Open MPI as root,
# with more ranks than cores and none of them bound to one.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_mpi_yield_when_idle=1
