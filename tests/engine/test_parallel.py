"""Several generators at once: how many, in which order, and what an error or an early end leaves."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from labkit.engine.pull import Finished, in_parallel

SECONDS = 20


def left() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("labkit-download")]


def job(value: int) -> Generator[str, None, int]:
    yield f"step {value}"
    return value


def test_each_jobs_steps_come_in_order_and_its_value_last() -> None:
    jobs = {str(n): lambda n=n: job(n) for n in range(7)}  # type: ignore[misc]
    told = list(in_parallel(jobs, 3))
    for n in range(7):
        assert [step for name, step in told if name == str(n)] == [f"step {n}", Finished(n)]
    assert left() == []


def test_three_run_at_once() -> None:
    meeting = threading.Barrier(3)

    def meet() -> Generator[str, None, None]:
        meeting.wait(SECONDS)
        yield "met"

    assert len(list(in_parallel(dict.fromkeys("abc", meet), 3))) == 6


def test_never_more_than_asked_for() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def count() -> Generator[str, None, None]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        yield "one step"
        with lock:
            running -= 1

    list(in_parallel({str(n): count for n in range(20)}, 2))
    assert most <= 2


def test_the_first_error_is_raised_and_the_others_end() -> None:
    ended = threading.Event()

    def endless() -> Generator[str, None, None]:
        try:
            while True:
                yield "more"
        finally:
            ended.set()

    def fails() -> Generator[str, None, None]:
        yield "a step"
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        list(in_parallel({"endless": endless, "fails": fails}, 2))
    assert ended.is_set()
    assert left() == []


def test_a_job_that_has_not_begun_never_begins_after_an_error() -> None:
    begun: list[str] = []

    def fails() -> Generator[str, None, None]:
        raise ValueError("wrong")
        yield

    def later() -> Generator[str, None, None]:
        begun.append("later")
        yield ""

    steps = in_parallel({"fails": fails, **{str(n): later for n in range(50)}}, 1)
    with pytest.raises(ValueError, match="wrong"):
        next(steps)
    assert left() == []
    assert begun == []


def test_who_stops_asking_leaves_none_running() -> None:
    def endless() -> Generator[str, None, None]:
        while True:
            yield "more"

    steps = in_parallel({"a": endless, "b": endless}, 2)
    next(steps)
    steps.close()
    assert left() == []
