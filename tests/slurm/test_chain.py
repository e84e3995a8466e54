"""slurm/chain.sh: training, evaluation, probe, report, and what becomes of them. Usage: see
slurm_runs.py."""

from slurm_runs import LAUNCHERS, LONG, SHORT, SlurmRuns, harness, overrides


class Chain(SlurmRuns):
    """By mpirun alone, as where SLURM has no PMIx; test_jobs.py has srun."""

    def submit_chain(self, directory, settings):
        """Ids of the jobs, by what they do."""
        lines = self.slurm("bash", "slurm/chain.sh", "small.toml", "--output.directory", directory,
                           *overrides(settings),
                           SUPERPOSE_LAUNCHER=LAUNCHERS["mpirun"],
                           SUPERPOSE_TRAINING="--ntasks-per-node=2 slurm/one_node.sbatch")
        return dict(line.split(": job ") for line in lines.splitlines() if ": job " in line)

    def test_it_ends_with_the_report_even_if_training_is_interrupted(self):
        jobs = self.submit_chain("whole", LONG)
        self.assertEqual(list(jobs), ["training", "evaluation", "probe", "report"])
        self.wait_for_checkpoint("whole")
        self.slurm("scancel", "--batch", "--signal=USR1", jobs["training"])
        self.start_now(jobs["training"])
        self.assertEqual(self.job(jobs["evaluation"])["JobState"], "PENDING")
        self.assert_ended(jobs["training"], "COMPLETED", code=0, restarts=1)
        for name in ("evaluation", "probe", "report"):
            self.assert_ended(jobs[name], "COMPLETED", code=0, restarts=0)
        last = self.checkpoints("whole")[-1]
        self.assertEqual(self.read_json("whole/evaluation.json")["checkpoint"],
                         str(last.relative_to(self.path)))
        self.assertTrue((self.path / "whole" / "probe.h5").exists())
        self.assertIn("</html>", (self.path / "whole" / "report.html").read_text())

    def test_where_training_fails_the_rest_is_cancelled(self):
        (self.path / "missing.json").unlink(missing_ok=True)
        jobs = self.submit_chain("broken", {**SHORT, "data.train": "missing.json"})
        self.assert_ended(jobs["training"], "FAILED", code=3, restarts=0)
        for name in ("evaluation", "probe", "report"):
            self.assertEqual(self.end_of(jobs[name])["JobState"], "CANCELLED")

    def test_a_configuration_with_an_error_submits_nothing(self):
        with self.assertRaisesRegex(RuntimeError, "did you mean '--train.batch_size'"):
            self.submit_chain("typo", {"train.batchsize": 8})
        self.assertEqual(self.slurm("squeue", "--noheader"), "")


if __name__ == "__main__":
    harness.main()
