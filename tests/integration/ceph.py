"""Ceph's object gateway with the smallest cluster that serves it: one monitor and one store in memory, on loopback,
in a throw-away root."""
import socket
import uuid
from urllib.parse import quote

import agents
import objectstore
from objectstore import free_port, make_certificate

CONFIGURATION = """\
[global]
fsid = {fsid}
mon host = v1:127.0.0.1:{monitor}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
mon data avail warn = 0
mon data avail crit = 0
mon allow pool size one = true
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 268435456
[client.admin]
rgw frontends = beast ssl_endpoint=127.0.0.1:{port} ssl_certificate=/etc/ceph/certificate.pem ssl_private_key=/etc/ceph/key.pem
"""
START = """\
set -eu
mkdir -p /run/ceph /var/lib/ceph/mon/ceph-a /var/lib/ceph/osd/ceph-0
monmaptool --create --addv a v1:127.0.0.1:{monitor} --fsid {fsid} /tmp/monmap
ceph-mon --mkfs -i a --monmap /tmp/monmap
ceph-mon -i a
until ceph osd new {fsid}; do sleep 0.5; done
ceph-osd -i 0 --mkfs --osd-uuid {fsid}
for try in 1 2 3 4 5 6 7 8; do ceph-osd -i 0 && break; done
radosgw-admin user create --uid reader --display-name reader --access-key {access_key} --secret-key {secret_key}
radosgw -n client.admin
"""


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Ceph:
    """url: https://127.0.0.1:PORT; certificate: the PEM file that says it is the one."""

    access_key = "TESTREADER"
    secret_key = objectstore.SECRET_KEY

    def __init__(self, root):
        self.root = root
        port = free_port()
        self.url = f"https://127.0.0.1:{port}"
        self.certificate = root.folder / "certificate.pem"
        make_certificate(root.folder / "key.pem", self.certificate)
        values = {"fsid": uuid.uuid4(), "monitor": free_port(), "port": port}
        values |= {"access_key": self.access_key, "secret_key": self.secret_key}
        root.start()
        try:
            root.must("tee", "/etc/ceph/ceph.conf", stdin=CONFIGURATION.format(**values).encode())
            for name in ("key.pem", "certificate.pem"):
                root.must("tee", f"/etc/ceph/{name}", stdin=(root.folder / name).read_bytes())
            root.daemon("sh", "-c", START.format(**values))
            agents.wait_for(lambda: is_open(port), f"Ceph to listen: {self.logs()}")
            objectstore.put(self, f"/{objectstore.BUCKET}", b"")
        except BaseException:
            self.stop()
            raise

    def add(self, name, data):
        """Puts an object into the bucket."""
        objectstore.put(self, f"/{objectstore.BUCKET}/{quote(name)}", data)

    def logs(self):
        """What the daemons have to say."""
        return self.root.run(["sh", "-c", "tail -n 20 /var/log/ceph/*"]).out.decode(errors="replace")

    def stop(self):
        self.root.stop()
