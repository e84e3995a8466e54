"""slurm/sweep.sbatch: the points of a sweep as tasks of an array. Usage: see slurm_runs.py."""

from slurm_runs import LONG, SHORT, SlurmRuns, harness

from points import make_point, state_of, training, write_job


class Sweep(SlurmRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        for directory, settings in (("short", SHORT), ("long", LONG)):
            cls.train(directory, settings)

    def make_points(self, sweep, *jobs):
        return [make_point(self.path / sweep / f"point {index}", job)
                for index, job in enumerate(jobs)]

    def submit_points(self, points, options=("--ntasks=2",), **how):
        """The ids of the tasks."""
        points_list = points[0].with_name("points")
        points_list.write_text("".join(f"{point}\n" for point in points))
        array = self.submit(f"--array=0-{len(points) - 1}", *options, "slurm/sweep.sbatch",
                            points_list, **how)
        return [f"{array}_{index}" for index in range(len(points))]

    def assert_state(self, point, state, task, code):
        found, job, _, _, number = state_of(point)
        self.assertEqual((found, job, number), (state, task, f"{code}\n"),
                         (point / "log").read_text())

    def assert_ran_once(self, point):
        self.assertEqual((point / "log").read_text().count("superpose train: "), 1)

    def test_an_interrupted_task_is_queued_again_alone(self):
        """The last one: its job id is that of the whole array."""
        points = self.make_points("interrupted", training("serial", "interrupted_0", SHORT),
                                  training("ranks", "interrupted_1", LONG))
        tasks = self.submit_points(points)
        self.wait_for_checkpoint("interrupted_1")
        self.assert_state(points[1], "running", tasks[1], 0)
        self.slurm("scancel", "--batch", "--signal=USR1", tasks[1])
        self.assert_goes_on_alone(points, tasks, interrupted=1)
        self.assertEqual(self.outcome("interrupted_1"), self.outcome("long"))

    def test_a_preempted_task_is_queued_again_alone(self):
        """A job with precedence wants the whole node of one of two tasks."""
        points = self.make_points("preempted", training("ranks", "preempted_0", LONG),
                                  training("ranks", "preempted_1", SHORT))
        tasks = self.submit_points(points, options=["--exclusive"])
        self.wait_for_checkpoint("preempted_0")
        self.submit("--partition=urgent", f"--nodelist={self.job(tasks[0])['BatchHost']}",
                    "--exclusive", "--wrap=true")
        self.assert_goes_on_alone(points, tasks, interrupted=0)
        self.assertEqual(self.outcome("preempted_0"), self.outcome("long"))

    def test_a_task_requeued_by_hand_goes_on(self):
        """mpirun may lose the checkpoint then, not what came before."""
        points = self.make_points("requeued", training("ranks", "requeued_0", LONG),
                                  training("ranks", "requeued_1", SHORT))
        tasks = self.submit_points(points, launcher="mpirun")
        self.wait_for_checkpoint("requeued_0")
        self.slurm("scontrol", "requeue", tasks[0])
        self.start_now(tasks[0])
        self.assert_ended(tasks[0], "COMPLETED", code=0, restarts=1)
        self.assert_state(points[0], "done", tasks[0], 0)
        self.assertEqual(self.outcome("requeued_0"), self.outcome("long"))
        self.assert_ended(tasks[1], "COMPLETED", code=0, restarts=0)

    def assert_goes_on_alone(self, points, tasks, interrupted):
        """Of two points, one is interrupted and in the end done; the other one is done at once."""
        other = 1 - interrupted
        self.assert_ended(tasks[other], "COMPLETED", code=0, restarts=0)
        self.start_now(tasks[interrupted])
        self.assert_state(points[interrupted], "interrupted", tasks[interrupted], 75)
        self.assert_ended(tasks[interrupted], "COMPLETED", code=0, restarts=1)
        for point, task in zip(points, tasks):
            self.assert_state(point, "done", task, 0)
        self.assert_ran_once(points[other])

    def test_a_failed_task_says_so_and_runs_alone_in_a_new_array(self):
        points = self.make_points("failing", training("ranks", "failing_0", SHORT),
                                  training("ranks", "failing_1", {"train.batchsize": 8}))
        tasks = self.submit_points(points)
        self.assert_ended(tasks[0], "COMPLETED", code=0, restarts=0)
        self.assert_ended(tasks[1], "FAILED", code=2, restarts=0)
        self.assert_state(points[0], "done", tasks[0], 0)
        self.assert_state(points[1], "failed", tasks[1], 2)
        write_job(points[1], training("ranks", "failing_1", SHORT))
        again, = self.submit_points(points[1:])
        self.assert_ended(again, "COMPLETED", code=0, restarts=0)
        self.assert_state(points[0], "done", tasks[0], 0)
        self.assert_state(points[1], "done", again, 0)
        self.assert_ran_once(points[0])
        self.assertEqual(self.outcome("failing_1"), self.outcome("short"))

    def test_a_task_beyond_the_list_is_an_error(self):
        points = self.make_points("beyond", "serial --version")
        self.submit_points(points)
        array = self.submit("--array=3", "slurm/sweep.sbatch", "beyond/points")
        self.assert_ended(f"{array}_3", "FAILED", code=2, restarts=0)
        self.assertIn("beyond/points has no line 4", self.output(f"{array}_3"))


if __name__ == "__main__":
    harness.main()
