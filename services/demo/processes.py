"""Child processes that leave a pid file and are found again after their parent has died."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = [
    "Account",
    "Child",
    "EngineError",
    "free_port",
    "open_to_account",
    "stop_orphan",
    "unprivileged_account",
    "until",
]

ACCOUNT_NAME = "stafet-postgres"
FALLBACK_ACCOUNT = "nobody"
POLL_SECONDS = 0.01
LAST_LINES = 15


class EngineError(Exception):
    """A part of the demo cannot start; the text says which and shows the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The system user that a child runs as."""

    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """Whom PostgreSQL runs as when we are root, since it refuses root; None when we are somebody else already."""
    if os.geteuid() != 0:
        return None
    for attempt in (ACCOUNT_NAME, None, ACCOUNT_NAME, FALLBACK_ACCOUNT):
        if attempt is None:
            _make_account()
            continue
        try:
            entry = pwd.getpwnam(attempt)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise EngineError("PostgreSQL does not run as root, and no other user could be made; run as an ordinary user")


def _make_account() -> None:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is not None:
        # Another process may make it at the same moment; whoever loses finds it made.
        subprocess.run(
            [program, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT_NAME],
            check=False,
            capture_output=True,
        )


def open_to_account(path: Path, account: Account | None) -> None:
    """Lets the account pass through the folders above `path`: adds the search bit, nothing else."""
    if account is None:
        return
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def free_port(preferred: int | None = None) -> int:
    """A port on 127.0.0.1 that nobody listens on, the preferred one if it is free."""
    for candidate in (preferred, 0):
        if candidate is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
            return port
    raise EngineError("no free port on 127.0.0.1")


def kept_port(folder: Path) -> int:
    """The port that the folder's server had last time, if it is still free, else another that is then kept."""
    file = folder / "port"
    port = free_port(int(file.read_text(encoding="ascii")) if file.exists() else None)
    file.write_text(f"{port}\n", encoding="ascii")
    return port


class Child:
    """One child process in a session of its own, with `<home>/<name>.pid` and `<home>/logs/<name>.log`."""

    def __init__(self, *, name: str, home: Path, folder: Path, account: Account | None = None) -> None:
        self.name = name
        self.home = home
        self.log_path = home / "logs" / f"{name}.log"
        self.pid_path = home / f"{name}.pid"
        self._folder = folder
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while there is a process."""
        return self._process.pid if self._process is not None else None

    def spawn(self, command: Sequence[str | Path], environment: Mapping[str, str]) -> None:
        """Starts the program in its folder, with this environment and no other."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in the terminal reaches the supervisor alone, which ends its children in order.
                start_new_session=True,
                user=self._account.uid if self._account else None,
                group=self._account.gid if self._account else None,
                extra_groups=[] if self._account else None,
            )
        self.pid_path.write_text(f"{self._process.pid}\n", encoding="ascii")

    def alive(self) -> bool:
        """True while the process runs; a dead one is reaped by asking."""
        return self._process is not None and self._process.poll() is None

    def exit_code(self) -> int | None:
        """What the process ended with; None while it runs or before it was started."""
        return self._process.poll() if self._process is not None else None

    def ask_to_stop(self) -> None:
        """Sends SIGTERM and does not wait."""
        if self._process is not None and self.alive():
            self._process.terminate()

    def stop(self, first: signal.Signals, grace_seconds: float) -> None:
        """Ends the process: the given signal, and after the grace SIGKILL; nothing happens to a dead one."""
        if self._process is not None and self.alive():
            self._process.send_signal(first)
            try:
                self._process.wait(grace_seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self.pid_path.unlink(missing_ok=True)

    def last_words(self) -> str:
        """The end of the child's log."""
        if not self.log_path.exists():
            return ""
        return "\n".join(self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:])


def stop_orphan(home: Path, name: str, first: signal.Signals, grace_seconds: float) -> bool:
    """Ends what a killed supervisor left behind under this name; True when something was ended.

    A pid alone proves nothing, since the system gives it out again: the process must also work inside `home`.
    """
    pid_path = home / f"{name}.pid"
    try:
        process = psutil.Process(int(pid_path.read_text(encoding="ascii")))
        ours = Path(process.cwd()).is_relative_to(home.resolve()) and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, psutil.Error):
        ours = False
    if ours:
        try:
            process.send_signal(first)
            process.wait(grace_seconds)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()
        except psutil.NoSuchProcess:
            pass
    pid_path.unlink(missing_ok=True)
    return ours


def until(deadline: float) -> bool:
    """True after a short sleep, False once the monotonic clock has passed the deadline."""
    if time.monotonic() >= deadline:
        return False
    time.sleep(POLL_SECONDS)
    return True
