/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Captures: files, folders of them, pipes. Read by a thread (capture_reader.h), because net_pcap
 * hands over bytes alone: neither the link type of each packet nor its time, reads in the lane, and
 * knows no compression, no pipe and no second file.
 */
#include "capture_reader.h"
#include "kind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int
file_setup(struct port *port, void (*note)(const char *text), char error[256])
{
	struct capture_reader_settings s = *port->settings.captures;

	(void)note; /* the reader has its own */
	s.queues = port->queues;
	port->own = capture_reader_create(&s);
	port->settings.captures = NULL;
	if (port->own != NULL)
		return 0;
	snprintf(error, 256, "%s: %s", port->source, strerror(errno));
	return -errno;
}

static int
file_start(struct port *port, char error[256])
{
	int ret = capture_reader_start(port->own);

	if (ret != 0)
		snprintf(error, 256, "%s: no thread to read it: %s", port->source, strerror(-ret));
	return ret;
}

static void
file_stop(struct port *port)
{
	capture_reader_stop(port->own);
}

static void
file_close(struct port *port)
{
	capture_reader_free(port->own);
	port->own = NULL;
}

static uint16_t
file_receive(struct port *port, uint16_t queue, struct port_frame *frames, uint16_t most,
	     uint32_t *type)
{
	return capture_reader_receive(port->own, queue, frames, most, type);
}

static int
file_counters(struct port *port, struct port_counters *counters)
{
	capture_reader_counters(port->own, counters);
	return 0;
}

struct capture_reader *
port_captures(const struct port *port)
{
	return port->kind == &port_kind_file ? port->own : NULL;
}

const struct port_kind port_kind_file = {
	.name = "capture",
	.drivers = {"libpcap"},
	.gone = "gone",
	.all_queues = true,
	.paced = true,
	.setup = file_setup,
	.start = file_start,
	.stop = file_stop,
	.close = file_close,
	.receive = file_receive,
	.counters = file_counters,
};
