"""Sweeps and templates for Flux, PBS and LSF, whose commands are stand-ins here that keep what they are
asked and answer as their manuals say; and those for SLURM where it has no PMIx. mpirun and the program
are real. SLURM itself: tests/slurm. Usage: see harness.py."""

import os
import pathlib
import shlex
import subprocess

import harness
from small_runs import SmallRuns

ROOT = pathlib.Path(__file__).resolve().parents[2]
SWEEP = """
[sweep]
base = "small.toml"
seeds = 2
[train]
epochs = {epochs}
[optimizer]
schedule = "constant"
[resources]
ranks_per_node = 2
time = "2:30:00"
"""
KEEP = 'echo "$(basename "$0") $*" >>{folder}/asked\n'
# Of each system, what its commands do; {folder} has their answers.
STAND_INS = {
    "flux": {"flux": """
case "$1 $2" in
  "batch "*) cat {folder}/id ;;
  "jobs "*) cat {folder}/queue ;;
  "resource list") echo 2 ;;
  "getattr jobid") cat {folder}/id ;;
  "job timeleft") echo 3600 ;;
  "run --ntasks=2") shift 3; exec {mpirun} -n 2 "$@" ;;
esac
"""},
    "pbs": {"qsub": 'echo "list $SUPERPOSE_LIST" >>{folder}/asked; cat {folder}/id\n',
            "qselect": "cat {folder}/queue\n", "qdel": "",
            "qstat": 'printf "Job Id: %s\\n    Resource_List.walltime = %s\\n" "$2" "$WALLTIME"\n'},
    "lsf": {"bsub": 'echo "Job <$(cat {folder}/id)> is submitted to queue <normal>."\n',
            "bjobs": 'cat {folder}/queue; [ -s {folder}/queue ] || '
                     '{{ echo "No unfinished job found" >&2; exit 255; }}\n', "bkill": ""},
    "slurm": {"srun": "echo 'MPI plugin types are... none pmi2'\n",
              "squeue": "", "mpirun": 'unset ${{!SLURM_@}}; exec {mpirun} -n 2 "$@"\n'}}


