"""RUN, where a real engine was asked."""

from __future__ import annotations

import pytest

from labkit import Lab


@pytest.mark.parametrize(
    ("line", "said"), [('CMD ["sh", "-c", "echo hi"]', "hi"), ('ENTRYPOINT ["sh", "-c", "echo e"]', "e")]
)
def test_run_without_words_runs_what_the_image_would(line: str, said: str) -> None:
    lab = Lab(online=False)
    lab.pull("busybox")
    result = lab.docker("build -", stdin=f"FROM busybox\n{line}\nRUN []\n".encode())
    assert result.exit_code == 0
    assert f"\n{said}\nRemoving intermediate container" in result.text
