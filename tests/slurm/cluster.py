"""A SLURM of real daemons on this machine: a head and nodes in namespaces (machine_room.sh).

It takes root, namespaces and Debian's slurmctld, slurmd, slurm-client, munge and iproute2.
"""

import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import time
import unittest
import uuid

HERE = pathlib.Path(__file__).resolve().parent
NAMESPACES = ["--pid", "--fork", "--kill-child", "--mount-proc", "--net", "--uts", "--mount"]
NODES, CPUS, GPUS = ("n1", "n2"), 32, 4

# A node may claim more CPUs than the machine has; one that says nothing for 10 s is down. A null
# device passes for a GPU.
SLURM_CONF = """
ClusterName=test
SlurmctldHost=head
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmdLogFile={folder}/slurmd.%n.log
SlurmdSpoolDir={folder}/%n/spool
TmpFS={folder}/%n/tmp
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/completed_jobs
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=bf_interval=1,sched_interval=2,batch_sched_delay=0
MpiDefault=none
ReturnToService=2
JobRequeue=1
KillWait=10
MinJobAge=3600
SlurmctldTimeout=10
SlurmdTimeout=10
GresTypes=gpu
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE PriorityTier=1 GraceTime=10
PartitionName=urgent Nodes=ALL MaxTime=INFINITE PriorityTier=2
"""


def skip_unless_possible():
    needed = ("slurmctld", "slurmd", "sbatch", "munged", "ip", "unshare", "nsenter")
    missing = [name for name in needed if shutil.which(name) is None]
    if missing:
        raise unittest.SkipTest(f"no SLURM: {', '.join(missing)} not installed (Debian: slurmctld "
                                "slurmd slurm-client munge iproute2)")
    if os.geteuid() != 0:
        raise unittest.SkipTest("only root may start SLURM's daemons and make namespaces")
    attempt = subprocess.run(["unshare", *NAMESPACES, "true"], capture_output=True, text=True)
    if attempt.returncode != 0:
        raise unittest.SkipTest(f"namespaces are not allowed here ({attempt.stderr.strip()})")


class Cluster:
    """Runs from __enter__ to __exit__; its commands are run by `run`."""

    _room = None

    def __enter__(self):
        skip_unless_possible()
        # A short path: that of a socket has at most 107 characters.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="slurm_", dir="/tmp"))
        try:
            self._write_files()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._room is not None:
            self._room.kill()  # unshare; by --kill-child all processes of the room end with it
            self._room.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *command, folder, environment=None):
        """The output of a command on the head; RuntimeError if it fails."""
        inside = ["nsenter", f"--target={self._head}", "--pid", "--net", "--uts", "--mount"]
        result = subprocess.run([*inside, f"--wdns={folder}", *map(str, command)], text=True,
                                env={**self.environment, **(environment or {})},
                                stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        if result.returncode != 0:
            raise RuntimeError(f"{command}: {result.stderr or result.stdout}")
        return result.stdout.strip()

    def kill_node(self, node):
        self._tell(f"kill {node}")

    def start_node(self, node):
        self._tell(f"start {node}")
        self.wait_until(self._all_nodes_are_idle, f"{node} to come back")

    def wait_until(self, holds, what, seconds=180):
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise RuntimeError(f"waited {seconds} s for {what}\n{self.logs()}")
            time.sleep(0.1)

    def logs(self):
        """The last lines of all daemons."""
        paths = sorted([*self.folder.glob("*.log"), *self.folder.glob("*.out")])
        return "\n".join(f"--- {path.name}\n{path.read_text()[-2000:]}" for path in paths)

    def _write_files(self):
        nodes = [f"NodeName={node} NodeHostname={node} NodeAddr={node} CPUs={CPUS} "
                 f"Gres=gpu:{GPUS} State=UNKNOWN" for node in NODES]
        hosts = [f"10.0.0.{number} {name}" for number, name in enumerate(("head", *NODES), 1)]
        self._write("slurm.conf", SLURM_CONF.format(folder=self.folder) + "\n".join(nodes) + "\n")
        self._write("gres.conf", f"Name=gpu File={self.folder}/gpu[0-{GPUS - 1}]\n")
        for gpu in range(GPUS):
            os.mknod(self.folder / f"gpu{gpu}", stat.S_IFCHR | 0o600, os.stat("/dev/null").st_rdev)
        self._write("hosts", "\n".join(["127.0.0.1 localhost", *hosts]) + "\n")
        self._write("munge.key", uuid.uuid4().hex)
        for folder in ("state", "tmp"):
            (self.folder / folder).mkdir()
        for node in NODES:
            self._write(f"{node}.boot_id", f"{uuid.uuid4()}\n")
            for folder in ("spool", "tmp"):
                (self.folder / node / folder).mkdir(parents=True)

    def _write(self, name, text):
        (self.folder / name).touch(0o600)
        (self.folder / name).write_text(text)

    @property
    def environment(self):
        """That of a user: nothing of the jobs or tests that this process may be part of."""
        foreign = ("OMPI_", "PRTE_", "PMIX_", "SLURM_", "SBATCH_", "SUPERPOSE_")
        own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return {**own, "SLURM_CONF": str(self.folder / "slurm.conf"),
                "TMPDIR": str(self.folder / "tmp")}  # of mpirun

    def _start(self):
        with open(self.folder / "machine_room.log", "w") as log:
            self._room = subprocess.Popen(
                ["unshare", *NAMESPACES, "bash", HERE / "machine_room.sh", self.folder, *NODES],
                env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                text=True)
        if self._room.stdout.readline() != "ready\n":
            raise RuntimeError(f"the daemons did not start\n{self.logs()}")
        children = pathlib.Path(f"/proc/{self._room.pid}/task/{self._room.pid}/children")
        self._head = children.read_text().split()[0]
        self.wait_until(self._all_nodes_are_idle, "the nodes to come up")

    def _tell(self, line):
        self._room.stdin.write(line + "\n")
        self._room.stdin.flush()

    def _all_nodes_are_idle(self):
        states = self.run("sinfo", "--noheader", "--partition=all", "--Node", "--format=%T",
                          folder="/").split()
        return states == ["idle"] * len(NODES)
