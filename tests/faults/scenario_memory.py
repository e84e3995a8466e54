"""Many checkpoints in one process: nothing is held on to. Usage: see scenario.py."""

import pathlib
import re

import scenario

MARGIN_KIB = 4096  # histories grow, allocators keep what they had; a checkpoint's copy is 400 KiB


class Memory(scenario.Scenario):
    asked = "1,000 checkpoints in one run (short: 30): memory and open files stay flat"

    def trials(self):
        for ranks in (None, 2):
            yield f"{ranks or 1} ranks", lambda ranks=ranks: self.trial(f"run{ranks}", ranks)

    def trial(self, directory, ranks):
        epochs = self.count(full=1000, short=30)
        settings = {"data.train": "valid.json", "train.batch_size": 20, "train.epochs": epochs,
                    "train.leaves": 2, "train.accumulation": 1, "train.eval_every": epochs,
                    "record.every": 0, "output.checkpoint_every": 1}
        job = self.start(directory, settings, ranks=ranks)
        early = self.sample_after(epochs // 4, directory, job)
        late = self.sample_after(epochs * 9 // 10, directory, job)
        self.assert_succeeds(job.finish(within=300))
        for before, after in zip(early, late):
            self.assertLessEqual(after["kib"], before["kib"] + MARGIN_KIB)
            self.assertLessEqual(after["files"], before["files"])

    def sample_after(self, step, directory, job):
        """What each rank holds, at the least in ten looks: a checkpoint being written adds to it."""
        def reached():
            names = [path.name for path in self.checkpoints(directory)]
            return names and int(re.findall(r"\d+", names[-1])[0]) >= step

        scenario.wait_until(reached, within=300)
        looks = [[held(pid) for pid in job.ranks()] for _ in range(10)]
        return [{key: min(look[key] for look in of_rank) for key in ("kib", "files")}
                for of_rank in zip(*looks)]


def held(pid):
    """Resident memory and open files of a process."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {"kib": int(re.search(r"VmRSS:\s+(\d+)", status)[1]),
            "files": len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))}


if __name__ == "__main__":
    scenario.main(Memory)
