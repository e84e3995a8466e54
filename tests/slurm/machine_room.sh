#!/usr/bin/env bash
# The head of a cluster on this machine, as process 1 of namespaces of its own (process ids,
# network, host name, mounts): nothing of it is seen outside, and with it the kernel ends all below.
# usage: unshare --pid --fork --kill-child --mount-proc --net --uts --mount \
#          bash machine_room.sh FOLDER NODE...
# FOLDER holds slurm.conf, hosts, munge.key and a boot id a node. Prints "ready" when all is
# started, then obeys lines on its input, "kill NODE" and "start NODE". With the input it ends: no
# process is left behind when the test that holds the other end of the pipe dies.
set -euo pipefail
folder=$1 nodes=("${@:2}")
here=$(dirname "${BASH_SOURCE[0]}")

# `ip netns` keeps its names in /run/netns: those of this cluster are not for others to see.
hide_the_host() {
  mount -t tmpfs tmpfs /run
  mount --bind "$folder/hosts" /etc/hosts
  hostname head
}

# A switch: the address of the head, and a cable to every node.
lay_network() {
  local n=0 node
  ip link set lo up
  ip link add switch type bridge
  ip address add 10.0.0.1/24 dev switch
  ip link set switch up
  for node in "${nodes[@]}"; do
    n=$((n + 1))
    ip netns add "$node"
    ip link add "to_$node" type veth peer name eth0 netns "$node"
    ip link set "to_$node" master switch up
    ip -n "$node" link set lo up
    ip -n "$node" address add "10.0.0.$((n + 1))/24" dev eth0
    ip -n "$node" link set eth0 up
  done
}

start_munged() {
  munged --key-file="$folder/munge.key" --socket="$folder/munge.socket" --force \
    --pid-file="$folder/munge.pid" --log-file="$folder/munge.log" --seed-file="$folder/munge.seed"
}

# A node is a process 1 and what runs below it. (`ip netns exec` would hide the control groups that
# slurmd looks for.)
start_node() {
  nsenter --net="/run/netns/$1" unshare --pid --fork --kill-child --mount-proc --uts --mount \
    bash "$here/node.sh" "$folder" "$1" </dev/null >"$folder/$1.out" 2>&1 &
  running[$1]=$!
}

# As if its plug were pulled: all its processes end at once, and nobody is told.
kill_node() {
  kill -KILL "${running[$1]}"
}

declare -A running
hide_the_host
lay_network
start_munged
slurmctld -c -i </dev/null
for node in "${nodes[@]}"; do start_node "$node"; done
echo ready
while read -r verb node; do "${verb}_node" "$node"; done
