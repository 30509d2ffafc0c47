/* SPDX-License-Identifier: BSD-3-Clause */
/* A capture that net_pcap plays, in a loop or as EAL's arguments say: it has a file for each queue.
 */
#include "kind.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

/* The PMD hands over octets only: what they are the file says. */
static void
capture_open(struct port *port)
{
	char error[PCAP_ERRBUF_SIZE], path[sizeof(port->arguments)];
	const char *at = strstr(port->arguments, "rx_pcap=");

	if (at == NULL)
		return;
	at += strlen("rx_pcap=");
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(at, ","), at);
	pcap_t *pcap = pcap_open_offline(path, error);
	if (pcap != NULL) {
		port->type = PORT_TYPE_DLT | (uint32_t)pcap_datalink(pcap);
		pcap_close(pcap);
	}
	const char *slash = strrchr(path, '/');
	if (port->source[0] == 0)
		snprintf(port->source, sizeof(port->source), "%.*s", (int)sizeof(port->source) - 1,
			 slash ? slash + 1 : path);
}

const struct port_kind port_kind_capture = {
	.name = "capture",
	.drivers = {"net_pcap"},
	.gone = "gone",
	.all_queues = true,
	.paced = true,
	.open = capture_open,
};
