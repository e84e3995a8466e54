"""What the tests of the Python package share: its commands, run and judged.

Tests that import this take the command line of tests/regression/harness.py, and PYTHONPATH:
jobs/python, tests/regression and tests/offline (CTest sets it).
"""

import contextlib
import io
import pathlib
import subprocess
import tempfile

from superpose_offline.__main__ import main

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIGURES = ROOT / "jobs" / "figures"


def start(*arguments, folder="."):
    """Runs a command of the package within this process, where matplotlib is loaded already."""
    stdout, stderr = io.StringIO(), io.StringIO()
    words = [str(argument) for argument in arguments]
    with contextlib.chdir(folder), contextlib.redirect_stdout(stdout), \
            contextlib.redirect_stderr(stderr):
        try:
            code = main(words)
        except SystemExit as end:
            code = end.code
    return subprocess.CompletedProcess(words, code, stdout.getvalue(), stderr.getvalue())


def start_report(*arguments, folder=None):
    return subprocess.run(["bash", str(FIGURES / "report.sh"), *map(str, arguments)], cwd=folder,
                          capture_output=True, text=True, timeout=120)


class FigureCase(harness.Case):
    def assert_fails_with(self, result, code, *parts):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        for part in parts:
            self.assertIn(part, result.stderr)
        self.assertNotIn("Traceback", result.stderr)

    def assert_draws(self, names, command, *arguments):
        """The command ends well, and leaves each name as a PNG and a PDF that are no stubs."""
        output = pathlib.Path(tempfile.mkdtemp(prefix=f"{command}_", dir=self.path))
        result = start(command, *arguments, "--output", output, folder=self.path)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual({f.stem for f in output.iterdir()}, set(names), command)
        for name in names:
            png, pdf = (output / f"{name}{ending}" for ending in (".png", ".pdf"))
            self.assertEqual(png.read_bytes()[:4], b"\x89PNG")
            self.assertEqual(pdf.read_bytes()[:4], b"%PDF")
            self.assertGreater(png.stat().st_size, 5000)
        return result
