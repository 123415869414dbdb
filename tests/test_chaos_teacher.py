"""A paid fulfilment that is killed again and again: the whole path, in processes of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "chaos_teacher.py"


@pytest.mark.slow
def test_a_fulfilment_killed_three_times_pays_for_everything_once(tmp_path: Path) -> None:
    size = ["--items", "150", "--kills", "3", "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *size], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
