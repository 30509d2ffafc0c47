# SPDX-License-Identifier: BSD-3-Clause
"""Apache Kafka in KRaft mode on loopback, for as long as a with statement lasts.

The jars come by Maven (pom.xml) into build-test/kafka, once. Each node is broker and controller, in
a folder of its own, with ports that the kernel chooses.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
JARS = os.environ.get("KAFKA_JARS") or os.path.join(HERE, "../../build-test/kafka")
CLUSTER = "cGFja2V0LWhlYXRtYXAtMQ"  # any 16 octets, base64
PATIENCE = 120

# it ends with the test, however that ends
JAVA = ["setpriv", "--pdeathsig", "KILL", "java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]


def fetch(folder=JARS):
    """Three tries: a repository that is busy for a moment is no failure."""
    if os.path.exists(os.path.join(folder, "done")):
        return
    for attempt in range(3):
        done = subprocess.run(
            ["mvn", "-q", "-B", "-f", os.path.join(HERE, "pom.xml"),
             "dependency:copy-dependencies", f"-DoutputDirectory={os.path.abspath(folder)}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=900, check=False)
        if done.returncode == 0:
            break
        time.sleep(5 * (attempt + 1))
    if done.returncode != 0:
        raise RuntimeError(f"Maven could not fetch Kafka:\n{done.stdout[-3000:]}")
    with open(os.path.join(folder, "done"), "w", encoding="utf-8"):
        pass


def free_ports(count):
    """Held until all are known, so that none comes twice."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Node:
    def __init__(self, folder, number, ports, host, prefix):
        self.folder = os.path.join(folder, f"node{number}")
        self.number, self.host, self.prefix = number, host, prefix
        self.port, controller, self.secure_port = ports
        self.controller = f"127.0.0.1:{controller}"
        self.process = None

    def prepare(self, controllers, settings, secured):
        os.makedirs(self.folder)
        listeners = f"PLAINTEXT://{self.host}:{self.port}"
        if secured is not None:
            listeners += f",SECURED://127.0.0.1:{self.secure_port}"
        values = {
            "process.roles": "broker,controller",
            "node.id": self.number,
            "controller.quorum.voters":
                ",".join(f"{n.number}@{n.controller}" for n in controllers),
            "listeners": f"{listeners},CONTROLLER://{self.controller}",
            "advertised.listeners": listeners,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map":
                "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL",
            "log.dirs": os.path.join(self.folder, "data"),
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "broker.session.timeout.ms": 2000,
            "broker.heartbeat.interval.ms": 500,
            "auto.create.topics.enable": "false",
            "log.message.timestamp.type": "LogAppendTime",
            **(secured.properties() if secured else {}),
            **settings,
        }
        self.conf = os.path.join(self.folder, "server.properties")
        with open(self.conf, "w", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in values.items())
        self.java("kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER, "--config",
                  self.conf, *(secured.users() if secured else []))

    def java(self, *words):
        done = subprocess.run([*JAVA, "-cp", os.path.join(JARS, "*"), *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{words}:\n{done.stdout[-3000:]}")

    def start(self):
        with open(os.path.join(self.folder, "log"), "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*self.prefix, *JAVA, "-cp", os.path.join(JARS, "*"), "kafka.Kafka", self.conf],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            if self.answers():
                return
            time.sleep(0.1)
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
            raise RuntimeError(f"Kafka does not start:\n{log.read()[-3000:]}")

    def answers(self):
        if self.prefix:
            done = subprocess.run([*self.prefix, "bash", "-c", f"exec 3<>/dev/tcp/{self.host}/"
                                   f"{self.port}"], stderr=subprocess.DEVNULL, timeout=PATIENCE,
                                  check=False)
            return done.returncode == 0
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 1):
            return True
        return False

    def stop(self, how=signal.SIGKILL):
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(60)
        finally:
            self.process.kill()
            self.process.wait()
            self.process = None


class Secured:
    """A second listener, by TLS, for one who knows the password. `ca`: who signs its certificate."""

    user, password = "sensor", "let me # in"

    def __init__(self, folder):
        self.ca = os.path.join(folder, "ca.pem")
        self.store = os.path.join(folder, "store.pem")
        key = os.path.join(folder, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", key, "-out", self.ca, "-days", "2", "-subj", "/CN=127.0.0.1",
             "-addext", "subjectAltName=IP:127.0.0.1"],
            check=True, capture_output=True, timeout=PATIENCE)
        with open(self.store, "w", encoding="utf-8") as store:
            for path in (key, self.ca):
                with open(path, encoding="utf-8") as part:
                    store.write(part.read())

    def properties(self):
        own = "listener.name.secured."
        return {
            own + "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            own + "plain.sasl.jaas.config":
                "org.apache.kafka.common.security.plain.PlainLoginModule required "
                f'user_{self.user}="{self.password}";',
            own + "scram-sha-512.sasl.jaas.config":
                "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            own + "ssl.keystore.type": "PEM",
            own + "ssl.keystore.location": self.store,
        }

    def users(self):
        return ["--add-scram", f"SCRAM-SHA-512=[name={self.user},password={self.password}]"]


class Kafka:
    """A cluster of so many nodes; `settings`: further server properties. In a `namespace` it is
    reached as `host`."""

    def __init__(self, nodes=1, secured=None, namespace=None, host="127.0.0.1", **settings):
        fetch()
        self.host, self.prefix = host, namespace.prefix if namespace else ()
        self.secured = secured
        self.settings = {name.replace("_", "."): value for name, value in settings.items()}
        self.count = nodes

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="packet-heatmap-kafka.")
        ports = free_ports(3 * self.count)
        self.nodes = [Node(self.folder, i + 1, ports[3 * i:3 * i + 3], self.host, self.prefix)
                      for i in range(self.count)]
        try:
            for node in self.nodes:
                node.prepare(self.nodes, self.settings, self.secured)
            for node in self.nodes:
                node.start()
            for node in self.nodes:
                node.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def secure_address(self):
        return ",".join(f"127.0.0.1:{node.secure_port}" for node in self.nodes)

    @property
    def address(self):
        return ",".join(f"{self.host}:{node.port}" for node in self.nodes)
