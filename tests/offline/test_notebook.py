"""The notebook jobs/python/walk_through.ipynb, executed on a run of the real program.

Usage: test_notebook.py SUPERPOSE CONFIGS [MPIEXEC [TEST ...]]; PYTHONPATH as in figure_case.py.
"""

import os
import sys
import unittest
from unittest import mock

import h5py

import small_runs
from figure_case import ROOT, FigureCase

MISSING = ""
try:
    import ipykernel  # noqa: F401 (the notebook runs in it)
    import nbclient
    import nbformat
except ImportError as error:
    MISSING = f"{error} (Debian: python3-nbclient python3-ipykernel)"

NOTEBOOK = ROOT / "jobs" / "python" / "walk_through.ipynb"


def outputs_of(notebook, kind):
    """Those of a MIME type, or the printed text of each cell ("stdout")."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    if kind == "stdout":
        return [output["text"] for output in outputs if output["output_type"] == "stream"]
    return [output["data"][kind] for output in outputs if kind in output.get("data", {})]


@unittest.skipIf(MISSING, MISSING)
class Notebook(FigureCase, small_runs.SmallRuns):
    @classmethod
    def settle_in(cls):
        super().settle_in()
        for result in (cls.train("run", {"record.every": 1}),
                       cls.run_program("probe", "run", "--data", "valid.json", "--output",
                                       "run/probe.h5", "--intervene", "rescale,swap")):
            assert result.returncode == 0, result.stderr
        cls.stored = nbformat.read(NOTEBOOK, as_version=4)
        cls.executed = cls.execute(nbformat.read(NOTEBOOK, as_version=4))

    @classmethod
    def execute(cls, notebook):
        """With the run made here in place of the quickstart's."""
        parameters, = (cell for cell in notebook.cells
                       if "parameters" in cell.metadata.get("tags", []))
        parameters.source = f"run_directory = {str(cls.path / 'run')!r}"
        folders = {name: str(cls.path / name.lower())
                   for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR")}
        folders["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # it warns on stderr
        with mock.patch.dict(os.environ, folders):
            client = nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3",
                                             resources={"metadata": {"path": str(cls.path)}})
            return client.execute()

    def test_it_is_stored_without_outputs(self):
        nbformat.validate(self.stored)
        self.assertEqual([cell.outputs for cell in self.stored.cells if cell.get("outputs")], [])

    def test_it_draws_and_shows_what_is_in_the_files(self):
        self.assertEqual(len(outputs_of(self.executed, "image/png")), 3)
        with h5py.File(self.path / "run" / "run.h5") as file:
            deep = 100 * file["evaluation/accuracy_equal_depth"][-1]
        self.assertIn(f"equally deep: {deep:.1f} %", "".join(outputs_of(self.executed, "stdout")))
        with h5py.File(self.path / "run" / "probe.h5") as file:
            optimal = file["statistics/inner_product_optimal/mean"][-1, 0]
            after = file["interventions/swap/accuracy_after"][-1, 0, -1]
        tables = "".join(outputs_of(self.executed, "text/plain"))
        self.assertIn(f"{optimal:.2f}", tables)
        self.assertRegex(tables, rf"swap .*{after:g}")

    def test_nothing_is_warned_of(self):
        streams = [output for cell in self.executed.cells for output in cell.get("outputs", [])
                   if output.get("name") == "stderr"]
        self.assertEqual([stream["text"] for stream in streams], [])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
