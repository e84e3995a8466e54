"""What the tests of figures share: scripts of jobs/figures, run and judged.

Tests that import this take the command line of tests/regression/harness.py.
"""

import contextlib
import importlib
import io
import pathlib
import subprocess
import sys
import tempfile
from unittest import mock

HERE = pathlib.Path(__file__).resolve().parent
FIGURES = HERE.parents[1] / "jobs" / "figures"
sys.path[:0] = [str(HERE.parent / "regression"), str(FIGURES)]

import harness  # noqa: E402


def start(script, *arguments, folder="."):
    """Runs a script of jobs/figures within this process, where matplotlib is loaded already."""
    stdout, stderr = io.StringIO(), io.StringIO()
    command_line = [script, *map(str, arguments)]
    with mock.patch.object(sys, "argv", command_line), contextlib.chdir(folder), \
            contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            code = importlib.import_module(script.removesuffix(".py")).main()
        except SystemExit as end:
            code = end.code
    return subprocess.CompletedProcess(command_line, code, stdout.getvalue(), stderr.getvalue())


class FigureCase(harness.Case):
    def assert_fails_with(self, result, code, *parts):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        for part in parts:
            self.assertIn(part, result.stderr)
        self.assertNotIn("Traceback", result.stderr)

    def assert_draws(self, names, script, *arguments):
        """The script ends well, and leaves each name as a PNG and a PDF that are no stubs."""
        output = pathlib.Path(tempfile.mkdtemp(prefix=f"{script}_", dir=self.path))
        result = start(script, *arguments, "--output", output, folder=self.path)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual({f.stem for f in output.iterdir()}, set(names), script)
        for name in names:
            png, pdf = (output / f"{name}{ending}" for ending in (".png", ".pdf"))
            self.assertEqual(png.read_bytes()[:4], b"\x89PNG")
            self.assertEqual(pdf.read_bytes()[:4], b"%PDF")
            self.assertGreater(png.stat().st_size, 5000)
        return result
