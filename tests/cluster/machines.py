"""A real Ray cluster of several machines on this one: a raylet and an object store for each."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ray.cluster_utils import Cluster as RayCluster

STORE = 80 * 2**20  # bytes of each object store
CORES = 2  # that each machine lends, whatever there are
WATCHFUL = {
    "health_check_initial_delay_ms": 1_000,
    "health_check_period_ms": 1_000,
    "health_check_timeout_ms": 1_000,
    "health_check_failure_threshold": 3,
}
"""What docs/scaling.md recommends."""
QUICK = {"enable_worker_prestart": False}  # processes that no test needs


class Machines:
    """A head that lends no processor, on which the front runs, and machines that render."""

    def __init__(self, port: int) -> None:
        head = {
            "num_cpus": 0,
            "object_store_memory": STORE,
            "gcs_server_port": port,
            "include_dashboard": False,
        }
        self._ray = RayCluster(
            initialize_head=True, head_node_args={**head, "_system_config": WATCHFUL | QUICK}
        )
        assert self._ray.address.endswith(f":{port}")
        self._nodes: dict[str, Any] = {}

    def add(self) -> str:
        """Start a machine; return its id."""
        node = self._ray.add_node(num_cpus=CORES, object_store_memory=STORE)
        self._nodes[node.node_id] = node
        return str(node.node_id)

    def kill(self, node_id: str) -> None:
        """Stop a machine as a loss of power does: nobody says goodbye."""
        self._ray.remove_node(self._nodes.pop(node_id), allow_graceful=False)

    def kill_all(self) -> None:
        for node_id in list(self._nodes):
            self.kill(node_id)
        with suppress(Exception):
            self._ray.head_node.kill_all_processes(check_alive=False, allow_graceful=False)


@contextmanager
def machines(port: int, count: int) -> Iterator[Machines]:
    """Start a cluster whose head listens on a port, with machines that render; kill all in the end."""
    cluster = Machines(port)
    try:
        for _ in range(count):
            cluster.add()
        yield cluster
    finally:
        cluster.kill_all()
