"""Faults for the run of the alerts. Each has a gateway of its own, breaks it, waits for its alerts, mends it, and waits until they clear."""

CASES = []


def case(*expected, registry=None):
    """All alerts that may fire at this gateway. `registry` of the hub, where it is not the usual one."""
    def add(deed):
        deed.expected, deed.registry = set(expected), registry
        CASES.append(deed)
        return deed
    return add
