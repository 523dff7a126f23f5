"""Manual pages and bash completion say what the built programs say, and the completion works."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging/manual"))

import bash_completion  # noqa: E402
import completion  # noqa: E402
import configuration_page  # noqa: E402
import help  # noqa: E402
import pages  # noqa: E402
import write  # noqa: E402

PROGRAMS = Path(os.environ.get("SPHEREGATE_PROGRAMS", ROOT / "build/release"))


class Written(unittest.TestCase):
    def test_pages_and_completions_are_those_of_the_programs(self):
        for file, text in write.written(PROGRAMS).items():
            with self.subTest(file.name):
                self.assertEqual(file.read_text(encoding="utf-8"), text, "out of date; write it anew with: ./dev manual")

    def test_every_command_and_option_has_its_place_in_the_page(self):
        tree = help.read(str(PROGRAMS / "spheregate"))
        plain = re.sub(r"\\f.|\\:", "", (ROOT / "packaging/man/spheregate.1").read_text(encoding="utf-8")).replace("\\-", "-")
        leaves = [command for command in tree.walk() if not command.commands and len(command.path) > 1]
        self.assertGreater(len(leaves), 10)
        sections = re.split(r"^\.SS ", plain.split("\n.SH COMMANDS\n")[1].split("\n.SH ")[0], flags=re.MULTILINE)
        for command in leaves:
            with self.subTest(command.name):
                own = [section for section in sections if re.match(re.escape(command.name) + r"(?=$|\n| [-\[A-Z])", section)]
                self.assertEqual(len(own), 1)
                for option in command.options:
                    if option.name != "--help":
                        self.assertRegex(own[0], rf"(?m)^{re.escape(option.name)}($| )")

    def test_the_top_of_the_help_lists_what_the_tree_has(self):
        """`spheregate help` is what people read; it and the tree of --help are two ways to the same."""
        said = subprocess.run([PROGRAMS / "spheregate", "help"], capture_output=True, text=True, check=True, timeout=30).stdout
        listed = re.findall(r"^([a-z-]+)$", said.split("Subcommands:", 1)[1], flags=re.MULTILINE)
        self.assertEqual(listed, [command.path[-1] for command in help.read(str(PROGRAMS / "spheregate")).commands])


class Reading(unittest.TestCase):
    """The reader of the help is held against lines of every shape."""

    def test_heads(self):
        for head, names, value, default, required, repeated in (
                ("-h,--help", ["-h", "--help"], "", "", False, False),
                ("--json Excludes: --watch", ["--json"], "", "", False, False),
                ("--host HOST Needs: --as-device", ["--host"], "HOST", "", False, False),
                ("--ip ADDRESS ...", ["--ip"], "ADDRESS", "", False, True),
                ("--set KEY=VALUE ...", ["--set"], "KEY=VALUE", "", False, True),
                ("--devices N:INT in [1 - 100000]=50", ["--devices"], "N", "50", False, False),
                ("--state TEXT:{connected,refused}", ["--state"], "connected|refused", "", False, False),
                ("level TEXT:{debug,info} REQUIRED", ["level"], "debug|info", "", True, False),
                ("--config FILE=/etc/spheregate/spheregate.yaml", ["--config"], "FILE", "/etc/spheregate/spheregate.yaml", False, False),
                ("list FILE REQUIRED", ["list"], "FILE", "", True, False),
                ("id ID ... REQUIRED", ["id"], "ID", "", True, True),
                ("SHA256 REQUIRED", ["SHA256"], "", "", True, False)):
            with self.subTest(head):
                self.assertEqual(help.option(head, "text"), help.Option(names, value, default, "text", required, repeated))
        with self.assertRaises(ValueError):
            help.option("--odd FILE in two words", "text")

    def test_explanations_beside_and_below(self):
        lines = ["  --short                     beside", "  --config FILE=/etc/spheregate/spheregate.yaml", " " * 30 + "below", "  --bare"]
        self.assertEqual(help.entries(lines), [("--short", "beside"), ("--config FILE=/etc/spheregate/spheregate.yaml", "below"), ("--bare", "")])

    def test_a_page_without_an_option_is_told_apart(self):
        tree = help.Command(["tool"], "does it", options=[help.Option(["--new"], text="new")])
        self.assertIn("\\-\\-new", pages.page("@OPTIONS@\n", tree))
        self.assertIn("--new", completion.script(tree))


class ConfigurationPage(unittest.TestCase):
    document = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")

    def test_has_every_key_with_its_default(self):
        page = configuration_page.page(self.document)
        rows = [line for line in self.document.splitlines() if re.match(r"\| `[a-z_.]+` \|", line)]
        self.assertGreater(len(rows), 40)
        for line in rows:
            key = re.match(r"\| `([^`]+)`", line)[1]
            with self.subTest(key):
                self.assertIn(f".TP\n\\fB{key}\\fR\n", page)

    def test_nothing_of_the_markdown_is_left(self):
        page = configuration_page.page(self.document)
        for mark in ("](", "**", "```", "\n#", "|---"):
            self.assertNotIn(mark, page)
        self.assertNotRegex(page, r"(?m)^\|")

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_groff_has_nothing_to_complain(self):
        with tempfile.TemporaryDirectory() as directory:
            made = Path(directory, "spheregate.yaml.5")
            made.write_text(configuration_page.page(self.document), encoding="utf-8")
            for page in [made, *sorted((ROOT / "packaging/man").iterdir())]:
                done = subprocess.run(["groff", "-man", "-ww", "-Kutf8", "-Tutf8", "-z", str(page)], capture_output=True, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (0, ""), page.name)


@unittest.skipUnless(bash_completion.LIBRARY.exists(), "the package bash-completion is not installed")
class Completion(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = Path(place.name)
        (self.place / "gateway.yaml").touch()
        (self.place / "pki").mkdir()

    def ask(self, *lines, program="spheregate"):
        return bash_completion.offered(ROOT / "packaging/completion" / program, [line.split(" ") for line in lines], self.place)

    def test_offers_every_command_and_option_everywhere(self):
        for name in write.programs():
            commands = list(help.read(str(PROGRAMS / name)).walk())
            answers = self.ask(*[f"{command.name} --" for command in commands], *[f"{command.name} " for command in commands], program=name)
            for command, options, words in zip(commands, answers, answers[len(commands):]):
                with self.subTest(command.name):
                    self.assertEqual(options, {part for option in command.options for part in option.names if part.startswith("--")})
                    self.assertLessEqual({one.path[-1] for one in command.commands}, words)

    def test_offers_what_was_begun(self):
        self.assertEqual(self.ask("spheregate st", "spheregate devices im", "spheregate init --host"),
                         [{"status"}, {"import"}, {"--hostname"}])

    def test_offers_files_directories_and_words(self):
        both, folder = {"gateway.yaml", "pki"}, {"pki"}
        self.assertEqual(self.ask("spheregate run --config ", "spheregate tenant add ", "spheregate config check g", "spheregate devices import "),
                         [both, both, {"gateway.yaml"}, both])
        self.assertEqual(self.ask("spheregate init --dir ", "spheregate export-root --dir p"), [folder, folder])
        self.assertEqual(self.ask("spheregate init --identity ", "spheregate init --identity a"), [{"sphere", "any"}, {"any"}])
        self.assertEqual(self.ask("spheregate-load ", program="spheregate-load"), [{"closed", "paced", "idle", "handshake", "crowd"}])

    def test_offers_values_behind_an_equals_sign(self):
        self.assertEqual(self.ask("spheregate init --identity=s", "spheregate run --config=gat"), [{"sphere"}, {"gateway.yaml"}])

    def test_finds_the_command_behind_options(self):
        with_option = self.ask("spheregate devices --config gateway.yaml ", "spheregate devices --socket=/run/x show --")
        self.assertLessEqual({"list", "show", "import"}, with_option[0])
        self.assertEqual(with_option[1], {"--help", "--config", "--socket", "--json"})

    def test_an_argument_that_was_given_is_not_offered_again(self):
        self.assertEqual(self.ask("spheregate tenant add gateway.yaml ", "spheregate status "), [set(), set()])

    def test_what_cannot_be_known_is_left_alone(self):
        self.assertEqual(self.ask("spheregate init --hostname ", "spheregate devices show "), [set(), set()])


if __name__ == "__main__":
    unittest.main()
