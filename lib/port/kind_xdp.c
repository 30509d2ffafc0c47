/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An interface that stays the kernel's, whose packets are taken before the kernel looks at them:
 * net_af_xdp. Each RX queue of the card has a socket; nobody else gets what comes in.
 *
 * The driver keeps 2,048 buffers in the kernel's hands (its fill queue), whatever is asked for.
 * That many packets may come between two looks, so the pauses of its lanes are short.
 */
#include "ethtool.h"
#include "interface.h"
#include "kind.h"
#include "xdp.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* the fill queue, the RX ring (never full then), the lane's burst, the caches */
#define FILL_QUEUE 2048
#define RX_RING    2048

/*
 * A buffer is at most a page. Before the frame stand the mempool's header (64), the mbuf (128), its
 * head room (128), and the kernel's (256). A mempool makes objects as long as an odd number of
 * cache lines, so that they spread over the memory's channels: 63 lines, and 3,456 octets for the
 * frame.
 */
#define OBJECT        (63 * 64)
#define XDP_HEAD_ROOM 256
#define XDP_DATA_ROOM (OBJECT - 64 - 128 - RTE_PKTMBUF_HEADROOM)

_Static_assert(XDP_MTU_MAX + RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN + XDP_HEAD_ROOM <= XDP_DATA_ROOM,
	       "the longest frame fits");

/* libxdp and libbpf say on stderr what went wrong, and much else. The last line is kept. */
static char said[160];

static int __attribute__((format(printf, 2, 0)))
keep_line(int level, const char *format, va_list args)
{
	char line[sizeof(said)];

	(void)level;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = 0;
	if (line[0] != 0 && strstr(line, "bpffs") == NULL)
		memcpy(said, line, sizeof(said));
	return 0;
}

static void
hush(const char *library, const char *setter)
{
	typedef int print_function(int, const char *, va_list);
	typedef print_function *set_function(print_function *);
	void *handle = dlopen(library, RTLD_NOW | RTLD_NOLOAD); /* the driver has loaded it */
	set_function *set = NULL;

	if (handle == NULL)
		return;
	*(void **)&set = dlsym(handle, setter);
	if (set != NULL)
		set(keep_line);
	dlclose(handle);
}

static void
xdp_open(struct port *port)
{
	port_interface_open(port);
	hush("libxdp.so.1", "libxdp_set_print");
	hush("libbpf.so.1", "libbpf_set_print");
	said[0] = 0;
}

/* What the driver needs, whatever is asked for. */
static void
xdp_adjust(struct port_settings *s)
{
	s->rx_descriptors = RX_RING;
	if (s->mbufs != 0)
		s->mbufs = s->mbufs > 2 * FILL_QUEUE ? s->mbufs : 2 * FILL_QUEUE;
	else
		s->mbufs = FILL_QUEUE + RX_RING + s->burst + 2 * s->cache + 1;
	s->data_room = XDP_DATA_ROOM;
}

static const char *
xdp_why(void)
{
	return said;
}

static void
xdp_tune(struct port *port, void (*note)(const char *text))
{
	port_interface_keep(port, note);
	port->merged_packets = false; /* it takes them before they are merged */
}

/* Of its 2,048 buffers. More than a twelfth of a millisecond: a wake-up costs as much as 50
 * packets, and no copying driver brings 16 million packets/s. */
static uint32_t
xdp_pause(const struct port *port)
{
	(void)port;
	return 200;
}

const struct port_kind port_kind_xdp = {
	.name = "interface",
	.drivers = {"net_af_xdp"},
	.gone = INTERFACE_GONE,
	.all_queues = true,
	.pause = xdp_pause,
	.pairs_queues = true,
	.open = xdp_open,
	.adjust = xdp_adjust,
	.why = xdp_why,
	.tune = xdp_tune,
	.link = port_interface_link,
	.is_back = port_interface_returned,
};
