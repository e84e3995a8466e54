"""The Python package, installed by pip where there is no program.

Usage: test_package.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]; PYTHONPATH as in figure_case.py.
"""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
import unittest

import superpose_offline
from superpose_offline.__main__ import COMMANDS

import synthetic
from figure_case import FIGURES, ROOT, FigureCase, start

MEANS = tuple([[1.0] * synthetic.N_THOUGHT] * len(synthetic.GROUPS) for _ in range(2))
# No module from a checkout, no program on the path.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
               "MPLCONFIGDIR": "/nonexistent"}


class Version(FigureCase):
    def test_it_is_that_of_the_program(self):
        project = (ROOT / "CMakeLists.txt").read_text()
        self.assertEqual(superpose_offline.__version__,
                         re.search(r"project\(superpose VERSION (\S+)", project)[1])


def text_of(node):
    """A message, {} for what is put into it."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(text_of, node.values))
    return "{}"


class Messages(FigureCase):
    def test_the_advice_is_set_apart_from_the_reason(self):
        """"what (why); what to do": a parenthesis runs into no sentence."""
        package, n_messages = ROOT / "jobs" / "python" / "superpose_offline", 0
        for path in package.rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text())):
                if (isinstance(call, ast.Call) and getattr(call.func, "id", "") in
                        ("Failure", "UsageError") and call.args):
                    message, n_messages = text_of(call.args[0]), n_messages + 1
                    self.assertNotRegex(message, r"\) [a-z{]", f"{path}:{call.lineno}")
                    self.assertNotIn("superpose theory of superpose", message)
        self.assertGreater(n_messages, 40)

    def test_a_missing_file_is_named_once(self):
        result = start("curves", self.path / "nope")
        self.assert_fails_with(result, 5, "nope/run.h5 (it is not there); give the history of a run\n")


class Wrappers(FigureCase):
    def draw(self, *arguments):
        return subprocess.run(["bash", FIGURES / "draw.sh", *arguments], cwd=self.path,
                              capture_output=True, text=True, timeout=120)

    def test_help_lists_every_command(self):
        result = self.draw("--help")
        self.assertEqual(result.returncode, 0, result.stderr)
        for name in COMMANDS:
            self.assertRegex(result.stdout, rf"(?m)^    {name}\b")
            self.assertIn(f"usage: {name} ", COMMANDS[name].__doc__)

    def test_unknown_and_missing_commands_are_usage_errors(self):
        for words in (["nowhere"], []):
            self.assert_fails_with(self.draw(*words), 2, "COMMAND")

    def test_no_file_of_the_working_directory_stands_in_for_a_module(self):
        (self.path / "h5py.py").write_text("raise SystemExit(99)\n")
        self.assertEqual(self.draw("--version").stdout.strip(), superpose_offline.__version__)


@unittest.skipUnless(importlib.util.find_spec("pip") and importlib.util.find_spec("setuptools"),
                     "takes pip and setuptools (Debian: python3-pip)")
class Installed(FigureCase):
    @classmethod
    def settle_in(cls):
        """A virtual environment that has the package from a copy, and its dependencies from the
        system."""
        source = cls.path / "source"
        shutil.copytree(ROOT / "jobs" / "python", source,
                        ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
        cls.bin = cls.path / "venv" / "bin"
        for words in ([sys.executable, "-m", "venv", "--system-site-packages", "--without-pip",
                       cls.path / "venv"],
                      [cls.bin / "python", "-m", "pip", "install", "--no-deps", "--no-index",
                       "--no-build-isolation", source]):
            result = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True,
                                    timeout=240)
            assert result.returncode == 0, result.stdout + result.stderr
        shutil.rmtree(source)
        synthetic.write_run(cls.path / "run", MEANS)

    def run_in_venv(self, *words):
        return subprocess.run([self.bin / words[0], *words[1:]], cwd=self.path, env=ENVIRONMENT,
                              capture_output=True, text=True, timeout=120)

    def test_the_module_draws(self):
        result = self.run_in_venv("python", "-m", "superpose_offline", "curves", "run")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue((self.path / "run" / "figures" / "loss.png").exists())

    def test_the_script_reports(self):
        result = self.run_in_venv("superpose-offline", "report", "run", "--output", "page.html")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("<h2>Summary", (self.path / "page.html").read_text())

    def test_pip_knows_the_version(self):
        code = "from importlib.metadata import version; print(version('superpose-offline'))"
        self.assertEqual(self.run_in_venv("python", "-c", code).stdout.strip(),
                         superpose_offline.__version__)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
