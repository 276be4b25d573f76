"""However often the runner is killed, the service never bills more than was allowed."""

from pathlib import Path

from .budget import check_budget
from .outside import SHIPPED


def test_no_kill_refusal_or_lost_answer_takes_the_bill_beyond_the_budget(tmp_path: Path) -> None:
    spent = check_budget(SHIPPED, tmp_path, seed=3, jobs=100, kills=3)
    assert [it.left > 0 for it in spent] == [True, True, False]
    assert sum(it.kills for it in spent) >= 3
