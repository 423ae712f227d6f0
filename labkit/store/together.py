"""Several generators at once, each in a thread, told as one: how layers are downloaded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

Step = TypeVar("Step")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Finished(Generic[Value]):
    """What a generator returned."""

    value: Value


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


def together(
    jobs: Mapping[str, Callable[[], Generator[Step, None, Value]]], most: int
) -> Generator[tuple[str, Step | Finished[Value]], None, None]:
    """Run jobs, at most `most` at once, in their order; yield each job's name and step as they come.

    The first error of any job is raised. Then, and where no more steps are asked for, the others end at
    their next step, and none is left running.

    >>> def job():
    ...     yield "half"
    ...     return "whole"
    >>> list(together({"a": job}, 3))
    [('a', 'half'), ('a', Finished(value='whole'))]
    """
    told: SimpleQueue[tuple[str, Step | Finished[Value] | _Failed]] = SimpleQueue()
    stop = threading.Event()

    def work(name: str, job: Callable[[], Generator[Step, None, Value]]) -> None:
        steps = job()
        try:
            while not stop.is_set():
                told.put((name, next(steps)))
        except StopIteration as end:
            told.put((name, Finished(end.value)))
        except BaseException as error:
            stop.set()
            told.put((name, _Failed(error)))
        finally:
            steps.close()

    pool = ThreadPoolExecutor(most, "labkit-download")
    try:
        for name, job in jobs.items():
            pool.submit(work, name, job)
        left = len(jobs)
        while left:
            name, step = told.get()
            if isinstance(step, _Failed):
                raise step.error
            left -= isinstance(step, Finished)
            yield name, step
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
