/* SPDX-License-Identifier: BSD-3-Clause */
#include "as_user.h"
#include "check.h"
#include "doctor.h"
#include "eal.h"
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* link negotiation takes 1 to 5 s on copper */
#define PROBE_LINK_MS  6000
#define PROBE_LIMIT_MS 20000

static bool
is_bifurcated(const char *driver)
{
	return strcmp(driver, "mlx5_core") == 0 || strcmp(driver, "mlx4_core") == 0 ||
	       strcmp(driver, "mana") == 0;
}

static void
ask_read_write(const void *path, struct verdict *answer)
{
	answer->error = access(path, R_OK | W_OK) == 0 ? 0 : errno;
}

/* vfio's node of a card's group. NULL if the card has none. */
static const char *
vfio_node(const struct doctor *d, const char *address, char *node, size_t size)
{
	char path[160], group[64];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", address);
	if (link_target(d, path, group, sizeof(group)) == NULL)
		return NULL;
	snprintf(node, size, "%s/dev/vfio/%s%.20s", d->plan->root,
		 is_group_without_iommu(d, group) ? "noiommu-" : "", group);
	return node;
}

/* True if the card can be opened, so that it is worth asking it. */
static bool
check_driver(struct doctor *d, const char *address)
{
	char path[160], driver[64], node[PATH_MAX], remedy[160];
	struct verdict answer;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", address);
	if (!is_there(d, path)) {
		say(d, CHECK_FAULT, "driver", SETUP " status", "there is no PCI device %s",
		    address);
		return false;
	}
	snprintf(remedy, sizeof(remedy), SETUP " bind %s", address);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", address);
	if (link_target(d, path, driver, sizeof(driver)) == NULL) {
		say(d, CHECK_FAULT, "driver", remedy, "%s has none", address);
		return false;
	}
	if (is_bifurcated(driver)) {
		say(d, CHECK_OK, "driver", NULL, "%s is at %s, which DPDK shares with the kernel",
		    address, driver);
		return true;
	}
	if (strcmp(driver, "vfio-pci") != 0) {
		bool other =
			strcmp(driver, "uio_pci_generic") == 0 || strcmp(driver, "igb_uio") == 0;

		say(d, other ? CHECK_WARNING : CHECK_FAULT, "driver", remedy,
		    other ? "%s is at %s, which protects no memory and wants root"
			  : "%s still belongs to the kernel's %s",
		    address, driver);
		return other;
	}
	say(d, CHECK_OK, "driver", NULL, "%s is at vfio-pci", address);

	if (vfio_node(d, address, node, sizeof(node)) == NULL)
		return true; /* no-IOMMU mode has said its warning */
	as_user_ask(who(d), ask_read_write, node, &answer);
	if (answer.error != 0) {
		const char *user = who(d);

		say(d, CHECK_FAULT, "permissions", remedy, "%s may not open %s",
		    user ? user : "this user", node);
		return false;
	}
	say(d, CHECK_OK, "permissions", NULL, "%s can be opened", node);
	return true;
}

/* What a card says of itself once EAL drives it. */
struct probe {
	bool started, link_up, absent;
	uint16_t queues;
	uint64_t rss;
	uint32_t mbps;
	char error[256];
};

/* In the child: EAL with this one card, started, until its link is up or the time is over. */
static void
probe_in_child(const char *address, bool huge, struct probe *probe)
{
	const struct port_settings settings = {
		.queues = 1,
		.rx_descriptors = 256,
		.data_room = 2048,
		.burst = 32,
		.cache = 32,
	};
	char prefix[64], device[64];
	char *argv[16];
	int argc = 0;
	struct port port = {0};
	struct rte_eth_dev_info info;
	const char *fixed[] = {"check", "--no-telemetry", "--no-shconf", "--log-level=*:3"};
	static char texts[16][64];

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		snprintf(texts[argc++], sizeof(texts[0]), "%s", fixed[i]);
	snprintf(prefix, sizeof(prefix), "--file-prefix=check-%d", (int)getpid());
	snprintf(texts[argc++], sizeof(texts[0]), "%s", prefix);
	snprintf(device, sizeof(device), "-a%s", address);
	snprintf(texts[argc++], sizeof(texts[0]), "%s", device);
	snprintf(texts[argc++], sizeof(texts[0]), "%s", huge ? "--in-memory" : "--no-huge");
	if (!huge)
		snprintf(texts[argc++], sizeof(texts[0]), "-m64");
	for (int i = 0; i < argc; i++)
		argv[i] = texts[i];
	argv[argc] = NULL;

	if (rte_eal_init(argc, argv) < 0) {
		snprintf(probe->error, sizeof(probe->error), "EAL does not start: %s",
			 rte_strerror(rte_errno));
		return;
	}
	if (rte_eth_dev_count_avail() == 0) {
		/* held by another process, or of no driver that is installed */
		probe->absent = true;
		return;
	}
	if (rte_eth_dev_info_get(0, &info) == 0) {
		probe->queues = info.max_rx_queues;
		probe->rss = info.flow_type_rss_offloads;
	}
	if (port_configure(&port, 0, &settings, NULL, probe->error) == 0 &&
	    port_start(&port, NULL, probe->error) == 0) {
		probe->started = true;
		for (int ms = 0; ms < PROBE_LINK_MS && port.link != PORT_LINK_UP; ms += 100) {
			usleep(100 * 1000);
			port_poll_link(&port);
		}
		probe->link_up = port.link == PORT_LINK_UP;
		probe->mbps = port.link_mbps;
	}
	port_close(&port);
	eal_stop();
}

