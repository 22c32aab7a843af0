"""Fetching from Ceph's object gateway."""
import agents
import pytest
from ceph import Ceph
from storecontract import StoreContract, filled

pytestmark = pytest.mark.release_only("another server, the same code of ours")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    root = agents.install(tmp_path_factory.mktemp("ceph") / "root", "radosgw", "ceph-mon", "ceph-osd")
    with filled(Ceph(root)) as gateway:
        yield gateway


class TestCeph(StoreContract):
    pass
