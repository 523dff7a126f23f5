"""The alert rules and the dashboard as files: what promtool says of them, and that each alert is tested, explained and about real metrics."""

import json
import re
import unittest

from prometheus import DASHBOARD, DOCUMENT, RULES, RULE_TESTS, alerts, hastened, marks, metric_names, panels, promtool, queries
from reference import documented

SEVERITIES = {"critical", "warning", "info"}


def expectations():
    """{alert: [whether it is expected to fire, in the order of the tests]} of alerts_test.yml."""
    found = {}
    for block in re.split(r"^ +- eval_time: ", RULE_TESTS.read_text(), flags=re.MULTILINE)[1:]:
        name = re.search(r"alertname: (\w+)", block)
        if name:
            found.setdefault(name[1], []).append("exp_annotations" in block.split("promql_expr_test")[0])
    return found


class Rules(unittest.TestCase):
    def test_promtool_takes_the_rules(self):
        code, said = promtool("check", "rules", RULES)
        self.assertEqual(code, 0, said)
        self.assertIn(f"{len(alerts())} rules found", said)

    def test_each_alert_fires_and_clears_as_its_test_says(self):
        code, said = promtool("test", "rules", RULE_TESTS)
        self.assertEqual(code, 0, said)

    def test_each_alert_has_a_test_in_which_it_fires_and_then_clears(self):
        found = expectations()
        self.assertEqual(set(found), set(alerts()))
        for name, expected in found.items():
            with self.subTest(name):
                self.assertIn([False, True, False], [expected[at:at + 3] for at in range(len(expected))])

    def test_the_healthy_gateway_of_the_tests_has_every_metric_that_an_alert_looks_at(self):
        """Otherwise an alert would be silent for want of data."""
        healthy = RULE_TESTS.read_text().split("- name: a healthy gateway", 1)[1].split("\n  - name:", 1)[0]
        for name, alert in alerts().items():
            for metric in metric_names(alert["expr"]):
                with self.subTest(f"{name}: {metric}"):
                    self.assertRegex(healthy, rf"\b{metric}(_bucket)?\b")

    def test_each_alert_has_a_severity_a_summary_and_says_what_to_do(self):
        for name, alert in alerts().items():
            with self.subTest(name):
                self.assertIn(alert["severity"], SEVERITIES)
                self.assertRegex(alert["text"], r"summary: \S")
                self.assertRegex(alert["text"], r"description: .{80,}")
                # A command, a unit of systemd or the place to look at.
                self.assertRegex(alert["text"], r"`[^`]+`|scrape configuration|upstream\.tier")

    def test_each_alert_has_a_paragraph_in_the_documentation_and_names_it(self):
        runbook = DOCUMENT.read_text()
        written = re.findall(r"^### (Spheregate\w+)\n(\S.{60,})", runbook, flags=re.MULTILINE)
        self.assertEqual({name for name, _ in written}, set(alerts()))
        for name, alert in alerts().items():
            self.assertIn(f"runbook: /usr/share/doc/spheregate/monitoring.md#{name.lower()}", alert["text"])

    def test_every_metric_of_the_alerts_exists(self):
        known = set(documented())
        for name, alert in alerts().items():
            self.assertLessEqual(metric_names(alert["expr"]), known, name)

    def test_hastened_rules_are_the_same_but_for_the_times(self):
        rules = RULES.read_text()
        faster = hastened(rules, 30)
        self.assertNotRegex(faster, r"(?m)\[\d+[mh]\]|for: \d+[smh]$")
        self.assertEqual(len(faster.splitlines()), len(rules.splitlines()))
        for before, after in zip(rules.splitlines(), faster.splitlines()):
            if before != after:
                self.assertRegex(before, r"\[\d+[mh]\]|^ +for: |\* (60|3600)\b")
                self.assertNotIn("86400", before)
        self.assertIn("for: 4000ms", faster)
        self.assertIn("(12 * 3600 / 30)", faster)


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.dashboard = json.loads(DASHBOARD.read_text())

    def test_it_can_be_imported(self):
        self.assertGreaterEqual(self.dashboard["schemaVersion"], 36)
        self.assertIsNone(self.dashboard["id"])
        self.assertTrue(self.dashboard["uid"] and self.dashboard["title"])
        variables = {one["name"]: one for one in self.dashboard["templating"]["list"]}
        self.assertEqual(variables["datasource"]["type"], "datasource")
        self.assertEqual(variables["datasource"]["query"], "prometheus")
        self.assertEqual(variables["instance"]["definition"], "label_values(spheregate_build_info, instance)")
        self.assertTrue(variables["instance"]["includeAll"] and variables["instance"]["multi"])
        ids = [one["id"] for one in self.dashboard["panels"]]
        self.assertEqual(len(ids), len(set(ids)))

    def test_every_panel_has_a_description_a_unit_and_thresholds(self):
        self.assertGreater(len(panels()), 30)
        for panel in panels():
            with self.subTest(panel["title"]):
                self.assertGreater(len(panel["description"]), 20)
                defaults = panel["fieldConfig"]["defaults"]
                self.assertTrue(defaults["unit"])
                self.assertTrue(defaults["thresholds"]["steps"])
                self.assertEqual(panel["datasource"]["uid"], "${datasource}")
                for target in panel["targets"]:
                    self.assertEqual(target["datasource"]["uid"], "${datasource}")
                    self.assertTrue(target["legendFormat"])
                    # Seconds are shown as seconds.
                    if re.search(r"_seconds(_bucket)?\{", target["expr"]) and "rate(process" not in target["expr"] and panel["type"] != "heatmap":
                        self.assertEqual(defaults["unit"], "s")

    def test_every_query_takes_the_chosen_gateways_and_a_range_that_fits(self):
        for title, query in queries() + marks():
            with self.subTest(f"{title}: {query}"):
                self.assertEqual(query.count('instance=~"$instance"'), len(re.findall(r"\b(?:spheregate|process)_\w+\{", query)))
                self.assertRegex(query, r"\b(?:spheregate|process)_\w+\{")
                for span in re.findall(r"\[(.*?)\]", query):
                    self.assertIn(span, ("$__rate_interval", "$__interval", "1h"))

    def test_every_metric_of_the_dashboard_exists(self):
        for title, query in queries() + marks():
            self.assertLessEqual(metric_names(query), set(documented()), title)

    def test_no_panel_covers_another(self):
        taken = {}
        for panel in self.dashboard["panels"]:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24)
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    self.assertNotIn((x, y), taken, f"{panel['title']} covers {taken.get((x, y))}")
                    taken[(x, y)] = panel["title"]


if __name__ == "__main__":
    unittest.main()