/* 0 with *probe filled, or -errno. */
static int
probe_card(const char *address, bool huge, struct probe *probe)
{
	int ends[2], status, ret = -EIO;
	struct pollfd waiting;
	pid_t child;

	memset(probe, 0, sizeof(*probe));
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	fflush(NULL);
	child = fork();
	if (child == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		/* EAL and its drivers print; here only our lines count */
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		probe_in_child(address, huge, probe);
		_exit(write(ends[1], probe, sizeof(*probe)) == sizeof(*probe) ? 0 : 1);
	}
	close(ends[1]);
	waiting = (struct pollfd){.fd = ends[0], .events = POLLIN};
	if (child > 0 && poll(&waiting, 1, PROBE_LIMIT_MS) == 1 &&
	    read(ends[0], probe, sizeof(*probe)) == sizeof(*probe))
		ret = 0;
	else if (child > 0)
		kill(child, SIGKILL);
	if (child > 0)
		waitpid(child, &status, 0);
	close(ends[0]);
	return child < 0 ? -EAGAIN : ret;
}

/* vfio gives a group to one process at a time. */
static bool
is_held(const struct doctor *d, const char *address)
{
	char node[PATH_MAX];
	int fd;

	if (vfio_node(d, address, node, sizeof(node)) == NULL)
		return false;
	fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == EBUSY;
}

static void
probe_and_say(struct doctor *d, const char *address)
{
	const unsigned int wanted = d->settings->lanes > 0 ? d->settings->lanes : d->plan->lanes;
	const bool huge = !d->settings->no_huge && eal_huge_free() >= (64u << 20);
	struct probe probe;

	if (probe_card(address, huge, &probe) != 0) {
		say(d, CHECK_FAULT, "link", "journalctl -k -g vfio",
		    "%s did not answer within %d s", address, PROBE_LIMIT_MS / 1000);
		return;
	}
	if (probe.absent && is_held(d, address)) {
		say(d, CHECK_OK, "link", NULL,
		    "%s is held by a running process; its /api/v1/status tells the link", address);
		say(d, CHECK_OK, "RSS", NULL, "%s is held by a running process", address);
		return;
	}
	if (probe.absent) {
		say(d, CHECK_FAULT, "link",
		    "apt install the driver of the card: apt-cache search librte-net lists them",
		    "no driver of DPDK that is installed takes %s", address);
		return;
	}
	if (!probe.started) {
		say(d, CHECK_FAULT, "link", "journalctl -k -g vfio", "%s does not start: %s",
		    address, probe.error);
		return;
	}
	if (probe.link_up)
		say(d, CHECK_OK, "link", NULL, "%s up, %u Mbit/s", address, probe.mbps);
	else
		say(d, CHECK_WARNING, "link",
		    "plug in the cable, or switch on the port at its other end", "%s down",
		    address);
	if (wanted <= 1)
		say(d, CHECK_OK, "RSS", NULL, "%s offers %u RX queues; one is used", address,
		    probe.queues);
	else if (probe.rss == 0 || probe.queues < 2)
		say(d, CHECK_WARNING, "RSS", "lanes = 1",
		    "%s offers no spread over queues: one lane instead of %u", address, wanted);
	else
		say(d, probe.queues < wanted ? CHECK_WARNING : CHECK_OK, "RSS", NULL,
		    "%s offers %u RX queues and a spread over them; %u are wanted", address,
		    probe.queues, wanted);
}

void
check_card(struct doctor *d, const char *address)
{
	if (check_driver(d, address))
		probe_and_say(d, address);
}
