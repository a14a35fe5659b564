import os
import signal
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from services.demo.engines import EngineError, Engines, running_engines, start_engines
from services.demo.processes import free_port, kept_port, stop_orphan
from services.demo.redis_server import RedisServer
from tests.waiting import wait_until


def one(url: str, query: str) -> tuple[object, ...]:
    with psycopg.connect(url) as connection:
        row: tuple[object, ...] | None = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row


def test_the_roles_are_neither_superusers_nor_above_row_level_security(stopped: Path) -> None:
    with running_engines(stopped, durable=False) as engines:
        with psycopg.connect(engines.app_url) as connection:
            roles = connection.execute(
                "SELECT rolname, rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole"
                " FROM pg_roles WHERE rolname LIKE 'stafet%'"
            ).fetchall()
        signs_in = one(engines.app_url, "SELECT current_user, rolinherit FROM pg_roles WHERE rolname = current_user")
        owner = one(engines.owner_url, "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate"
                                       " FROM pg_database WHERE datname = 'stafet'")  # fmt: skip

    assert {name for name, _ in roles} >= {"stafet_owner", "stafet_reader", "stafet_writer", "stafet_app"}
    assert not any(mighty for _, mighty in roles)
    assert signs_in == ("stafet_app", False)
    assert owner == ("stafet_owner", "UTF8", "C")


def test_nobody_but_the_owner_makes_tables_in_the_public_schema(stopped: Path) -> None:
    with (
        running_engines(stopped, durable=False) as engines,
        psycopg.connect(engines.app_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE public.forbidden (id int)")


def test_the_superuser_is_out_of_reach_over_tcp(stopped: Path) -> None:
    with running_engines(stopped, durable=False) as engines:
        with pytest.raises(psycopg.OperationalError, match="rejects connection"):
            psycopg.connect(engines.app_url.replace("stafet_app", "postgres"))

        assert one(engines.admin_url, "SELECT current_user") == ("postgres",)


def test_data_and_addresses_survive_a_restart(stopped: Path) -> None:
    with running_engines(stopped) as first, psycopg.connect(first.owner_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    assert not (stopped / "postgres.pid").exists()
    assert not (stopped / "redis.pid").exists()

    with running_engines(stopped) as second:
        assert one(second.owner_url, "SELECT value FROM kept") == (7,)
        assert second.app_url == first.app_url
        assert one(second.app_url, "SHOW fsync") == ("on",)


def test_postgresql_comes_back_after_kill_9_with_what_was_committed(stopped: Path) -> None:
    with running_engines(stopped, durable=False) as engines:
        with psycopg.connect(engines.owner_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
        killed = engines.postgres.child.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        wait_for_death(engines)

        engines.postgres.start()

        assert one(engines.owner_url, "SELECT value FROM kept") == (7,)
        assert (stopped / "postgres.pid").read_text(encoding="ascii").strip() == str(engines.postgres.child.pid)


def test_redis_comes_back_after_kill_9_on_the_same_port(stopped: Path) -> None:
    with running_engines(stopped, durable=False) as engines:
        assert engines.redis is not None
        assert engines.redis_url is not None
        redis_server = engines.redis.child
        pid = redis_server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not redis_server.alive())

        engines.redis.start()

        with redis.Redis.from_url(engines.redis_url) as client:
            assert client.ping()


def test_orphans_are_ended_and_strangers_are_not(stopped: Path) -> None:
    engines = start_engines(stopped, durable=False)
    (stopped / "worker.pid").write_text(f"{os.getpid()}\n", encoding="ascii")

    ended = [
        stop_orphan(stopped, "redis", signal.SIGTERM, 5),
        stop_orphan(stopped, "postgres", signal.SIGINT, 5),
        stop_orphan(stopped, "worker", signal.SIGTERM, 5),
        stop_orphan(stopped, "serve", signal.SIGTERM, 5),
    ]

    assert ended == [True, True, False, False]
    assert not engines.postgres.child.alive()
    assert engines.redis is None or not engines.redis.child.alive()
    assert not list(stopped.glob("*.pid"))


def test_a_lock_left_by_a_process_id_that_is_now_a_strangers_is_forgotten(stopped: Path) -> None:
    with running_engines(stopped, durable=False):
        pass
    lock = stopped / "postgres" / "data" / "postmaster.pid"
    lock.write_text(f"{os.getppid()}\n/elsewhere\n", encoding="ascii")

    with running_engines(stopped, durable=False) as engines:
        assert one(engines.app_url, "SELECT 1") == (1,)


def test_a_start_that_was_killed_while_making_the_cluster_begins_anew(home: Path) -> None:
    half = home / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n", encoding="ascii")

    with running_engines(home, durable=False) as engines:
        assert one(engines.app_url, "SELECT 1") == (1,)


def test_a_long_path_still_gets_a_socket(home: Path) -> None:
    deep = home / ("d" * 60) / ("e" * 60)

    with running_engines(deep, durable=False) as engines:
        assert one(engines.admin_url, "SELECT 1") == (1,)


def test_a_redis_that_does_not_start_is_told_with_its_last_words(home: Path) -> None:
    program = home / "broken"
    program.write_text("#!/bin/sh\necho 'no memory'; exit 3\n", encoding="ascii")
    program.chmod(0o755)

    with pytest.raises(EngineError, match="no memory"):
        RedisServer(home, program).start()


def test_a_server_keeps_its_port_unless_another_program_took_it(tmp_path: Path) -> None:
    first = kept_port(tmp_path)

    assert kept_port(tmp_path) == first
    assert free_port(first) == first


def wait_for_death(engines: Engines) -> None:
    wait_until(lambda: not engines.postgres.child.alive())
    assert not psutil.pid_exists(engines.postgres.child.pid or 0)
