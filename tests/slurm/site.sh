#!/usr/bin/env bash
# Site file of the tests: SUPERPOSE and SUPERPOSE_LAUNCHER come from the test; Open MPI as root,
# with more ranks than cores and none of them bound to one.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_mpi_yield_when_idle=1

# The nodes share one /tmp, and of Open MPI a job that ends removes a folder there, of its node's name, that
# the next one may just be about to use. Each job has its own, which goes with the test's folder.
if [[ -n ${SLURM_JOB_ID:-} ]]; then
  export OMPI_MCA_orte_tmpdir_base=$SLURM_SUBMIT_DIR/mpi_$SLURM_JOB_ID
  mkdir -p "$OMPI_MCA_orte_tmpdir_base"
fi
