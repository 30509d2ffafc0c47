#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""packet-heatmap-ship against Apache Kafka itself: nothing is lost while brokers die and come back,
and what is wrong is said."""

import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "smoke"))
# pylint: disable=wrong-import-position
from smoke import Smoke, main, wait_until
from test_ship import Shipping, TOPIC

from confluent_kafka import Consumer, TopicPartition, libversion
from confluent_kafka.admin import AdminClient, NewTopic

from kafka import Kafka, Secured

PATIENCE = 180


def make_topic(cluster, partitions=3, replicas=1, topic=TOPIC, **config):
    admin = AdminClient({"bootstrap.servers": cluster.address})
    made = admin.create_topics([NewTopic(topic, partitions, replicas, config={
        name.replace("_", "."): value for name, value in config.items()})])
    made[topic].result(PATIENCE)


def read(cluster, partitions=3):
    """All messages: [(key, octets)], each partition in its order."""
    consumer = Consumer({"bootstrap.servers": cluster.address, "group.id": "test",
                         "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    found = []
    try:
        for number in range(partitions):
            _, end = consumer.get_watermark_offsets(TopicPartition(TOPIC, number),
                                                    timeout=PATIENCE)
            consumer.assign([TopicPartition(TOPIC, number, 0)])
            at = 0
            while at < end:
                message = consumer.poll(PATIENCE)
                if message is None or message.error():
                    raise AssertionError(f"{message and message.error()}")
                found.append((message.key().decode(), message.value()))
                at = message.offset() + 1
    finally:
        consumer.close()
    return found


class Real(Shipping, Smoke):
    def conf(self, **properties):
        path = self.file("kafka.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{name.replace('_', '.')} = {value}\n"
                            for name, value in properties.items())
        return path

    def test_one_node(self):
        records = self.make_records()
        with Kafka() as cluster:
            make_topic(cluster)
            code, said = self.shipped("--brokers", cluster.address)
            self.assertEqual(code, 0, said)
            self.assertEqual(read(cluster), [("s-1", octets) for octets in records.values()])
        self.assertEqual(self.waiting(), {})

    def test_a_broker_that_is_killed_and_comes_back(self):
        with Kafka() as cluster:
            make_topic(cluster)
            with self.running("--pcap", self.world.capture("plain"), "--records", self.folder,
                              "--period", "0.2", "--name", "s-1") as program:
                process = self.ship("--brokers", cluster.address, once=False)
                try:
                    records = {}

                    def written(least):
                        records.update(self.waiting())
                        return program.status()["records"]["written"] >= least

                    wait_until(lambda: written(10), program, PATIENCE)
                    cluster.nodes[0].stop(signal.SIGKILL)
                    wait_until(lambda: written(30), program, PATIENCE)
                    cluster.nodes[0].start()
                    cluster.nodes[0].wait()
                    wait_until(lambda: program.status()["records"]["waiting"] <= 1, program,
                               PATIENCE)
                    status = program.status()["records"]
                finally:
                    code, said = self.ended(process)
            self.assertEqual(code, 0, said)
            code, said = self.shipped("--brokers", cluster.address)
            self.assertEqual(code, 0, said)
            found = read(cluster)
        self.assertEqual(status["dropped"], 0)
        numbers = self.numbers([octets for _, octets in found])
        self.assertEqual(sorted(set(numbers)), list(range(1, max(numbers) + 1)))
        self.assertGreaterEqual(max(numbers), 30)

    def test_three_nodes_and_the_leader_dies(self):
        records = self.make_records()
        with Kafka(3, offsets_topic_replication_factor=3) as cluster:
            make_topic(cluster, 1, 3, min_insync_replicas="2")
            admin = AdminClient({"bootstrap.servers": cluster.address})
            leader = admin.list_topics(TOPIC, PATIENCE).topics[TOPIC].partitions[0].leader
            cluster.nodes[leader - 1].stop(signal.SIGKILL)
            code, said = self.shipped("--brokers", cluster.address)
            self.assertEqual(code, 0, said)
            found = [octets for _, octets in read(cluster, 1)]
        self.assertEqual(list(dict.fromkeys(found)), list(records.values()))

    def test_without_its_topic_records_wait(self):
        records = self.make_records()
        with Kafka() as cluster:
            code, said = self.shipped("--brokers", cluster.address)
            self.assertEqual(code, 1, said)
            self.assertIn("Unknown topic", said)
            self.assertEqual(self.waiting(), records)
            make_topic(cluster)
            code, said = self.shipped("--brokers", cluster.address)
            self.assertEqual(code, 0, said)
            self.assertEqual(len(read(cluster)), len(records))

    def test_a_message_that_the_broker_finds_too_large_is_set_aside(self):
        records = self.make_records()
        sizes = sorted(len(octets) for octets in records.values())
        with Kafka() as cluster:
            make_topic(cluster, max_message_bytes=str(100))
            code, said = self.shipped("--brokers", cluster.address)
            self.assertEqual(code, 0, said)
            self.assertIn(".refused", said)
        self.assertGreater(sizes[-1], 100)
        self.assertTrue(any(name.endswith(".refused") for name in os.listdir(self.folder)))

    def test_encrypted_and_with_a_password(self):
        records = self.make_records()
        secured = Secured(self.cwd)

        def conf(**changed):
            return self.conf(**{
                "security_protocol": "SASL_SSL", "ssl_ca_location": secured.ca,
                "sasl_mechanism": "PLAIN", "sasl_username": secured.user,
                "sasl_password": secured.password, "message_timeout_ms": 3000, **changed})

        # librdkafka's change 4895 is not in Debian 12's
        broken = [({"sasl_mechanism": "SCRAM-SHA-512"}, "cannot log in by SCRAM to Kafka 4")]
        if libversion()[1] >= 0x020601ff:
            broken = []
        with Kafka(secured=secured) as cluster:
            make_topic(cluster)
            for wrong, said in (({"sasl_password": "guessed"}, "(?i)authentication failed"),
                                ({"ssl_ca_location": "/etc/ssl/certs/ca-certificates.crt"},
                                 "(?i)certificate verify failed"), *broken):
                code, text = self.shipped("--brokers", cluster.secure_address, "--kafka-conf",
                                          conf(**wrong))
                self.assertEqual(code, 1, text)
                self.assertRegex(text, said)
                self.assertNotIn("guessed", text)
                self.assertEqual(self.waiting(), records)
            code, text = self.shipped("--brokers", cluster.secure_address, "--kafka-conf", conf())
            self.assertEqual(code, 0, text)
            self.assertEqual([octets for _, octets in read(cluster)], list(records.values()))

    def test_a_broker_that_says_nothing(self):
        """As behind a cut line: connected, and no answer. What was under way comes again."""
        records = self.make_records()
        conf = self.conf(message_timeout_ms=3000, socket_timeout_ms=3000)
        with Kafka() as cluster:
            make_topic(cluster)
            cluster.nodes[0].process.send_signal(signal.SIGSTOP)
            code, said = self.shipped("--brokers", cluster.address, "--kafka-conf", conf)
            self.assertEqual(code, 1, said)
            self.assertEqual(self.waiting(), records)
            cluster.nodes[0].process.send_signal(signal.SIGCONT)
            code, said = self.shipped("--brokers", cluster.address)
            self.assertEqual(code, 0, said)
            found = [octets for _, octets in read(cluster)]
        self.assertEqual(list(dict.fromkeys(found)), list(records.values()))

    def test_a_broker_whose_disk_is_full(self):
        records = self.make_records()
        disk = self.file("disk")
        os.makedirs(disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        with Kafka(log_dirs=os.path.join(disk, "data"), log_segment_bytes=1048576,
                   log_index_size_max_bytes=4096) as cluster:
            make_topic(cluster)
            filler = os.path.join(disk, "filler")
            with open(filler, "wb", buffering=0) as file:
                try:
                    while file.write(bytes(65536)) == 65536:
                        pass
                except OSError:
                    pass
            code, said = self.shipped("--brokers", cluster.address, "--kafka-conf",
                                      self.conf(message_timeout_ms=3000))
            self.assertEqual(code, 1, said)
            left = self.waiting()
            self.assertTrue(left)
            cluster.nodes[0].stop()
            os.unlink(filler)
            cluster.nodes[0].start()
            cluster.nodes[0].wait()
            code, said = self.shipped("--brokers", cluster.address)
            self.assertEqual(code, 0, said)
            found = [octets for _, octets in read(cluster)]
        self.assertEqual(list(dict.fromkeys(found)), list(records.values()))


if __name__ == "__main__":
    main()
