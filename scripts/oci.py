#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes an OCI image (image-spec 1.0) of one layer, as a tar of its layout.

oci.py --layer LAYER.tar --version VERSION --revision COMMIT --created SECONDS OUT.oci.tar

    oci-layout            which version of the layout this is
    index.json            which manifests there are: one, by the name packet-heatmap:VERSION
    blobs/sha256/DIGEST   the manifest, the configuration, the layer (gzip), each by its digest

The user's number is read out of the layer. The same input gives the same octets.
"""

import argparse
import datetime
import gzip
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
import tempfile

USER = "packet-heatmap"
PROGRAM = "/usr/sbin/packet-heatmap"
FOLDER = "/var/lib/packet-heatmap"


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return "sha256:" + digest.hexdigest()


def user_of(layer):
    """USER's "uid:gid" in the layer: a number, since who forbids root cannot look up names."""
    with tarfile.open(layer) as tar:
        for line in tar.extractfile("./etc/passwd").read().decode().splitlines():
            name, _, uid, gid = line.split(":")[:4]
            if name == USER:
                return f"{uid}:{gid}"
    sys.exit(f"{layer}: there is no user {USER}")


def configuration(arguments, diff_id, user):
    created = datetime.datetime.fromtimestamp(arguments.created, datetime.timezone.utc)
    when = created.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "created": when, "architecture": "amd64", "os": "linux",
        "config": {
            "User": user,
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                    "LC_ALL=C.UTF-8", f"HOME={FOLDER}", "XDG_RUNTIME_DIR=/tmp"],
            "Entrypoint": [PROGRAM],
            "Cmd": ["--interface", "any"],
            "WorkingDir": FOLDER,
            "ExposedPorts": {"8080/tcp": {}},
            "StopSignal": "SIGTERM",
            "Labels": {
                "org.opencontainers.image.title": "packet-heatmap",
                "org.opencontainers.image.description":
                    "Where in the world a network's packets come from and go to",
                "org.opencontainers.image.version": arguments.version,
                "org.opencontainers.image.revision": arguments.revision,
                "org.opencontainers.image.created": when,
                "org.opencontainers.image.licenses": "BSD-3-Clause",
            }},
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        "history": [{"created": when, "created_by": "scripts/image: mmdebstrap, Debian 12"}],
    }


class Layout:
    """The blobs in a folder, then all of it in a tar."""

    def __init__(self, folder):
        self.folder = folder
        self.blobs = []

    def add_file(self, path, media_type):
        digest = digest_of(path)
        size = os.path.getsize(path)
        self.blobs.append((digest, path))
        return {"mediaType": f"application/vnd.oci.image.{media_type}", "digest": digest,
                "size": size}

    def add_json(self, value, media_type):
        path = os.path.join(self.folder, media_type)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1, sort_keys=True)
        return self.add_file(path, media_type)

    def write(self, path, index, created):
        def entry(name, size, kind=tarfile.REGTYPE):
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.type = size, created, kind
            info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
            return info

        with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
            for name, value in (("oci-layout", {"imageLayoutVersion": "1.0.0"}),
                                ("index.json", index)):
                text = json.dumps(value, indent=1, sort_keys=True).encode()
                tar.addfile(entry(name, len(text)), io.BytesIO(text))
            for name in ("blobs", "blobs/sha256"):
                tar.addfile(entry(name, 0, tarfile.DIRTYPE))
            for digest, blob in sorted(self.blobs):
                with open(blob, "rb") as file:
                    tar.addfile(entry("blobs/" + digest.replace(":", "/"), os.path.getsize(blob)),
                                file)


def main():
    parser = argparse.ArgumentParser(description="Makes an OCI image of one layer.")
    parser.add_argument("--layer", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--revision", required=True)
    parser.add_argument("--created", required=True, type=int)
    parser.add_argument("out")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(arguments.out))) as folder:
        layout = Layout(folder)
        packed = os.path.join(folder, "layer.tar.gz")
        with open(packed, "wb") as out, open(arguments.layer, "rb") as layer, \
                gzip.GzipFile("", "wb", 6, out, mtime=0) as stream:
            shutil.copyfileobj(layer, stream, 1 << 20)
        config = configuration(arguments, digest_of(arguments.layer), user_of(arguments.layer))
        manifest = layout.add_json({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": layout.add_json(config, "config.v1+json"),
            "layers": [layout.add_file(packed, "layer.v1.tar+gzip")],
        }, "manifest.v1+json")
        name = f"packet-heatmap:{arguments.version}"
        index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                 "manifests": [{**manifest, "platform": {"architecture": "amd64", "os": "linux"},
                                "annotations": {"org.opencontainers.image.ref.name": name}}]}
        part = os.path.join(folder, "image")
        layout.write(part, index, arguments.created)
        os.replace(part, arguments.out)


if __name__ == "__main__":
    main()
