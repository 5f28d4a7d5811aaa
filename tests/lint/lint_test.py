#!/usr/bin/env python3
"""Every rule of lint.py finds its violation, and only that, in a small tree that is otherwise in order."""
import os
import tempfile
import unittest
from unittest import mock

import functions
import lint

IN_ORDER = {
    "core/units.cpp": "const double bohr = 0.529177210544;\n",
    "core/crystal.hpp": "#pragma once\n",
    "phonons/modes.hpp": '#pragma once\n#include <ATen/core/Tensor.h>\n#include "core/crystal.hpp"\n',
    "core/units.hpp": "#pragma once\n",
    "core/run_file.hpp": "#pragma once\n",
    "sscha/weights.hpp": "#pragma once\n",
    "sscha/weights.cpp": '#include "phonons/modes.hpp"\n',
    "mlp/network.hpp": "#pragma once\n",
    "core/run_file.cpp": "#include <toml++/toml.h>\n",
    "tools/main.cpp": '#include <cxxopts.hpp>\n#include "mlp/network.hpp"\n',
    "tools/console.hpp": "#pragma once\n",
    "tests/support/exact.hpp": "#pragma once\n",
    "tests/sscha/weights_test.cpp": '#include <ATen/ATen.h>\n#include "tests/support/exact.hpp"\nconst double bohr = 0.529177;\n',
}


class Lint(unittest.TestCase):
    def found(self, path="", text="", beside=False):
        with tempfile.TemporaryDirectory() as folder:
            for name, content in {**IN_ORDER, **({path: text} if path else {})}.items():
                os.makedirs(os.path.join(folder, os.path.dirname(name)), exist_ok=True)
                with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
                    stream.write(content)
            # A file that is there for another rule has no header beside it, which is a rule of its own.
            return [problem for problem in lint.lint(folder) if beside or "beside it" not in problem]

    def assert_finds(self, words, path, text):
        problems = self.found(path, text)
        self.assertEqual(len(problems), 1, problems)
        self.assertTrue(problems[0].startswith(path + ":"), problems)
        self.assertIn(words, problems[0])

    def test_a_tree_in_order_passes(self):
        self.assertEqual(self.found(), [])

    def test_rooms_include_downwards_only(self):
        self.assert_finds("phonons may not include sscha", "phonons/x.cpp", '#include "sscha/weights.cpp"\n')
        self.assert_finds("mlp may not include phonons", "mlp/x.cpp", '#include "phonons/modes.hpp"\n')
        self.assert_finds("sscha may not include mlp", "sscha/x.cpp", '#include "mlp/network.hpp"\n')
        self.assert_finds("sscha may not include tools", "sscha/x.cpp", '#include "tools/console.hpp"\n')
        self.assert_finds("core may not include tests", "core/x.cpp", '#include "tests/support/exact.hpp"\n')
        self.assert_finds("tests may not include mlp", "tests/sscha/x_test.cpp", '#include "mlp/network.hpp"\n')

    def test_includes_start_at_the_top_folder(self):
        self.assert_finds("no path from the top folder", "core/x.cpp", '#include "crystal.hpp"\n')
        self.assert_finds("included as", "core/x.cpp", "#include <core/crystal.hpp>\n")

    def test_heavy_headers_stay_where_they_belong(self):
        self.assert_finds("torch/torch.h", "tests/core/x_test.cpp", "#include <torch/torch.h>\n")
        self.assert_finds("ATen/ATen.h", "sscha/x.cpp", "#include <ATen/ATen.h>\n")
        self.assert_finds("cxxopts", "core/x.cpp", "#include <cxxopts.hpp>\n")
        self.assert_finds("toml++", "tools/x.cpp", "#include <toml++/toml.h>\n")

    def test_sources_have_headers(self):
        self.assertEqual(self.found("core/weights.cpp", "\n", beside=True), ["core/weights.cpp:1: there is no weights.hpp beside it"])
        for path in "core/units.cpp", "tools/commands/relax.cpp", "tools/program/main.cpp", "tests/core/weights_test.cpp":
            self.assertEqual(self.found(path, "\n", beside=True), [])

    def test_messages_of_rooms_name_no_key_of_a_run_file(self):
        for words in "set ensemble.dyn", "write dyn = ", "start.repair = ", "{}: symmetry.tolerance":
            self.assert_finds("a room knows no run files", "phonons/x.cpp", f'throw InputError{{"wrong: {words}"}};\n')
            self.assertEqual(self.found("tools/x.cpp", f'throw InputError{{"wrong: {words}"}};\n'), [])
        self.assertEqual(self.found("phonons/x.cpp", 'at(ensemble.dyn, "start.h5", "set tprnfor = .true."); // "start.dyn"\n'), [])

    def test_long_functions_are_told(self):
        body = "  f();\n"
        cases = {"void g(int a,\n       int b) {\n" + body * 60 + "}\n": "g: 63 lines",
                 "struct A {\n  void h() const {\n" + "  " + body * 60 + "  }\n};\n": "h: 62 lines"}
        for text, expected in cases.items():
            told = list(functions.long_functions(text.splitlines()))
            self.assertEqual([f"{name}: {count} lines" for _, count, name in told], [expected])
        for text in ("int g() {\n" + body * 58 + "}\n\nint h() {\n" + body * 58 + "}\n", "namespace {\n" + "int a;\n" * 99 + "}\n"):
            self.assertEqual(list(functions.long_functions(text.splitlines())), [])

    def test_it_works_in_an_archive_without_git(self):
        with mock.patch("subprocess.run", side_effect=FileNotFoundError):
            self.assert_finds("pragma once", "core/x.hpp", "struct X;\n")
            self.assertEqual(self.found("build/x.hpp", "struct X;\n"), [])

    def test_constants_live_in_units(self):
        for value in "0.529177", "13.6056", "27.2114", "0.0646541513", "8.617333e-5", "160.2176634", "109737.36":
            self.assert_finds("belongs to core/units.cpp", "phonons/x.cpp", f"double x = {value};\n")
        self.assertEqual(self.found("phonons/x.cpp", "double x = 213.6057, y = 1.52917, z = 10.0646;\n"), [])

    def test_file_names_say_something(self):
        for name in "core/utils.cpp", "core/file_helper.cpp", "tests/core/misc.txt", "core/Manager.cpp":
            self.assert_finds("says nothing", name, "\n")
        self.assertEqual(self.found("core/commons_law.cpp", "\n"), [])

    def test_files_are_short(self):
        self.assert_finds("501 lines", "core/x.cpp", "\n" * 501)
        self.assertEqual(self.found("core/x.cpp", "\n" * 500), [])

    def test_headers_are_guarded(self):
        self.assert_finds("pragma once", "core/x.hpp", "struct X;\n")

    def test_no_path_of_one_machine(self):
        for path in "/wor" + "k/data", "/roo" + "t/.cache", "/ho" + "me/someone/x":
            self.assert_finds("path of one machine", "README.md", f"see {path}/x\n")
        self.assertEqual(self.found("README.md", "rows: build/wor" + "k/x, $OUT/roo" + "t/x\n"), [])

    def test_no_host_of_a_registry(self):
        self.assert_finds("host of a registry", "tools/fetch", "get https://files.python" + "hosted.org/x\n")


if __name__ == "__main__":
    unittest.main()
