"""Training by the templates: on several nodes, through interruptions, after the death of a node.
Usage: see slurm_runs.py."""

from slurm_runs import ENDLESS, LAUNCHERS, LONG, SHORT, SlurmRuns, harness


class Jobs(SlurmRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        for directory, settings in (("short", SHORT), ("undisturbed", LONG)):
            result = cls.train(directory, settings)
            assert result.returncode == 0, result.stderr

    def assert_same_outcome(self, job, directory, expected, restarts):
        self.assert_ended(job, "COMPLETED", code=0, restarts=restarts)
        self.assertEqual(self.outcome(directory), self.outcome(expected))

    def test_two_nodes_give_the_bits_of_one(self):
        for launcher in LAUNCHERS:
            with self.subTest(launcher):
                job = self.submit_training("several_nodes", launcher, SHORT, launcher=launcher)
                self.assert_same_outcome(job, launcher, "short", restarts=0)
                self.assertIn("8 ranks", self.output(job))
                self.assertEqual(self.job(job)["NumNodes"], "2")

    def test_the_default_site_file_serves_debian(self):
        built = self.path / "build" / "release" / "bin" / "superpose"
        built.parent.mkdir(parents=True)
        built.symlink_to(harness.PROGRAM)
        job = self.submit_training("one_node", "site", SHORT, "--ntasks-per-node=2",
                                   SUPERPOSE="", SUPERPOSE_SITE="")
        self.assert_same_outcome(job, "site", "short", restarts=0)

    def test_a_rank_a_gpu_gives_the_same_bits(self):
        """The ranks compute on CPUs: this is about the template."""
        for launcher in LAUNCHERS:
            with self.subTest(launcher):
                directory = f"gpus_{launcher}"
                job = self.submit_training("gpu_nodes", directory, SHORT, launcher=launcher)
                self.assertEqual(self.job(job)["TresPerNode"], "gres:gpu:4")
                self.assert_same_outcome(job, directory, "short", restarts=0)
                self.assertIn("8 ranks", self.output(job))

    def test_a_stopped_job_is_queued_again_and_goes_on(self):
        """The signal goes where that of --signal=B: goes."""
        for launcher in LAUNCHERS:
            with self.subTest(launcher):
                directory = f"stopped_{launcher}"
                job = self.submit_training("several_nodes", directory, LONG, "--ntasks-per-node=1",
                                           launcher=launcher)
                self.wait_for_checkpoint(directory)
                self.slurm("scancel", "--batch", "--signal=USR1", job)
                self.start_now(job)
                self.assert_same_outcome(job, directory, "undisturbed", restarts=1)
                self.assertIn("stopped by SIGUSR1 at step", self.output(job))
                self.assertIn("resumed at step", self.output(job))

    def test_a_job_that_nears_its_time_limit_stops_and_goes_on(self):
        """SLURM looks every 30 s which jobs near their limit."""
        job = self.submit_training("one_node", "limit", ENDLESS, "--ntasks-per-node=1", "--time=1")
        self.start_now(job)
        self.cluster.wait_until(lambda: "resumed at step" in self.output(job), "it to go on")
        self.assertIn("stopped by SIGUSR1 at step", self.output(job))
        self.slurm("scancel", job)

    def test_jobs_that_lose_a_node_start_again(self):
        """One has its batch script there and starts on the other node, one has only ranks there."""
        alone = self.submit_training("one_node", "alone", LONG, "--ntasks-per-node=1",
                                     "--exclude=n1")
        both = self.submit_training("several_nodes", "both", LONG, "--ntasks-per-node=1",
                                    launcher="mpirun")
        for directory in ("alone", "both"):
            self.wait_for_checkpoint(directory)
        self.assertEqual(self.job(both)["BatchHost"], "n1")
        self.cluster.kill_node("n2")
        self.addCleanup(self.cluster.start_node, "n2")
        self.wait_for(alone, "PENDING")
        self.slurm("scontrol", "update", f"jobid={alone}", "ExcNodeList=")
        self.start_now(alone)
        self.assert_same_outcome(alone, "alone", "undisturbed", restarts=1)
        self.assertEqual(self.job(alone)["BatchHost"], "n1")
        self.assertIn("taken over from a job that has ended", self.output(alone))
        self.cluster.start_node("n2")
        self.start_now(both)
        self.assert_same_outcome(both, "both", "undisturbed", restarts=1)

    def test_a_cancelled_job_writes_a_checkpoint_and_is_not_queued_again(self):
        job = self.submit_training("one_node", "cancelled", ENDLESS, "--ntasks-per-node=2")
        self.wait_for_checkpoint("cancelled")
        self.slurm("scancel", job)
        self.assert_ended(job, "CANCELLED", code=75, restarts=0)
        self.assertIn("after a checkpoint", self.output(job))

    def test_a_missing_site_file_is_an_error(self):
        job = self.submit_training("one_node", "nowhere", SHORT,
                                   SUPERPOSE_SITE="slurm/sites/none.sh")
        self.assert_ended(job, "FAILED", code=2, restarts=0)
        self.assertIn("cannot read the site file slurm/sites/none.sh", self.output(job))

    def test_other_exit_codes_are_final(self):
        job = self.submit_training("one_node", "typo", {"train.batchsize": 8})
        self.assert_ended(job, "FAILED", code=2, restarts=0)
        self.assertIn("did you mean '--train.batch_size'", self.output(job))


if __name__ == "__main__":
    harness.main()
