"""An OpenAI-compatible server as a process, which says what it was given and dies when told to.

    python small_server.py PORT FOLDER DEATHS

Its process id and that of a child of its own go to FOLDER/pids, its environment to FOLDER/env. It
dies at its third request for a completion, as often as DEATHS says.
"""

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def main() -> None:
    port, folder, deaths = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with (folder / "pids").open("a") as pids:
        pids.write(f"{os.getpid()} {child.pid}\n")
    (folder / "env").write_text(json.dumps(dict(os.environ)))
    starts = len((folder / "pids").read_text().splitlines())
    sys.stdout.write("serving\n")
    asked = 0

    class Endpoint(BaseHTTPRequestHandler):
        def _send(self, content: object) -> None:
            data = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self._send({"data": []})

        def do_POST(self) -> None:
            nonlocal asked
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked += 1
            if starts <= deaths and asked == 3:
                sys.stderr.write("out of memory\n")
                os._exit(9)
            said = {"content": f"yes, {body['messages'][-1]['content']}"}
            choice = {"index": 0, "message": said, "finish_reason": "stop"}
            usage = {"prompt_tokens": 3, "completion_tokens": 2}
            self._send({"choices": [choice], "model": "small", "usage": usage})

        def log_message(self, format: str, *args: object) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Endpoint).serve_forever()


if __name__ == "__main__":
    main()
