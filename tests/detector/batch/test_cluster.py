import pytest

from detector.batch.cluster import ClusterOptions, connected
from detector.errors import CommandError


def test_cluster_that_does_not_answer_is_one_sentence_at_once():
    with (
        pytest.raises(CommandError, match=r"Ray at 127\.0\.0\.1:9 cannot be reached"),
        connected(ClusterOptions("127.0.0.1:9")),
    ):
        pass
