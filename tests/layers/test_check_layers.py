#!/usr/bin/env python3
"""Tests of check_layers.py on small trees made for it: it must find what it is there to find."""

import tempfile
import unittest
from pathlib import Path

import check_layers


class CheckLayers(unittest.TestCase):
    def violations(self, files):
        """What check_layers finds in a tree of {path: text}."""
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory)
            for path, text in files.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            return check_layers.check_tree(root)

    def assert_found(self, files, *words):
        found = self.violations(files)
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])

    def test_accepts_what_the_table_allows(self):
        self.assertEqual(self.violations({
            "src/core/a.hpp": '#include <vector>\n#include "build_info.hpp"\n',
            "src/data/options.hpp": "",
            "src/data/b.hpp": '#include "core/a.hpp"\n#include "data/options.hpp"\n',
            "src/config/c.cpp": '#include "data/options.hpp"\n',
            "kokkos_kernels/k.cpp": '#include <cblas.h>\n#include "core/a.hpp"\n',
            "io/d.cpp": '#include <hdf5.h>\n',
            "src/distributed/e.cpp": '#include <mpi.h>\n',
            "tests/unit/e.cpp": '#include <hdf5.h>\n#include "kokkos_kernels/k.cpp"\n'
                                '#include "f.hpp"\n',
            "tests/unit/f.hpp": "",
        }), [])

    def test_finds_what_lies_behind_a_door(self):
        files = {"kokkos_kernels/loops/lane.hpp": "", "src/model/block.hpp": "",
                 "src/model/block.cpp": '#include "model/block.hpp"\n'
                                        '#include "kokkos_kernels/loops/lane.hpp"\n'}
        self.assert_found(files, "src/model/block.cpp", "may not include",
                          "kokkos_kernels/loops/lane.hpp")

    def test_finds_a_forbidden_folder(self):
        self.assert_found({"src/core/a.hpp": '#include "io/b.hpp"\n', "io/b.hpp": ""},
                          "src/core/a.hpp", "may not include io/b.hpp")

    def test_finds_a_component_seen_by_config(self):
        self.assert_found({"src/config/a.cpp": '#include "data/graph.hpp"\n',
                           "src/data/graph.hpp": ""}, "src/config", "src/data/graph.hpp")

    def test_finds_a_component_seen_by_sweep(self):
        self.assertEqual(self.violations({"src/sweep/a.cpp": '#include "train/options.hpp"\n',
                                          "src/train/options.hpp": ""}), [])
        self.assert_found({"src/sweep/a.cpp": '#include "train/trainer.hpp"\n',
                           "src/train/trainer.hpp": ""}, "src/sweep", "src/train/trainer.hpp")

    def test_finds_config_included_by_others_than_jobs_and_sweep(self):
        self.assert_found({"src/train/a.cpp": '#include "config/b.hpp"\n',
                           "jobs/a.cpp": '#include "config/b.hpp"\n',
                           "src/sweep/a.cpp": '#include "config/b.hpp"\n',
                           "src/config/b.hpp": ""}, "src/train/a.cpp")

    def test_finds_library_headers_out_of_place(self):
        for header, folder in [("mpi.h", "src/train"), ("hdf5.h", "src/distributed"),
                               ("H5public.h", "jobs"), ("cblas.h", "src/model"),
                               ("oneapi/dnnl/dnnl.hpp", "jobs"), ("cublasLt.h", "src/optim"),
                               ("cudnn.h", "src/train"), ("mpi.h", "kokkos_kernels")]:
            with self.subTest(header=header):
                self.assert_found({f"{folder}/a.cpp": f"#  include <{header}>\n"}, header, folder)

    def test_finds_folders_that_include_each_other(self):
        found = self.violations({"src/data/a.hpp": '#include "model/b.hpp"\n',
                                 "src/model/b.hpp": '#include "data/a.hpp"\n'})
        self.assertIn("src/data -> src/model -> src/data", found[-1])

    def test_finds_permissions_that_nobody_uses(self):
        edges = {folder: {other: "" for other in others or []}
                 for folder, others in check_layers.MAY_INCLUDE.items()}
        for other, folders in check_layers.PRIVATE_TO.items():
            for folder in folders:
                edges[folder][other] = ""
        for pattern, folders in check_layers.LIBRARY_HEADERS:
            for folder in folders:
                edges[folder][pattern.pattern] = ""
        self.assertEqual(check_layers.unused_permissions(edges), [])
        del edges["src/data"]["src/core"], edges["io"][check_layers.LIBRARY_HEADERS[1][0].pattern]
        found = check_layers.unused_permissions(edges)
        self.assertEqual(len(found), 2, found)
        self.assertIn("src/data may include src/core and does not", found[0])
        self.assertIn("io may include (hdf5", found[1])

    def test_finds_sources_that_do_not_include_their_header_first(self):
        header = {"io/a.hpp": ""}
        self.assertEqual(self.violations({**header, "io/a.cpp": '#include "io/a.hpp"\n'}), [])
        self.assert_found({**header, "io/a.cpp": '#include <vector>\n#include "io/a.hpp"\n'},
                          "io/a.hpp must be its first include")
        self.assert_found({**header, "io/a.cpp": "int a;\n"}, "first include")

    def test_finds_headers_that_do_not_exist(self):
        self.assert_found({"src/core/a.cpp": '#include "b.hpp"\n', "src/core/b.hpp": ""},
                          '"b.hpp" does not exist')

    def test_finds_folders_without_a_line_in_the_table(self):
        self.assert_found({"src/other/a.cpp": ""}, "src/other has no line")

    def test_finds_long_files(self):
        self.assertEqual(self.violations({"io/a.cpp": "\n" * check_layers.MAX_LINES}), [])
        self.assert_found({"io/a.py": "\n" * (check_layers.MAX_LINES + 1)}, "io/a.py",
                          f"{check_layers.MAX_LINES + 1} lines")

    def test_finds_long_functions(self):
        for ending, head, line, end in [("cpp", "int f() {\n", "  g();\n", "}\n"),
                                        ("py", "def f():\n", "    g()\n", "")]:
            def text(n_lines):
                return head + line * (n_lines - head.count("\n") - end.count("\n")) + end
            limit = check_layers.MAX_FUNCTION_LINES
            self.assertEqual(self.violations({f"io/a.{ending}": text(limit)}), [])
            self.assert_found({f"io/a.{ending}": text(limit + 1)}, f"io/a.{ending}:1: f has 41 lines")

    def test_finds_functions_of_many_parameters(self):
        limit = check_layers.MAX_PARAMETERS
        names = [f"a{i}" for i in range(limit + 1)]
        for ending, head, end in [("cpp", "void f({}) {{", "}}"), ("py", "def f({}):", " pass")]:
            def text(n):
                return (head + end).format(", ".join(f"int {a}" if ending == "cpp" else a
                                                     for a in names[:n]))
            self.assertEqual(self.violations({f"io/a.{ending}": text(limit)}), [])
            self.assert_found({f"io/a.{ending}": text(limit + 1)}, "f has 9 parameters")


if __name__ == "__main__":
    unittest.main()
