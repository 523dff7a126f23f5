"""A real Prometheus beside the gateways, and the alerts and the dashboard as they are shipped."""

import json
import math
import re
import shutil
import signal
import subprocess
import time
import urllib.parse
from pathlib import Path

from harness import Process, http_request, wait_until
from sites import free_port

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "config" / "prometheus"
RULES, RULE_TESTS, DASHBOARD = SHIPPED / "alerts.yml", SHIPPED / "alerts_test.yml", SHIPPED / "dashboard.json"
DOCUMENT = ROOT / "docs" / "monitoring.md"
DURATION_MS = {"s": 1000, "m": 60_000, "h": 3_600_000}


def tool(name):
    found = shutil.which(name)
    if not found:
        raise FileNotFoundError(f"{name} is missing: apt-get install --no-install-recommends prometheus")
    return found


def promtool(*arguments, stdin=None, cwd=None):
    """(exit code, all that it says)"""
    done = subprocess.run([tool("promtool"), *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=60, check=False, cwd=cwd)
    return done.returncode, done.stdout + done.stderr


def hastened(rules, factor):
    """The shipped rules, with every time in them divided: `for:`, [ranges], and numbers of minutes and hours. Those of days are
    left alone, because they are about certificates. What an alert says does not change."""
    rules = re.sub(r"(?<=\[)(\d+)([smh])(?=\])|(?<=for: )(\d+)([smh])$",
                   lambda found: f"{round(int(found[1] or found[3]) * DURATION_MS[found[2] or found[4]] / factor)}ms", rules, flags=re.MULTILINE)
    return re.sub(r"\b(\d+) \* (60|3600)\b", lambda found: f"({found[0]} / {factor})", rules)


def alerts():
    """{name: {severity, expr, annotations as text}}"""
    found = {}
    for block in re.split(r"^ {6}- alert: ", RULES.read_text(), flags=re.MULTILINE)[1:]:
        block = re.split(r"^ {2}- name: ", block, flags=re.MULTILINE)[0]
        expression = re.search(r"^ {8}expr: (?:>-\n)?((?:.|\n)*?)\n {8}(?=for:|labels:)", block, flags=re.MULTILINE)
        found[block.split("\n", 1)[0]] = {"severity": re.search(r"severity: (\w+)", block)[1], "expr": " ".join(expression[1].split()),
                                          "text": " ".join(block.split())}
    return found


def panels():
    return [one for one in json.loads(DASHBOARD.read_text())["panels"] if one["type"] != "row"]


def queries():
    """(panel's title, query) of everything that a panel asks."""
    return [(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]


def marks():
    """(name, query) of what is drawn across the panels when it happens."""
    return [(one["name"], one["expr"]) for one in json.loads(DASHBOARD.read_text())["annotations"]["list"] if "expr" in one]


def metric_names(expression):
    """Names of series in PromQL, without those of histograms' parts."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\b(?:spheregate|process)_\w+", expression)}


class Prometheus(Process):
    def __init__(self, directory, targets, rules=None, interval="1s", scrape=None):
        """`targets`: {host:port: labels}; `rules`: the text of a rule file; `scrape`: more of the job's settings."""
        directory = Path(directory) / "prometheus"
        directory.mkdir()
        super().__init__(directory / "prometheus.log")
        self.port = free_port()
        self.directory, self.job = directory, {"job_name": "spheregate", **(scrape or {})}
        self.settings = {"global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval}}
        if rules is not None:
            (directory / "rules.yml").write_text(rules)
            self.settings["rule_files"] = ["rules.yml"]
        self.configure(targets)
        code, said = promtool("check", "config", directory / "prometheus.yml")
        if code != 0:
            raise AssertionError(said)
        self.launch([tool("prometheus"), f"--config.file={directory / 'prometheus.yml'}", f"--storage.tsdb.path={directory / 'data'}",
                     f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"])
        wait_until(self.ready, 30, lambda: f"Prometheus to be ready:\n{self.tail()}")

    def configure(self, targets):
        groups = [{"targets": [target], "labels": labels} for target, labels in targets.items()]
        settings = {**self.settings, "scrape_configs": [{**self.job, "static_configs": groups}]}
        (self.directory / "prometheus.yml").write_text(json.dumps(settings))  # JSON is YAML

    def ask(self, targets):
        """From now on these."""
        self.configure(targets)
        self.process.send_signal(signal.SIGHUP)

    def ready(self):
        if not self.running:
            raise AssertionError(f"Prometheus ended with {self.process.returncode}:\n{self.tail()}")
        try:
            return http_request(self.port, "GET", "/-/ready")[0] == 200
        except OSError:
            return False

    def call(self, path, **parameters):
        status, answer = http_request(self.port, "GET", f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        answer = json.loads(answer)
        if status != 200 or answer["status"] != "success":
            raise AssertionError(f"{path} {parameters}: {status} {answer.get('error')}")
        return answer["data"]

    def query(self, expression):
        """[(labels, value)] now."""
        return [(one["metric"], float(one["value"][1])) for one in self.call("query", query=expression)["result"]]

    def has_numbers(self, expression, seconds=30):
        """Whether a graph of the last seconds would show something."""
        now = time.time()
        found = self.call("query_range", query=expression, start=now - seconds, end=now, step=1)["result"]
        return any(not math.isnan(float(value)) for series in found for _, value in series["values"])

    def firing(self):
        """{(alert, instance): description} of what fires now."""
        return {(one["labels"]["alertname"], one["labels"].get("instance")): one["annotations"]["description"]
                for one in self.call("alerts")["alerts"] if one["state"] == "firing"}

    def targets_up(self):
        return [one["labels"]["instance"] for one in self.call("targets", state="active")["activeTargets"] if one["health"] == "up"]


def filled_in(expression, instances, interval="10s"):
    """A query of the dashboard as Grafana would ask it."""
    return (expression.replace("$instance", "|".join(re.escape(one).replace("\\", "\\\\") for one in instances))
            .replace("$__rate_interval", interval).replace("$__interval", interval))
