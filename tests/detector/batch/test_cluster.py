import pytest
from ray.exceptions import LocalRayletDiedError, RaySystemError, RayTaskError, WorkerCrashedError

from detector.batch import cluster
from detector.batch.cluster import ClusterOptions, Done, connected
from detector.errors import CommandError


def test_cluster_that_does_not_start_in_time_is_one_sentence(monkeypatch):
    def init(**_):
        raise Exception("The current node timed out during startup.\nMore of it.")  # as Ray does

    monkeypatch.setattr(cluster.ray, "init", init)
    with (
        pytest.raises(CommandError, match=r"Ray cannot be reached: The current node timed out"),
        connected(ClusterOptions()),
    ):
        pass


def test_cluster_that_does_not_answer_is_one_sentence_at_once():
    with (
        pytest.raises(CommandError, match=r"Ray at 127\.0\.0\.1:9 cannot be reached"),
        connected(ClusterOptions("127.0.0.1:9")),
    ):
        pass


@pytest.mark.parametrize(
    ("options", "cores"), [(ClusterOptions(cores=4096), 4096), (ClusterOptions(workers=3, cores=2), 6)]
)
def test_ray_on_this_machine_has_room_for_a_worker_however_many_cores_it_wants(monkeypatch, options, cores):
    asked = {}
    monkeypatch.setattr(cluster.ray, "init", lambda **given: asked.update(given))
    monkeypatch.setattr(cluster.ray, "is_initialized", lambda: False)
    monkeypatch.setattr(cluster.ray, "shutdown", lambda: None)
    with connected(options):
        assert asked["num_cpus"] == cores


@pytest.fixture
def failing(monkeypatch):
    """Makes every piece end with this error."""

    def fail(error):
        def get(ref):
            raise error

        monkeypatch.setattr(cluster.ray, "get", get)

    return fail


def test_piece_whose_process_died_is_given_up(failing):
    failing(WorkerCrashedError())
    done = cluster._done("a.mp4", None)
    assert (done.item, done.value) == ("a.mp4", None) and done.lost
    assert isinstance(done, Done)


def test_end_of_ray_gives_up_nothing_but_ends_the_run(failing):
    failing(LocalRayletDiedError())
    with pytest.raises(CommandError, match=r"^Ray has ended \(.+\); the same command goes on where it was\.$"):
        cluster._done("a.mp4", None)


def test_node_without_the_software_ends_the_run(failing):
    failing(RayTaskError("scan", "", RaySystemError("No module named 'detector'"), "scan", 1, "192.0.2.2"))
    with pytest.raises(CommandError, match=r"No module named 'detector'\); install the same software on all nodes\.$"):
        cluster._done("a.mp4", None)
