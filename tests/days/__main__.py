"""One history with its report as JSON: python -m tests.days DAYS SEED OFTEN."""

import json
import sys

from tests.days.command import played

report = played(int(sys.argv[2]), float(sys.argv[1]), float(sys.argv[3]))
sys.stdout.write(json.dumps(report) + "\n")
sys.exit(0 if report["sound"] else 1)
