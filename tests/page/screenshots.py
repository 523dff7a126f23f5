"""The pictures of the status page, from a made-up fleet: `screenshots.py DIRECTORY`."""

import os
import subprocess
import sys
from pathlib import Path

from browser_driver import PAGE, scripts

LARGEST = 200_000  # bytes: they are in the repository

if __name__ == "__main__":
    directory = Path(sys.argv[1]).resolve()
    subprocess.run(["node", "screenshots.mjs", str(directory)], cwd=scripts(), env={**os.environ, "SPHEREGATE_PAGE": str(PAGE)}, check=True, timeout=300)
    sizes = {picture.name: picture.stat().st_size for picture in sorted(directory.glob("status-*.png"))}
    for name, size in sizes.items():
        print(f"{name}: {size:,} bytes{', TOO LARGE' if size > LARGEST else ''}")
    sys.exit(1 if not sizes or max(sizes.values()) > LARGEST else 0)