class Launchers(SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        for name in ("slurm", "jobs"):
            (cls.path / name).symlink_to(ROOT / name)
        (cls.path / "hosts").write_text("localhost\n" * 2)

    def setUp(self):
        if harness.MPIEXEC is None:
            self.skipTest("no MPIEXEC given")

    def stand_in(self, system, id="", queue=""):
        """Commands of the system, and what they answer."""
        self.folder = self.path / f"commands_of_{system}"
        self.folder.mkdir(exist_ok=True)
        places = {"folder": shlex.quote(str(self.folder)), "mpirun": shlex.quote(harness.MPIEXEC)}
        for name, body in STAND_INS[system].items():
            (self.folder / name).write_text("#!/bin/bash\n" + (KEEP + body).format(**places))
            (self.folder / name).chmod(0o755)
        for name, text in (("id", id), ("queue", queue), ("asked", "")):
            (self.folder / name).write_text(f"{text}\n" if text else "", encoding="utf-8")

    def asked(self):
        return (self.folder / "asked").read_text(encoding="utf-8").splitlines()

    def environment(self, **variables):
        own = {name: value for name, value in os.environ.items()
               if not name.startswith(("SLURM_", "SUPERPOSE_"))}
        return {**own, "PATH": f"{self.folder}{os.pathsep}{own['PATH']}", "LC_ALL": "C.UTF-8",
                "SUPERPOSE": harness.PROGRAM, **variables}

    def run_here(self, *command, **variables):
        return subprocess.run([*map(str, command)], cwd=self.path, capture_output=True, text=True,
                              timeout=120, env=self.environment(**variables))

    def sweep(self, part, name, *arguments):
        result = self.run_here(harness.PROGRAM, "sweep", part, f"{name}.toml", *arguments)
        self.assert_succeeds(result)
        return result.stdout

    def submitted(self, system, id, queue, epochs=1, n_jobs=1):
        """Submits a sweep of two points; returns their directories as the jobs' lists have them."""
        name = f"{system}_{epochs}"
        self.stand_in(system, id=id)
        (self.path / f"{name}.toml").write_text(SWEEP.format(epochs=epochs))
        self.assertIn(" job ", self.sweep("submit", name, "--scheduler", system))
        lists = sorted((self.path / "runs" / "sweeps" / name / "submissions").glob("*.points"))
        self.assertEqual(len(lists), n_jobs)
        self.assertTrue(any(str(lists[0]) in line for line in self.asked()), self.asked())
        self.stand_in(system, id=id, queue=queue)
        return name, lists

    def assert_judged(self, name, *counts):
        for count in counts:
            self.assertIn(count, self.sweep("status", name))

    def assert_cancels(self, name, command):
        self.sweep("cancel", name)
        self.assertEqual(self.asked()[-1], command)

    def test_flux_has_a_job_for_each_point(self):
        name, lists = self.submitted("flux", "ƒ2N3xyz", "ƒ2N3xyz", n_jobs=2)
        self.assert_judged(name, "2 queued")
        self.assertIn("0 to start now", self.sweep("submit", name, "--scheduler", "flux"))
        result = self.run_here("bash", "slurm/flux/sweep.sh", lists[0])
        self.assertEqual(result.returncode, 0, result.stderr)
        ran = [line for line in self.asked() if line.startswith("flux run ")]
        self.assertEqual(len(ran), 2, "training and evaluation")
        self.assertIn("flux run --ntasks=2 --cores-per-task=1 ", ran[0])
        self.assertRegex(ran[0], r"--max-time (0:5\d:\d\d|1:00:00)$")
        self.assertNotIn("--max-time", ran[1])
        self.assert_judged(name, "1 done", "1 queued")
        self.assert_cancels(name, "flux cancel f2N3xyz")

    def test_an_array_of_pbs_runs_its_points(self):
        name, (points,) = self.submitted("pbs", "17[].server", "17[0].server\n17[1].server")
        self.assert_judged(name, "2 queued")
        variables = {"PBS_O_WORKDIR": str(self.path), "PBS_NODEFILE": str(self.path / "hosts"),
                     "SUPERPOSE_LIST": str(points)}
        result = self.run_here("bash", "slurm/pbs/sweep.sh", PBS_JOBID="17[1].server",
                               PBS_ARRAY_INDEX="1", WALLTIME="01:00:00", **variables)
        self.assertEqual(result.returncode, 0, result.stderr)
        state = pathlib.Path(points.read_text().splitlines()[1]) / "state"
        self.assertIn("done 17[1].server ", state.read_text())
        self.assertIn("2 ranks", (state.parent / "log").read_text())
        self.assert_judged(name, "1 done", "1 queued")
        self.assert_cancels(name, "qdel 17[].server")

    def test_what_another_has_submitted_meanwhile_is_not_submitted_again(self):
        """The other one submits while this one asks what waits or runs."""
        name, _ = self.submitted("pbs", "20[].server", "", epochs=2)
        self.stand_in("pbs", id="21[].server")
        (self.folder / "qselect").write_text(
            f"#!/bin/bash\nif ! mkdir {self.folder}/other 2>/dev/null; then\n"
            f"  exec cat {self.folder}/queue\nfi\n"
            f"{harness.PROGRAM} sweep submit {name}.toml --scheduler pbs >{self.folder}/other/out\n"
            f"printf '21[0].server\\n21[1].server\\n' >{self.folder}/queue\n")
        self.assertIn("0 to start now", self.sweep("submit", name, "--scheduler", "pbs"))
        self.assertIn("2 to start now", (self.folder / "other" / "out").read_text())
        self.assertEqual(sum(line.startswith("qsub ") for line in self.asked()), 1)

    def test_under_pbs_a_training_stops_before_its_time_is_up(self):
        name, (points,) = self.submitted("pbs", "18[].server", "", epochs=10**6)
        result = self.run_here("bash", "slurm/pbs/sweep.sh", PBS_JOBID="18[0].server",
                               PBS_ARRAY_INDEX="0", WALLTIME="00:00:04", SUPERPOSE_LIST=str(points),
                               PBS_O_WORKDIR=str(self.path), PBS_NODEFILE=str(self.path / "hosts"))
        self.assertEqual(result.returncode, 75, result.stderr)
        log = pathlib.Path(points.read_text().splitlines()[0]) / "log"
        self.assertIn("stopped by --max-time", log.read_text())
        self.assert_judged(name, "1 interrupted", "1 planned")

    def test_an_array_of_lsf_runs_its_points(self):
        name, (points,) = self.submitted("lsf", "17", "17 1\n17 2")
        self.assert_judged(name, "2 queued")
        variables = {"LS_SUBCWD": str(self.path), "LSB_DJOB_HOSTFILE": str(self.path / "hosts")}
        result = self.run_here("bash", "slurm/lsf/sweep.sh", points, LSB_JOBID="17",
                               LSB_JOBINDEX="2", **variables)
        self.assertEqual(result.returncode, 0, result.stderr)
        state = pathlib.Path(points.read_text().splitlines()[1]) / "state"
        self.assertIn("done 17[2] ", state.read_text())
        self.assert_judged(name, "1 done", "1 queued")
        self.assert_cancels(name, "bkill 17")
        self.stand_in("lsf", queue="")
        self.assert_judged(name, "1 done", "1 planned")

    def test_trainings_take_their_arguments_as_each_system_gives_them(self):
        words = ["small.toml", "--train.epochs", "1", "--output.directory"]
        pbs = {"PBS_O_WORKDIR": str(self.path), "PBS_NODEFILE": str(self.path / "hosts"),
               "PBS_JOBID": "17.server", "WALLTIME": "01:00:00"}
        lsf = {"LS_SUBCWD": str(self.path), "LSB_DJOB_HOSTFILE": str(self.path / "hosts"),
               "LSB_JOBID": "17", "LSB_JOBINDEX": "0"}
        for system, variables in (("flux", {}), ("pbs", pbs), ("lsf", lsf)):
            with self.subTest(system):
                self.stand_in(system, id="ƒ1")
                given = [*words, system]
                arguments = given if system == "flux" else []
                result = self.run_here("bash", f"slurm/{system}/train.sh", *arguments,
                                       SUPERPOSE_ARGUMENTS=" ".join(given), **variables)
                self.assert_succeeds(result, "2 ranks", f"run directory {system}")
                self.assertTrue(self.checkpoints(system))

    def test_what_a_system_cannot_do_is_refused(self):
        self.stand_in("flux", id="none")
        (self.path / "refused.toml").write_text(SWEEP.format(epochs=1))
        submit = harness.PROGRAM, "sweep", "submit", "refused.toml", "--scheduler"
        self.assert_fails(self.run_here(*submit, "flux", "--throttle", 2), 2, "--throttle")
        self.assert_fails(self.run_here(*submit, "flux", "--local", 2), 2, "--local")
        self.assert_fails(self.run_here(*submit, "flux"), 1, "flux batch", "gave no job id but: none")
        self.assert_fails(self.run_here(*submit, "cobalt"), 2, "--scheduler")
        self.stand_in("slurm")
        self.assert_fails(self.run_here(*submit, "pbs", PATH=str(self.path / "empty")), 2,
                          "there is no qsub here", "--local")

    # --- SLURM without PMIx -----------------------------------------------------------------------

    def run_template(self, name, *arguments, **variables):
        result = self.run_here("bash", f"slurm/{name}.sbatch", *arguments, **{
            "SLURM_SUBMIT_DIR": str(self.path), "SLURM_JOB_ID": "17", "SLURM_JOB_NAME": name,
            "SLURM_JOB_NUM_NODES": "1", **variables})
        self.assertEqual(result.returncode, 0, result.stderr + result.stdout)
        return result.stdout

    def test_every_template_works_with_mpirun_alone(self):
        """The real mpirun must not look for the allocation that these variables speak of."""
        self.stand_in("slurm")
        few = ["--train.epochs", 1, "--output.directory"]
        for template in ("one_node", "several_nodes", "gpu_nodes"):
            self.assertIn("2 ranks", self.run_template(template, "small.toml", *few, template))
        self.run_template("evaluate", "one_node", "valid.json", "--json", "evaluation.json")
        self.run_template("probe", "one_node", "--data", "valid.json", "--output", "probe.h5")
        point = self.path / "a point"
        point.mkdir()
        (point / "job.sh").write_text("ranks train small.toml --train.epochs 1 "
                                      "--output.directory point\n")
        (self.path / "list").write_text(f"{point}\n")
        self.run_template("sweep", "list", SLURM_ARRAY_JOB_ID="17", SLURM_ARRAY_TASK_ID="0")
        self.assertIn("done 17_0 ", (point / "state").read_text())
        launched = [line for line in self.asked() if line.startswith("mpirun ")]
        self.assertEqual(len(launched), 6)
        self.assertEqual({line for line in self.asked() if line.startswith("srun ")},
                         {"srun --mpi=list"})


if __name__ == "__main__":
    harness.main()
