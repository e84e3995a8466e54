"""`superpose manual`: the manual page and the completion say what the program takes. Usage: see
harness.py."""

import re
import shutil
import subprocess
import unittest

import harness
from harness import run

COMPLETE = """
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_superpose
printf '%s\\n' "${COMPREPLY[@]}"
"""


def commands(*command):
    """Every command as it is typed: ("sweep", "plan") and the like."""
    yield command
    listed = re.search(r"^Subcommands:\n((?:  .*\n)+)", run(*command, "--help").stdout, re.MULTILINE)
    for name in re.findall(r"^  (\w+)", listed[1], re.MULTILINE) if listed else []:
        yield from commands(*command, name)


class Manual(harness.Case):
    @classmethod
    def settle_in(cls):
        cls.commands = list(commands())
        for name in ("man", "bash"):
            result = run("manual", name)
            assert result.returncode == 0, result.stderr
            (cls.path / name).write_text(result.stdout)

    def options_of(self, *command):
        return re.findall(r"^  (?:-\w,)?(--[\w.-]+)", run(*command, "--help").stdout, re.MULTILINE)

    def complete(self, *words):
        result = subprocess.run(["bash", "-c", COMPLETE, "bash", self.path / "bash", "superpose",
                                 *words], capture_output=True, text=True, timeout=60)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout.split()

    def test_the_page_has_every_command_and_option(self):
        page = (self.path / "man").read_text().replace("\\-", "-")
        self.assertGreater(len(self.commands), 15)
        for command in self.commands[1:]:
            section = page.split(f"\n.SS superpose {' '.join(command)}", 1)[1].split("\n.SS ", 1)[0]
            for option in self.options_of(*command):
                self.assertIn(option, section, command)

    @unittest.skipUnless(shutil.which("groff"), "takes groff")
    def test_troff_reads_the_page_without_warnings(self):
        result = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-P-c", self.path / "man"],
                                capture_output=True, text=True, timeout=60)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("--model.n_layer", result.stdout.replace("−", "-"))

    def test_completion_knows_every_command_and_option(self):
        for command in self.commands:
            offered = self.complete(*command, "")
            for option in self.options_of(*command):
                self.assertIn(option, offered, command)
            for longer in self.commands:
                if longer[:-1] == command and longer:
                    self.assertIn(longer[-1], offered)

    def test_completion_narrows_down(self):
        self.assertEqual(self.complete("pro"), ["probe"])
        self.assertEqual(self.complete("sweep", "su"), ["submit"])
        self.assertEqual(self.complete("train", "configs/smoke.toml", "--model.n_l"), ["--model.n_layer"])
        for spelling in ("--raw-queries", "--raw_queries"):
            self.assertEqual(self.complete("probe", spelling, ""), ["all", "thoughts"])
        self.assertIn("-q", self.complete("train", "-"))
        self.assertEqual(self.complete("train", "--resume", "n"), ["never"])
        self.assertEqual(self.complete("manual", "m"), ["man"])
        self.assertEqual(self.complete("train", "conf"), [])  # bash itself offers files


if __name__ == "__main__":
    harness.main()
