"""A configuration that cannot work ends the daemon at once with 78 and says where and what to do."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import Gateway, GatewayTest, program


class ConfigErrors(GatewayTest):
    def run_with(self, change):
        gateway = Gateway(self.directory, self.pki, self.hub.port)
        gateway.config.write_text(change(gateway.config.read_text()))
        ended = subprocess.run([program("spheregate"), "run", "--config", str(gateway.config)], capture_output=True, text=True,
                               timeout=30, check=False)
        return gateway.config, ended

    def test_a_typo_is_refused_with_its_place(self):
        config, ended = self.run_with(lambda text: text.replace("  connect_rate:", "  conect_rate:"))
        line = next(number for number, text in enumerate(config.read_text().splitlines(), 1) if "conect_rate" in text)
        self.assertEqual(ended.returncode, 78)
        self.assertIn(f"{config}:{line}:3:", ended.stderr)
        self.assertIn("conect_rate", ended.stderr)

    def test_every_error_is_named_at_once(self):
        config, ended = self.run_with(lambda text: text + "extra: 1\nmore: 2\n")
        last = len(config.read_text().splitlines())
        self.assertEqual(ended.returncode, 78)
        self.assertIn(f"{config}:{last - 1}:1:", ended.stderr)
        self.assertIn(f"{config}:{last}:1:", ended.stderr)

    def test_a_missing_file_is_refused_by_name(self):
        _, ended = self.run_with(lambda text: text.replace("gateway.pem", "absent.pem"))
        self.assertEqual(ended.returncode, 78)
        self.assertIn("absent.pem", ended.stderr)

    def test_broken_yaml_is_refused_with_its_place(self):
        config, ended = self.run_with(lambda text: text + "log: { level: info\n")
        self.assertEqual(ended.returncode, 78)
        self.assertRegex(ended.stderr, rf"{config}:\d+:\d+:")

    def test_no_configuration_at_all(self):
        with tempfile.TemporaryDirectory() as directory:
            missing = Path(directory) / "none.yaml"
            ended = subprocess.run([program("spheregate"), "run", "--config", str(missing)], capture_output=True, text=True,
                                   timeout=30, check=False)
        self.assertEqual(ended.returncode, 78)
        self.assertIn(str(missing), ended.stderr)

    def test_a_mistyped_command_or_option_has_a_suggestion(self):
        for arguments, meant, helps in ((["statsu"], "status", "spheregate"), (["config", "chekc"], "check", "spheregate config"),
                                        (["check", "--ofline"], "--offline", "spheregate check")):
            with self.subTest(arguments):
                ended = subprocess.run([program("spheregate")] + arguments, capture_output=True, text=True, timeout=30, check=False)
                self.assertEqual((ended.returncode, ended.stdout), (2, ""))
                self.assertIn(f"did you mean `{meant}`? `{helps} --help` shows", ended.stderr)

    def test_nothing_typed_lists_the_commands(self):
        ended = subprocess.run([program("spheregate")], capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual((ended.returncode, ended.stdout), (2, ""))
        self.assertLess(len(ended.stderr.splitlines()), 24)
        for command in ("init", "check", "run", "help"):
            self.assertRegex(ended.stderr, rf"(?m)^  {command}  +\w")

    def test_wrong_usage_is_2(self):
        for arguments in (["run", "--config"], ["run", "--nonsense"], ["no-such-command"]):
            with self.subTest(arguments):
                ended = subprocess.run([program("spheregate")] + arguments, capture_output=True, timeout=30, check=False)
                self.assertEqual(ended.returncode, 2)


if __name__ == "__main__":
    unittest.main()
