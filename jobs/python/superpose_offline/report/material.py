"""What a report is made from: the usable files of some runs, and a list of what is missing."""

from ..files.evaluation_file import Evaluation, LastEvaluation, hops_in
from ..files.hdf5 import Failure, name_apart, skip_unusable
from ..files.probe_file import Probe
from ..files.run_history import Run
from ..record.time_to_accuracy import zero_latents_in
from . import setting

PROBE_HINT = ("superpose probe RUN --data PROBLEMS --output RUN/probe.h5 "
              "--intervene rescale,swap,nearest_token,keep_strongest")


class Material:
    """runs, probes, evaluations: those that can be read; missing: (what, why, what to do)."""

    def __init__(self, directories, probe_paths, evaluation_paths):
        self.missing = []
        directories = distinct(directories)
        self.runs = self._load(self._existing(directories), Run)
        self.probes = self._load(distinct(found(directories, "probe*.h5") + probe_paths), Probe)
        self.evaluations = self._load(
            distinct(found(directories, "evaluation*.json") + evaluation_paths), Evaluation)
        name_apart(self.runs)
        name_apart(self.probes)
        self.zero_latents = {run.path.parent.resolve(): self._zero_latents_beside(run)
                             for run in self.runs}
        self._add_last_evaluations()
        self._look_for_gaps(directories)

    def lack(self, what, why, remedy=""):
        self.missing.append((str(what), why, remedy))

    def _load(self, paths, load):
        return skip_unusable(paths, load, lambda path, reason: self.lack(path, reason))

    def _existing(self, directories):
        for directory in directories:
            if not directory.is_dir():
                why = ("is a file, not a run directory" if directory.exists()
                       else "no such directory")
                self.lack(directory, why, "give output.directory of a run")
        return [d for d in directories if d.is_dir()]

    def _add_last_evaluations(self):
        """The history stands in where a run has no results of superpose evaluate."""
        evaluated = {e.path.parent.resolve() for e in self.evaluations}
        for run in self.runs:
            if run.path.parent.resolve() in evaluated:
                continue
            self.lack(f"{run.name}: "
                      "evaluation*.json", "not in the run directory; the last row of run.h5 is "
                      "used instead",
                      "superpose evaluate CHECKPOINT PROBLEMS --json "
                      f"{run.path.parent}/evaluation.json")
            try:
                self.evaluations.append(LastEvaluation(run))
            except Failure as failure:
                self.lack(f"{run.name}: answers", str(failure))

    def _look_for_gaps(self, directories):
        for run in self.runs:
            if run.branch_step:
                self.lack(f"{run.name}: steps 1 to {run.branch_step - 1}", "the run is a branch: "
                          "its history, times and growth begin where it left another run",
                          "give the run that it continues, too")
            if run.statistics is None and run.has_stages():
                self.lack(f"{run.name}: attention in run.h5", "nothing was recorded while training "
                          "(record.every was 0, or no epoch has been recorded yet)",
                          "train with --record.every 1, or probe several checkpoints")
        probed = {probe.path.parent.resolve() for probe in self.probes}
        for directory in directories:
            if directory.is_dir() and directory.resolve() not in probed:
                self.lack(f"{directory}: probe*.h5", "not in the run directory", PROBE_HINT)
        for probe in self.probes:
            self._look_into(probe)

    def _look_into(self, probe):
        if not probe.interventions:
            self.lack(f"{probe.path}: interventions", "probed without", PROBE_HINT)
        if "raw_problem_index" not in probe.problems:
            self.lack(f"{probe.path}: raw attention", "--raw-problems was 0", PROBE_HINT)
        for line in probe.attributes.get("skipped", "").splitlines():
            self.lack(f"{probe.path}: a checkpoint", f"skipped while probing: {line}")

    def of_problems(self, methods):
        """How the graphs on which methods were evaluated differ from the papers', as far as a probe
        of the same problems tells."""
        hashes = {e.data_hash for method in methods for e in method.evaluations} - {""}
        return next((setting.of_problems(probe.problems) for probe in self.probes
                     if probe.attributes.get("data_hash_data") in hashes), [])

    def of_held_out(self, statistics):
        """How the held-out graphs of runs differ from the papers': by a probe of the run, else the
        hops that its history tells."""
        names = {s.name for s in statistics}
        for probe in self.probes:
            if probe.name in names:
                return setting.of_problems(probe.problems)
        return next((setting.of_hops(hops_in(run.evaluation)) for run in self.runs
                     if run.name in names and "hops" in run.evaluation), [])

    def problems_of(self, statistics):
        """The problems of a probe of one of the runs with these statistics; None without one."""
        names = {s.name for s in statistics}
        return next((p.problems for p in self.probes if p.name in names), None)

    def _zero_latents_beside(self, run):
        try:
            return zero_latents_in(run.path.parent)
        except Failure as failure:
            self.lack(f"{run.name}: zero_latents.json", str(failure))
            return None

    def zero_latents_of(self, item):
        """Answers right without thoughts of the run beside whose files this probe or evaluation
        lies; None if not measured."""
        return self.zero_latents.get(item.path.parent.resolve())

    @property
    def usable(self):
        return bool(self.runs or self.probes or self.evaluations)

    @property
    def why_no_growth(self):
        if any(run.statistics for run in self.runs):
            return "Only one epoch was recorded; growth needs at least two (record.every)."
        return "Nothing was recorded over epochs."

    @property
    def recorded(self):
        """Statistics over epochs: of runs, else of probe files of several checkpoints."""
        of_runs = [run.statistics for run in self.runs
                   if run.statistics and len(run.statistics.epochs) > 1]
        covered = {run.path.parent.resolve() for run in self.runs if run.statistics}
        return of_runs + [probe.statistics for probe in self.probes if len(probe.steps) > 1
                          and probe.path.parent.resolve() not in covered]


def found(directories, pattern):
    return [path for directory in directories for path in sorted(directory.glob(pattern))]


def distinct(paths):
    """Without those that name a file a second time."""
    return list({path.resolve(): path for path in reversed(paths)}.values())[::-1]
