#!/usr/bin/env python3
"""A build names the commit that it was made from:  build_info_test.py CMAKE SCRIPT"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

cmake, script = shutil.which(sys.argv[1]), os.path.abspath(sys.argv[2])
git = shutil.which("git")


class BuildInfo(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.source = os.path.join(self.folder.name, "source")
        self.output = os.path.join(self.folder.name, "build/build_info.cpp")
        os.mkdir(self.source)
        self.addCleanup(self.folder.cleanup)

    def git(self, *arguments):
        return subprocess.run([git, "-c", "user.name=x", "-c", "user.email=x", *arguments], cwd=self.source, check=True,
                              capture_output=True, text=True).stdout.strip()

    def write(self, text):
        with open(os.path.join(self.source, "a.txt"), "w", encoding="utf-8") as file:
            file.write(text)

    def commit(self):
        self.git("add", "a.txt")
        self.git("commit", "-q", "-m", "x")
        return self.git("rev-parse", "--short=12", "HEAD")

    def built(self, source=None, path=None):
        """What a build says of itself."""
        environment = {**os.environ, **({"PATH": path} if path is not None else {})}
        subprocess.run([cmake, "-D", f"SOURCE={source or self.source}", "-D", "VERSION=1.2.3", "-D", f"OUTPUT={self.output}", "-P", script],
                       check=True, env=environment)
        with open(self.output, encoding="utf-8") as file:
            text = file.read()
        return text[text.index("info{") + 5:text.index("};")]

    @unittest.skipIf(git is None, "there is no git")
    def test_it_is_the_commit_of_now_with_a_mark_when_files_differ_from_it(self):
        self.git("init", "-q")
        self.write("1")
        first = self.commit()
        self.assertEqual(self.built(), f'"1.2.3", "{first}"')
        self.write("2")
        self.assertEqual(self.built(), f'"1.2.3", "{first}-dirty"')
        second = self.commit()
        self.assertNotEqual(first, second)
        self.assertEqual(self.built(), f'"1.2.3", "{second}"')

    @unittest.skipIf(git is None, "there is no git")
    def test_nothing_is_written_where_nothing_changed(self):
        self.git("init", "-q")
        self.write("1")
        self.commit()
        self.built()
        os.utime(self.output, (1, 1))
        self.built()
        self.assertEqual(os.stat(self.output).st_mtime, 1)

    @unittest.skipIf(git is None, "there is no git")
    def test_an_archive_inside_another_repository_is_unknown(self):
        self.git("init", "-q")
        self.write("1")
        self.commit()
        inner = os.path.join(self.source, "archive")
        os.mkdir(inner)
        self.assertEqual(self.built(inner), '"1.2.3", "unknown"')

    def test_sources_without_git_are_unknown(self):
        self.assertEqual(self.built(), '"1.2.3", "unknown"')
        self.assertEqual(self.built(path=self.folder.name), '"1.2.3", "unknown"')


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
