"""A sweep of the quickstart's size, on a SLURM of this machine and without: interrupted, gone on
with, collected, drawn, and compared bit for bit. Not one of the tests: it takes a while.

usage: python3 tests/slurm/quickstart_sweep.py SUPERPOSE FOLDER EPOCHS
FOLDER is made and kept. Runs configs/sweeps/quickstart.toml with so many epochs in all; the quickstart
takes 20 to learn. It takes root, and the packages of cluster.py.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

from cluster import Cluster

SOURCE = pathlib.Path(__file__).resolve().parents[2]
AT_A_TIME, DONE_BEFORE_THE_INTERRUPTION = 2, 2
PROGRAM, FOLDER, EPOCHS = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), int(sys.argv[3])


def write_sweep(name):
    text = (SOURCE / "configs" / "sweeps" / "quickstart.toml").read_text()
    base = SOURCE / "configs" / "quickstart.toml"
    first_stage = max(1, EPOCHS - 2)
    settings = f"[train]\nepochs = {EPOCHS}\n[curriculum]\nfirst_stage_epochs = {first_stage}\n"
    (FOLDER / f"{name}.toml").write_text(
        text.replace("../quickstart.toml", str(base)).replace("[generate]",
                                                              settings + "\n[generate]"))


def say(text):
    print(time.strftime("%H:%M:%S"), text, flush=True)


class Place:
    """Where a sweep runs; `run` gives the output of superpose sweep."""

    def __init__(self, name, run):
        self.name, self.run = name, run
        write_sweep(name)

    def sweep(self, part, *arguments):
        return self.run([PROGRAM, "sweep", part, f"{self.name}.toml", *map(str, arguments)])

    def status(self):
        return json.loads(self.sweep("status", "--json"))

    def wait_for(self, holds):
        while not holds(self.status()["counts"]):
            time.sleep(2)

    def points(self):
        folder = FOLDER / "runs" / "sweeps" / self.name / "points"
        return {point["point"]: folder / point["identity"] for point in self.status()["points"]}


def is_idle(counts):
    return counts["running"] == counts["queued"] == 0


def interrupt(place):
    place.wait_for(lambda counts: counts["done"] >= DONE_BEFORE_THE_INTERRUPTION)
    say(place.sweep("cancel").strip())
    place.wait_for(is_idle)
    say(place.sweep("status").strip())


def on_slurm():
    with Cluster() as cluster:
        environment = {"SUPERPOSE": PROGRAM, "SUPERPOSE_LAUNCHER": "srun --mpi=pmix",
                       "SUPERPOSE_SITE": str(SOURCE / "tests" / "slurm" / "site.sh"),
                       "SUPERPOSE_ROOT": str(SOURCE)}
        place = Place("on_slurm", lambda command: cluster.run(
            *command, folder=FOLDER, environment=environment))
        say(place.sweep("submit", "--throttle", AT_A_TIME).strip())
        interrupt(place)
        say(place.sweep("submit", "--throttle", AT_A_TIME).strip())
        place.wait_for(is_idle)
        say(place.sweep("status").strip())
        return place


def run_here(command):
    return subprocess.run(command, cwd=FOLDER, text=True, check=True,
                          stdout=subprocess.PIPE).stdout


def run_on_this_machine():
    place = Place("locally", run_here)
    submit = [PROGRAM, "sweep", "submit", "locally.toml", "--local", str(AT_A_TIME)]
    with subprocess.Popen(submit, cwd=FOLDER) as runner:
        interrupt(place)
        say(f"the runner ended with code {runner.wait()}")
    subprocess.run(submit, cwd=FOLDER, check=True)
    say(place.sweep("status").strip())
    return place


def last_checkpoint(point):
    return max(point.glob("checkpoint_*.h5"))


def main():
    FOLDER.mkdir(parents=True)
    os.environ.update({"OMP_NUM_THREADS": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1",
                       "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})
    slurm, local = on_slurm(), run_on_this_machine()
    for place in (slurm, local):
        place.run = run_here
        say(place.sweep("collect").strip())
        file = FOLDER / "runs" / "sweeps" / place.name / "collected.h5"
        subprocess.run(["bash", SOURCE / "jobs" / "figures" / "draw.sh", "sweep", file], check=True)
    here = local.points()
    same = [subprocess.run([PROGRAM, "diff", last_checkpoint(point), last_checkpoint(here[name])],
                           stdout=subprocess.DEVNULL).returncode == 0
            for name, point in slurm.points().items()]
    say(f"{sum(same)} of {len(same)} points have the same bits in both")
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main())
