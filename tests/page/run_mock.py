"""The tests of the page against a made-up gateway: `run_mock.py page access speed` runs page.test.mjs and so on."""

import os
import subprocess
import sys

from browser_driver import PAGE, scripts

if __name__ == "__main__":
    if os.environ.get("SPHEREGATE_SKIP_NODE") == "1":
        print("SPHEREGATE_SKIP_NODE is 1")
        sys.exit(77)
    files = [f"{name}.test.mjs" for name in sys.argv[1:]]
    done = subprocess.run(["node", "--test", "--test-concurrency=2", *files], cwd=scripts(), env={**os.environ, "SPHEREGATE_PAGE": str(PAGE)}, check=False)
    sys.exit(done.returncode)
