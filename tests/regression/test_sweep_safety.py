"""What a sweep file, its folder or SLURM's words can hold that must not become a command, and whom
`sweep cancel` may stop. Usage: see harness.py."""

import os
import pathlib
import shlex
import subprocess
import time

import harness
from small_runs import SmallRuns

ROOT = pathlib.Path(__file__).resolve().parents[2]
SWEEP = """
[sweep]
base = "small.toml"
seeds = 1

[train]
epochs = 1
"""


class Safety(SmallRuns):
    def sweep(self, part, name, *arguments):
        return self.run_program("sweep", part, f"{name}.toml", *arguments)

    def write_sweep(self, name, text=SWEEP):
        (self.path / f"{name}.toml").write_text(text)

    def folder(self, name):
        return self.path / "runs" / "sweeps" / name

    def point(self, name):
        """The only one."""
        point, = (self.folder(name) / "points").iterdir()
        return point

    # --- Text -------------------------------------------------------------------------------------

    def test_control_characters_are_refused(self):
        injection = r"first\ntouch INJECTED #"
        axes = {"a label of axis": f'name = "a"\npoints = [{{ label = "{injection}" }}]',
                "the name of an axis": 'name = "a\\u001b[2J"\npoints = [{ label = "b" }]',
                "data.train": f'name = "a"\npoints = [{{ label = "b", data.train = "{injection}" }}]',
                "a base": f'name = "a"\npoints = [{{ label = "b", base = "{injection}" }}]'}
        for number, (what, axis) in enumerate(axes.items()):
            name = f"control_{number}"
            self.write_sweep(name, f"{SWEEP}\n[[axis]]\n{axis}\n")
            self.assert_fails(self.sweep("submit", name, "--local", 1), 2, what,
                              "control character")
            self.assertFalse(self.folder(name).exists())
        self.write_sweep("split", SWEEP.replace("seeds", 'directory = "a\\nb"\nseeds'))
        self.assert_fails(self.sweep("plan", "split"), 2, "sweep.directory", "control character")
        self.assertFalse((self.path / "INJECTED").exists())

    def test_escape_sequences_do_not_reach_the_terminal(self):
        result = self.run_program("validate", "\x1b]0;title\x07.toml")
        self.assert_fails(result, 2, r"\x1b]0;title\x07.toml")
        self.assertNotIn("\x1b", result.stderr)

    # --- SLURM ------------------------------------------------------------------------------------

    def chain(self, answer, *settings, training="slurm/one_node.sbatch"):
        """Runs slurm/chain.sh where sbatch says this; its words are kept in the file asked."""
        if not (self.path / "slurm").exists():
            (self.path / "slurm").symlink_to(ROOT / "slurm")
        site, sbatch = self.path / "site.sh", self.path / "bin" / "sbatch"
        sbatch.parent.mkdir(exist_ok=True)
        sbatch.write_text(f'#!/bin/sh\necho "$@" >>{shlex.quote(str(self.path))}/asked\n'
                          f"printf %s {shlex.quote(answer)}\n")
        sbatch.chmod(0o755)
        site.write_text(f"SUPERPOSE={shlex.quote(harness.PROGRAM)} SUPERPOSE_LAUNCHER=\n")
        (self.path / "asked").unlink(missing_ok=True)
        return subprocess.run(
            ["bash", ROOT / "slurm" / "chain.sh", "small.toml", *settings], cwd=self.path, capture_output=True,
            text=True, env={**os.environ, "SUPERPOSE_ROOT": str(ROOT), "SUPERPOSE_SITE": str(site),
                            "SUPERPOSE_TRAINING": training,
                            "PATH": f"{sbatch.parent}{os.pathsep}{os.environ['PATH']}"})

    def test_a_chain_reads_the_id_as_the_sweep_does(self):
        for answer in ("17\n", "17;cluster\n", "sbatch: note: 3 nodes\nwelcome\n17;cluster\n"):
            self.assert_succeeds(self.chain(answer), "training: job 17\n", "report: job 17\n")
            asked = (self.path / "asked").read_text().splitlines()
            self.assertEqual(len(asked), 4)
            for words in asked[1:]:
                self.assertIn("--dependency=afterok:17 ", words)
        for answer in ("", "no id\n", "17;a b\n"):
            result = self.chain(answer)
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertIn("sbatch gave no job id", result.stderr)

    def test_a_chain_holds_ranks_against_leaves(self):
        self.assert_succeeds(self.chain("17\n"))  # 8 of each
        for training in ("--ntasks-per-node=9 slurm/one_node.sbatch", "-n 9 slurm/one_node.sbatch",
                         "--nodes=3 slurm/several_nodes.sbatch"):
            result = self.chain("17\n", training=training)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn("train.leaves = 8 is less than the", result.stderr)
            self.assertFalse((self.path / "asked").exists())

    def test_a_chain_asks_for_what_its_program_needs(self):
        def asked(*settings, **training):
            self.assert_succeeds(self.chain("17\n", *settings, **training))
            return (self.path / "asked").read_text().splitlines()[1:3]
        for words in asked(training="slurm/gpu_nodes.sbatch"):
            self.assertIn("--gpus-per-node=1", words)
        evaluation, probe = asked()
        self.assertNotIn("gpu", evaluation)
        self.assertIn("--intervene rescale,swap,nearest_token,keep_strongest,frontier_span", probe)
        self.assertNotIn("--intervene", asked("--method.name=pause")[1])

    def test_a_chain_refuses_names_it_would_misread(self):
        for directory in ('a"b', "a\\b", "a\nb"):
            result = self.chain("17\n", f"--output.directory={directory}")
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn("choose other names", result.stderr)
            self.assertFalse((self.path / "asked").exists())
        self.assert_succeeds(self.chain("17\n", "--output.directory=a $b'c"), "report: job 17")
        self.assertIn("a $b'c/report.html", (self.path / "asked").read_text())

    def test_a_local_sweep_in_an_allocation_is_no_part_of_it(self):
        self.write_sweep("allocated")
        slurm = {"SLURM_JOB_ID": "1", "SLURM_STEP_NUM_TASKS": "1", "SLURM_ARRAY_TASK_ID": "3"}
        result = subprocess.run(harness.command("sweep", "submit", "allocated.toml", "--local", 1),
                                cwd=self.path, capture_output=True, text=True,
                                env={**os.environ, **slurm})
        self.assert_succeeds(result, "done after")
        self.assertIn("done local ", (self.point("allocated") / "state").read_text())
        self.assert_succeeds(self.sweep("status", "allocated"), "1 done")

    def test_a_step_without_mpi_is_told_what_to_do(self):
        environment = {name: value for name, value in os.environ.items() if "ess_singleton" not in name}
        result = subprocess.run(harness.command("evaluate", "none.h5", "valid.json"), cwd=self.path,
                                capture_output=True, text=True,
                                env={**environment, "SLURM_STEP_NUM_TASKS": "2"})
        if "superpose: error: checkpoint" in result.stderr or result.returncode == 4:
            self.skipTest("this MPI library starts there")
        self.assert_fails(result, 7, "srun --mpi=pmix or mpirun")

    def test_a_point_writes_through_no_link(self):
        self.write_sweep("linked")
        self.sweep("plan", "linked")
        precious = self.path / "precious"
        precious.write_text("precious")
        (self.point("linked") / "log").symlink_to(precious)
        self.assert_succeeds(self.sweep("submit", "linked", "--local", 1), "done after")
        self.assertEqual(precious.read_text(), "precious")

    # --- Processes and folders --------------------------------------------------------------------

    def lock_of_a_living_run(self):
        """The text of a lock: written by a run that then ended."""
        run = subprocess.Popen(harness.command(*self.train_arguments(
            "locked", {"train.epochs": 100000})), cwd=self.path, stdout=subprocess.DEVNULL)
        lock = self.path / "locked" / "lock"
        try:
            deadline = time.monotonic() + 60
            while not (lock.exists() and "since=" in lock.read_text()):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            return lock.read_text(), str(run.pid)
        finally:
            run.kill()
            run.wait()

    def test_cancel_stops_no_process_but_the_runner(self):
        self.write_sweep("stale")
        self.sweep("plan", "stale")
        text, pid = self.lock_of_a_living_run()
        bystander = subprocess.Popen(["sleep", "60"])
        try:
            for number in (bystander.pid, 0, -1, 1, "x"):
                lock = text.replace(f"pid={pid}\n", f"pid={number}\n")
                (self.folder("stale") / "lock").write_text(lock)
                # In a group of its own, which is what process 0 stands for.
                result = subprocess.run(harness.command("sweep", "cancel", "stale.toml"),
                                        cwd=self.path, capture_output=True, text=True,
                                        start_new_session=True)
                self.assert_succeeds(result, "nothing of this sweep")
                self.assertIsNone(bystander.poll())
        finally:
            bystander.kill()
            bystander.wait()

    def test_a_changed_job_is_not_run(self):
        self.write_sweep("changed")
        self.sweep("plan", "changed")
        point = self.point("changed")
        for name in ("job.sh", "config.toml"):
            text = (point / name).read_text()
            (point / name).write_text(f"{text}touch INJECTED\n")
            self.assert_fails(self.sweep("submit", "changed", "--local", 1), 2, str(point),
                              "is not what this sweep runs there")
            (point / name).write_text(text)
        self.assertFalse((self.path / "INJECTED").exists())
        self.write_sweep("changed", SWEEP + '[[axis]]\nname = "new"\npoints = [{ label = "x" }]\n')
        self.assert_succeeds(self.sweep("submit", "changed", "--local", 1), "1 to start now")

    def test_a_point_of_an_earlier_version_goes_on(self):
        """Its configuration lacks settings that have come since; what it has must be the same."""
        self.write_sweep("earlier")
        self.sweep("plan", "earlier")
        config = self.point("earlier") / "config.toml"
        text = config.read_text()
        self.assertIn('supervise = "last"\n', text)
        config.write_text(text.replace('supervise = "last"\n', ""))
        self.assert_succeeds(self.sweep("plan", "earlier"), "0 new points")
        config.write_text(text.replace('supervise = "last"\n', 'supervise = "all"\n'))
        self.assert_fails(self.sweep("plan", "earlier"), 2, "is not what this sweep runs there")

    def test_a_moved_folder_is_refused(self):
        self.write_sweep("here", SWEEP.replace("seeds", 'directory = "here"\nseeds'))
        self.sweep("plan", "here")
        (self.path / "here").rename(self.path / "there")
        self.write_sweep("there", SWEEP.replace("seeds", 'directory = "there"\nseeds'))
        self.assert_fails(self.sweep("submit", "there", "--local", 1), 2, "was moved")

    def test_a_folder_of_another_user_is_refused(self):
        if os.geteuid() != 0:
            self.skipTest("only root can give a folder away")
        for name, folder in (("foreign_point", lambda: self.point("foreign_point")),
                             ("foreign_folder", lambda: self.folder("foreign_folder"))):
            self.write_sweep(name)
            self.sweep("plan", name)
            os.chown(folder(), 65534, 65534)
            self.assert_fails(self.sweep("submit", name, "--local", 1), 2, "another user's")


if __name__ == "__main__":
    harness.main()
