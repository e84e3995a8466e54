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

    def chain(self, answer):
        """Runs slurm/chain.sh where sbatch says this; its words are kept in the file asked."""
        site, sbatch = self.path / "site.sh", self.path / "bin" / "sbatch"
        sbatch.parent.mkdir(exist_ok=True)
        sbatch.write_text(f'#!/bin/sh\necho "$@" >>{shlex.quote(str(self.path))}/asked\n'
                          f"printf %s {shlex.quote(answer)}\n")
        sbatch.chmod(0o755)
        site.write_text(f"SUPERPOSE={shlex.quote(harness.PROGRAM)} SUPERPOSE_LAUNCHER=\n")
        (self.path / "asked").unlink(missing_ok=True)
        return subprocess.run(
            ["bash", ROOT / "slurm" / "chain.sh", "small.toml"], cwd=self.path, capture_output=True,
            text=True, env={**os.environ, "SUPERPOSE_ROOT": str(ROOT), "SUPERPOSE_SITE": str(site),
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


if __name__ == "__main__":
    harness.main()
