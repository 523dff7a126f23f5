#!/usr/bin/env python3
"""Five minutes of faults under a real Prometheus with the shipped rules: each alert fires, says what it should, and clears.

Every fault has a gateway and a hub of its own (alert_cases_*.py), all at the same time. All times of the rules are divided by 30, for which
see `hastened` in prometheus.py; nothing else of them is changed. What fires at a gateway where it is not expected is a fault too, and
four gateways in all ways of working, with devices and without faults, must see no alert at all."""

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import alert_cases_gateway  # noqa: F401 (they enter themselves)
import alert_cases_messages  # noqa: F401 (they enter themselves)
from alert_cases import CASES
from alert_site import SCRAPE_PASSWORD, AlertSite, Ledger, Skipped, Told
from harness import Hubsim, Pki, wait_until
from prometheus import RULES, Prometheus, alerts, filled_in, hastened, queries
from ways_of_working import WaysOfWorking

FACTOR = 30
DEVICES = 16
TOO_LONG = 300


class Healthy(WaysOfWorking):
    """The gateways that nobody does anything to."""

    def __init__(self, base, pki):
        self.pki, self.sites = pki, []
        folder = base / "healthy"
        folder.mkdir()
        self.hub = Hubsim(folder, pki, registry=self.registry(), dps=None)
        for index, (way, extra) in enumerate(self.ways().items()):
            site = AlertSite(base / f"healthy-{way}", pki, self.hub, f"healthy, {way}", set())
            for section, values in extra(site.gateway).items():
                site.set(section, **values)
            site.start()
            site.sends(index, pause=0.5)
            self.sites.append(site)

    def stop(self):
        for site in self.sites:
            site.stop()
        self.hub.kill()


def play(deed, site, ledger, failures):
    try:
        deed(site)
    except Skipped as skipped:
        ledger.skipped[site.name] = str(skipped)
    except Exception as error:  # told at the end, with the others
        failures.append(f"{site.name}: {type(error).__name__}: {error}")
        if not isinstance(error, AssertionError):
            traceback.print_exc()


def run(base, seconds):
    pki, ledger, failures = Pki(base / "pki", DEVICES), Ledger(), []
    healthy = Healthy(base, pki)
    sites, threads = [], []
    try:
        for deed in CASES:
            site = AlertSite.with_hub(base / deed.__name__, pki, deed, ledger)
            sites.append(site)
            threads.append(threading.Thread(target=play, args=(deed, site, ledger, failures), daemon=True))
        for thread in threads:
            thread.start()
        wait_until(lambda: all(site.begun.is_set() for site in sites), 120, lambda: [site.name for site in sites if not site.begun.is_set()])
        everybody = healthy.sites + [site for site in sites if site.gateway.running]
        server = Prometheus(base, {}, hastened(RULES.read_text(), FACTOR),
                            scrape={"basic_auth": {"username": "prometheus", "password": SCRAPE_PASSWORD}})
        try:
            nobody_is_asked(server, {site.target: {} for site in everybody}, ledger)
            began = time.monotonic()
            ledger.watch(server, {site.target: site for site in everybody})
            failures += watch(server, threads, ledger, [site.target for site in everybody], began, seconds)
            failures += ledger.left()
        finally:
            ledger.stop()
            server.kill()
    finally:
        for site in sites:
            site.stop()
            site.hub.kill()
        healthy.stop()
    return ledger, failures


def nobody_is_asked(server, targets, ledger):
    """A Prometheus in whose configuration the gateways were forgotten; it is about itself, so its alert names none of them."""
    alert, begun = ("SpheregateNotScraped", None), time.monotonic()
    wait_until(lambda: alert in server.firing(), 90, "Prometheus to say that it asks no gateway")
    mended = time.monotonic()
    server.ask(targets)
    wait_until(lambda: alert not in server.firing(), 90, "Prometheus to be content with its targets")
    ledger.told.append(Told(alert[0], "Prometheus itself", mended - begun, time.monotonic() - mended))


def watch(server, threads, ledger, targets, began, seconds):
    """Until all are through, and at least for so long."""
    failures, asked = [], False
    while any(thread.is_alive() for thread in threads) or time.monotonic() - began < seconds:
        if time.monotonic() - began > seconds + TOO_LONG:
            failures.append("not all came to an end: " + ", ".join(ledger.unfinished()))
            ledger.give_up()
            break
        if not asked and time.monotonic() - began > seconds / 3:
            asked = True
            failures += [f"no data: {title}: {query}" for title, query in queries()
                         if not server.has_numbers(filled_in(query, targets), seconds=90)]
            print(f"  {len(queries())} queries of the dashboard asked, {len(failures)} without data", flush=True)
        time.sleep(0.5)
    return failures


def report(ledger, failures):
    print(f"\n{'alert':34} {'at':26} fired after  cleared after")
    for entry in sorted(ledger.told, key=lambda one: (one.alert, one.site)):
        print(f"{entry.alert:34} {entry.site:26} {entry.fired:8.0f} s  {entry.cleared:10.0f} s")
    for name, why in ledger.skipped.items():
        print(f"skipped: {name}: {why}")
    fired = {entry.alert for entry in ledger.told}
    print(f"\n{len(fired)} of {len(alerts())} alerts fired and cleared; those that promtool alone has tried: "
          + ", ".join(sorted(set(alerts()) - fired)))
    for failure in failures:
        print(f"FAILED {failure}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=300, help="at least so long (default 300)")
    parser.add_argument("--only", help="cases whose name has this in it")
    parser.add_argument("--keep", action="store_true", help="keep the directory with all logs")
    options = parser.parse_args()
    if options.only:
        CASES[:] = [deed for deed in CASES if options.only in deed.__name__]
    base = Path(tempfile.mkdtemp(prefix="spheregate-alerts-"))
    began = time.monotonic()
    ledger, failures = run(base, options.seconds)
    report(ledger, failures)
    print(f"{time.monotonic() - began:.0f} s")
    if failures or options.keep:
        print(f"kept: {base}")
    else:
        shutil.rmtree(base, ignore_errors=True)
    sys.stdout.flush()
    os._exit(1 if failures else 0)  # a case that hangs must not hold the end up


if __name__ == "__main__":
    main()
