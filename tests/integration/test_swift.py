"""Fetching from OpenStack Swift."""
import importlib.util

import objectstore
import pytest
from harness import need
from storecontract import StoreContract, filled


@pytest.fixture(scope="module")
def store():
    need(importlib.util.find_spec("swift"), "python3-swift is not installed")
    with filled(objectstore.Swift()) as swift:
        yield swift


class TestSwift(StoreContract):
    pass
