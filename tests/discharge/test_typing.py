from discharge._typing import override


def test_override_does_nothing_at_run_time() -> None:
    def method() -> int:
        return 7

    assert override(method) is method
