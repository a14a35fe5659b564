from datetime import timedelta

from discharge.policy import Role
from services.settings import SessionSettings
from services.web.sessions import Sessions, cookie_name
from tests.services.web.doubles import MemorySessionStore, SettableClock, caller


def made() -> tuple[Sessions, MemorySessionStore, SettableClock]:
    store, wall = MemorySessionStore(), SettableClock()
    return Sessions(store, SessionSettings(), wall), store, wall


async def test_session_names_who_signed_in() -> None:
    sessions, _, _ = made()
    new = await sessions.begin(caller(Role.GP))

    resumed = await sessions.resume(new.cookie)

    assert resumed is not None
    assert resumed.caller == caller(Role.GP)
    assert resumed.csrf == new.session.csrf


async def test_stored_row_does_not_hold_the_cookie() -> None:
    sessions, store, _ = made()

    new = await sessions.begin(caller())

    assert new.cookie not in repr(store.rows)


async def test_session_ends_after_half_an_hour_without_use() -> None:
    sessions, _, wall = made()
    new = await sessions.begin(caller())

    wall.pass_(timedelta(minutes=30))

    assert await sessions.resume(new.cookie) is None


async def test_use_keeps_a_session_running_until_its_absolute_end() -> None:
    sessions, _, wall = made()
    new = await sessions.begin(caller())

    for _ in range(29):
        wall.pass_(timedelta(minutes=20))
        assert await sessions.resume(new.cookie) is not None
    wall.pass_(timedelta(minutes=20))

    assert await sessions.resume(new.cookie) is None


async def test_checking_an_open_socket_is_no_use() -> None:
    sessions, _, wall = made()
    new = await sessions.begin(caller())
    wall.pass_(timedelta(minutes=20))

    assert await sessions.check(new.session.id_hash) is not None
    wall.pass_(timedelta(minutes=10))

    assert await sessions.check(new.session.id_hash) is None


async def test_signed_out_session_is_gone() -> None:
    sessions, _, _ = made()
    new = await sessions.begin(caller())

    await sessions.end(new.cookie)

    assert await sessions.resume(new.cookie) is None


async def test_unknown_and_oversized_cookies_name_nobody() -> None:
    sessions, _, _ = made()

    assert await sessions.resume("unknown") is None
    assert await sessions.resume("x" * 10_000) is None


async def test_signing_in_sweeps_what_has_ended() -> None:
    sessions, store, wall = made()
    await sessions.begin(caller())
    wall.pass_(timedelta(hours=1))

    await sessions.begin(caller())

    assert len(store.rows) == 1


async def test_use_is_written_at_most_twice_a_minute() -> None:
    sessions, store, wall = made()
    new = await sessions.begin(caller())
    before = store.rows[new.session.id_hash]

    wall.pass_(timedelta(seconds=29))
    await sessions.resume(new.cookie)

    assert store.rows[new.session.id_hash] is before


def test_cookie_is_bound_to_the_host_where_browsers_allow_it() -> None:
    assert cookie_name(secure=True) == "__Host-stafet"
    assert cookie_name(secure=False) == "stafet"
