#!/usr/bin/env bash
# One node of the cluster of machine_room.sh, in namespaces of its own.
# usage: node.sh FOLDER NODE
set -euo pipefail
folder=$1 node=$2

hostname "$node"
mount -t tmpfs tmpfs /dev/shm  # MPI's shared memory ends at the node
# Another machine for the lock of a run directory, which tells machines by the id of their start.
mount --bind "$folder/$node.boot_id" /proc/sys/kernel/random/boot_id
slurmd -D -N "$node" &
wait  # for the children of slurmd too: the parent of an orphan is process 1
