"""Points of a sweep by slurm/sweep.sbatch and slurm/point.sh. Usage: see slurm_runs.py."""

import os
import signal
import subprocess

from slurm_runs import ENDLESS, LONG, SHORT, SOURCE, SlurmRuns, harness, overrides


class Sweep(SlurmRuns):
    def make_points(self, sweep, jobs):
        """A list of points, made of the lines of each point's job script."""
        points = [self.path / sweep / f"point {index}" for index in range(len(jobs))]
        for point, lines in zip(points, jobs):
            point.mkdir(parents=True)
            (point / "job.sh").write_text("\n".join(lines) + "\n")
        self.write_list(sweep, points)
        return points

    def write_list(self, sweep, points):
        (self.path / f"{sweep}.list").write_text("".join(f"{point}\n" for point in points))

    def training(self, launch, directory, settings):
        """A line of a job script."""
        words = ["train", "small.toml", "--output.directory", f"'{directory}'",
                 *overrides(settings)]
        return " ".join([launch, *words])

    def submit_sweep(self, sweep, tasks, *options, **how):
        return self.submit(f"--array={tasks}", *options, "slurm/sweep.sbatch", f"{sweep}.list",
                           **how)

    def state_of(self, point):
        """STATE, JOB, CODE of the file `state`."""
        state, job, host, time, code = (point / "state").read_text().split()
        self.assertRegex(time, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertTrue(host)
        return state, job, int(code)
