"""An installed superpose: works wherever its folder is moved to, and without source and build.

Usage: see harness.py; SUPERPOSE is BUILD/bin/superpose. Where the system lets a process hide folders
from itself (unshare), the source tree and the build folder are empty for everything that is run from
the installed tree; no other process sees that.
"""

import os
import pathlib
import re
import shutil
import subprocess

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(harness.PROGRAM).resolve().parents[1]
HIDE = ["unshare", "--map-root-user", "--mount", "sh", "-c",
        'mount -t tmpfs none "$1" && mount -t tmpfs none "$2" && shift 2 && exec "$@"', "sh"]
SWEEP = """
[sweep]
base = "{base}"
seeds = 2

[train]
epochs = 1
"""


def can_hide():
    return shutil.which("unshare") is not None and \
        subprocess.run([*HIDE, "/mnt", "/mnt", "true"], capture_output=True).returncode == 0


class Install(harness.Case):
    @classmethod
    def settle_in(cls):
        cls.hide = can_hide()
        if not cls.hide:
            print("test_install: source and build are not hidden, unshare --mount is not allowed here")
        result = subprocess.run([os.environ.get("CMAKE_COMMAND", "cmake"), "--install", BUILD,
                                 "--prefix", cls.path / "first"], capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr
        cls.prefix = cls.path / "second place"
        (cls.path / "first").rename(cls.prefix)
        cls.share = cls.prefix / "share" / "superpose"
        cls.smoke = cls.share / "configs" / "smoke.toml"
        for name, count, seed in [("train", 256, 1), ("valid", 64, 2)]:
            cls.start("superpose", "generate", f"data/smoke_{name}.json", "--count", count,
                      "--seed", seed, "--n_nodes", 12, "--min_hops", 2)

    @classmethod
    def start(cls, *words, code=0, **variables):
        """Output of a command in a folder of its own, with the installed program on PATH."""
        # A folder below another hides with it, and is no longer there to be hidden.
        hidden = [*HIDE, BUILD, ROOT] if cls.hide else []
        environment = {**os.environ, "PATH": f"{cls.prefix / 'bin'}:/usr/bin:/bin", **variables}
        environment.pop("PYTHONPATH", None)
        result = subprocess.run([*hidden, *map(str, words)], cwd=cls.path, env=environment,
                                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=120)
        assert result.returncode == code, (words, result.returncode, result.stdout, result.stderr)
        return result.stdout + result.stderr

    def test_source_and_build_are_hidden(self):
        if self.hide:
            self.start("test", "!", "-e", ROOT / "CMakeLists.txt", "-a", "!", "-e", harness.PROGRAM)

    def test_it_trains_draws_and_reports(self):
        self.start("superpose", "train", self.smoke, "--train.epochs", 1)
        self.start("bash", self.share / "jobs" / "figures" / "draw.sh", "curves", "runs/smoke")
        self.assertTrue((self.path / "runs/smoke/figures/loss.png").exists())
        self.start("bash", self.share / "jobs/figures/report.sh", "runs/smoke", "--output", "r.html")
        self.assertIn("<h2>Summary", (self.path / "r.html").read_text())

    def test_a_sweep_finds_its_scripts(self):
        (self.path / "sweep.toml").write_text(SWEEP.format(base=self.smoke))
        self.start("superpose", "sweep", "submit", "sweep.toml", "--local", 2)
        self.assertIn("2 done", self.start("superpose", "sweep", "status", "sweep.toml"))

    def test_every_configuration_is_there_and_valid(self):
        names = {path.relative_to(harness.CONFIGS) for path in harness.CONFIGS.rglob("*.toml")}
        self.assertEqual({path.relative_to(self.share / "configs")
                          for path in (self.share / "configs").rglob("*.toml")}, names)
        for name in names:
            if name.parent.name != "sweeps":
                self.start("superpose", "validate", self.share / "configs" / name)

    def test_templates_take_the_installed_program(self):
        shown = self.start("bash", "-c", 'source "$SUPERPOSE_ROOT/slurm/common.sh"; echo "$SUPERPOSE"',
                           SUPERPOSE_ROOT=str(self.share), SUPERPOSE="")
        self.assertEqual(shown.strip(), str(self.prefix / "bin" / "superpose"))

    def test_a_sweep_tells_slurm_where_the_templates_are(self):
        (self.path / "to_slurm.toml").write_text(SWEEP.format(base=self.smoke))
        for name, text in [("sbatch", 'echo "$SUPERPOSE_ROOT" >asked; echo 17'), ("squeue", "true"),
                           ("scontrol", "true")]:
            command = self.prefix / "bin" / name  # SLURM's part in this; tests/slurm has the real one
            command.write_text(f"#!/bin/sh\n{text}\n")
            command.chmod(0o755)
            self.addCleanup(command.unlink)
        self.start("superpose", "sweep", "submit", "to_slurm.toml")
        self.assertEqual((self.path / "asked").read_text().strip(), str(self.share))

    def test_pages_and_manual_are_there(self):
        for page in ("doc/superpose/README.md", "doc/superpose/io/FORMAT.md", "man/man1/superpose.1",
                     "bash-completion/completions/superpose", "superpose/jobs/python/pyproject.toml"):
            self.assertTrue((self.prefix / "share" / page).is_file(), page)

    def test_pictures_of_the_pages_are_there(self):
        named = 0
        for page in (self.prefix / "share" / "doc" / "superpose").rglob("*.md"):
            for picture in re.findall(r"!\[[^]]*\]\(([^):]+)\)", page.read_text()):
                self.assertTrue((page.parent / picture).is_file(), f"{picture} of {page}")
                named += 1
        self.assertGreaterEqual(named, 3)


if __name__ == "__main__":
    harness.main()
