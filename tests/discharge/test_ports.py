import inspect

from discharge import ports
from discharge.ports import UnitOfWork
from tests.fakes import FakeStore


def _takes(uow: UnitOfWork) -> UnitOfWork:
    return uow


def test_the_fake_unit_of_work_is_one() -> None:
    assert _takes(FakeStore().unit_of_work()).now == FakeStore().now


def test_every_port_says_what_it_promises() -> None:
    promises = [getattr(ports, name) for name in ports.__all__]

    assert all(inspect.getdoc(promise) for promise in promises)
    assert all(
        inspect.getdoc(member)
        for promise in promises
        for name, member in vars(promise).items()
        if inspect.isfunction(member) and not name.startswith("_")
    )
