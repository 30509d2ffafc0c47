/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of the process, and the only file that ends it.
 *
 *   1. our arguments are read and everything that can be wrong is looked at: databases, captures,
 *      interfaces, output files, the listen address. A bad word fails before anything is touched.
 *   2. signals are blocked, then EAL starts: every thread inherits the mask, no handler exists.
 *   3. ports -> tables -> databases -> ports started -> lanes -> web server (from the main lcore,
 * so that its threads stay off the RX CPUs).
 *   4. sigtimedwait is both the clock of the periods and the way to be stopped.
 *   5. down in reverse; each step tolerates "never started": the error path is the shutdown path.
 */
#include "as_user.h"
#include "assets.h"
#include "browser.h"
#include "check.h"
#include "config.h"
#include "eal.h"
#include "file.h"
#include "geo.h"
#include "http.h"
#include "log.h"
#include "mgmt_lcore.h"
#include "notify.h"
#include "options.h"
#include "port_events.h"
#include "privileges.h"
#include "rx_lcore.h"
#include "sources.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define EXIT_USAGE 2

/* Sooner than anybody looks at the wall. More often where the service manager's watchdog wants it.
 */
#define POLL_EVENTS_NS       1000000000ull
#define POLL_EVENTS_LEAST_NS 10000000ull

/* pools: a cache of 256 mbufs for each lcore halves the trips to the shared ring */
#define POOL_CACHE 256

struct app {
	struct settings settings;
	struct config *config; /* holds texts of settings */
	char devices[LIST_MAX][DEVICE_NAME_MAX];
	struct geo_paths geo;
	struct capture captures[LIST_MAX];
	struct eal_plan plan;
	struct port_settings port_settings;
	struct port ports[MANAGER_MAX_PORTS];
	unsigned int port_count;
	struct rx_lane *lanes[PORT_MAX_QUEUES];
	unsigned int lane_count;
	struct manager manager;
	struct http *http;
	char host_name[256], listen[80];
	char *settings_json, security_json[256];
	bool eal_started, lanes_running;
	struct port_events events;
};

/* large, and EAL keeps pointers into it until the end */
static struct app app;

static int
fail_usage(const char *text)
{
	log_text(text);
	return EXIT_USAGE;
}

static int
fail(const char *text)
{
	log_text(text);
	return EXIT_FAILURE;
}

static int
check_output(const char *path, const char *option)
{
	int error = path ? file_check(path) : 0;

	if (error == 0)
		return 0;
	log_line("--%s %s: cannot write there: %s", option, path, strerror(-error));
	return -1;
}

/*
 * Can a lane meet more hosts than its table holds? Not where all there is are captures with at most
 * a quarter as many packets (two hosts each, and a table that is half full takes every key): then
 * the map of the database for hosts beyond the table, 1.6 s of work, is not needed.
 */
static bool
tables_can_fill(const struct app *a)
{
	const struct settings *s = &a->settings;

	if (s->pcaps.count == 0 || s->interfaces.count > 0 || s->devices.count > 0)
		return true;
	for (unsigned int i = 0; i < s->pcaps.count; i++) {
		if (a->captures[i].packets > s->hosts_per_lane / 4)
			return true;
	}
	return false;
}

/* Step 1: all that can be known before EAL. */
static int
preflight(struct app *a)
{
	const struct settings *s = &a->settings;
	char error[LOCATE_ERROR_MAX > SOURCES_ERROR_MAX ? LOCATE_ERROR_MAX : SOURCES_ERROR_MAX];

	if (geo_find(s, &a->geo, error) != 0)
		return fail(error);
	a->manager.locate = locate_create(a->geo.list, a->geo.count, error);
	if (a->manager.locate == NULL)
		return fail(error);
	for (unsigned int i = 0; i < s->interfaces.count; i++) {
		if (interface_check(s->interfaces.items[i], error) != 0)
			return fail(error);
		for (unsigned int k = 0; k < i; k++) {
			if (strcmp(s->interfaces.items[i], s->interfaces.items[k]) == 0) {
				log_line("--interface %s is named twice: its packets would count "
					 "twice",
					 s->interfaces.items[i]);
				return EXIT_USAGE;
			}
		}
	}
	if (interface_check_memory(s->interfaces.count * RTE_MAX(s->lanes, 1u), error) != 0)
		return fail(error);
	for (unsigned int i = 0; i < s->devices.count; i++) {
		if (device_check(s->devices.items[i], error) != 0)
			return fail(error);
	}
	for (unsigned int i = 0; i < s->pcaps.count; i++) {
		if (capture_open(s->pcaps.items[i], s->strict, NULL, &a->captures[i], error) != 0)
			return fail(error);
		if (a->captures[i].packets == 0) {
			log_line("%s: the capture holds no packets", s->pcaps.items[i]);
			if (s->pcap_loop)
				return EXIT_FAILURE;
		}
		if (s->pcap_loop && a->captures[i].longest > 65280) {
			log_line("%s: a frame of %u octets is too long to be looped (65,280 at "
				 "most)",
				 s->pcaps.items[i], a->captures[i].longest);
			return EXIT_FAILURE;
		}
	}
	if (!s->once) /* which says it at its end, and that is now */
		captures_log_damage(a->captures, s->pcaps.count, log_text);
	int status = tables_can_fill(a) ? manager_make_map(&a->manager) : 0;
	if (status != 0) {
		log_line("cannot lay out the geolocation database in memory: %s",
			 strerror(-status));
		return EXIT_FAILURE;
	}
	if (check_output(s->html, "html") != 0 || check_output(s->hosts, "hosts") != 0 ||
	    check_output(s->status, "status") != 0)
		return EXIT_FAILURE;
	if (a->listen[0] != 0 && as_user_listen(s->user, a->listen, error) != 0)
		return fail(error);
	return EXIT_SUCCESS;
}

/* Sizes that follow from the sources. */
static void
size_ports(struct app *a)
{
	const struct settings *s = &a->settings;
	struct port_settings *p = &a->port_settings;
	uint32_t longest = 0;
	uint64_t packets = 0;

	for (unsigned int i = 0; i < s->pcaps.count; i++) {
		longest = RTE_MAX(longest, a->captures[i].longest);
		packets = RTE_MAX(packets, a->captures[i].packets);
	}
	p->rx_descriptors = (uint16_t)s->rx_descriptors;
	p->burst = s->burst;
	p->cache = POOL_CACHE;
	p->promiscuous = !s->no_promiscuous;
	p->mtu = (uint16_t)s->mtu;
	/* net_af_packet wants room for a ring frame; longer captured frames take several buffers,
	 * but for a loop, where the PMD wants one */
	uint32_t room = s->data_room ? s->data_room : 2048;
	if (s->data_room == 0 && s->pcap_loop)
		room = longest <= 128 ? 128 : longest;
	else if (s->data_room == 0 && s->mtu + 26 > room)
		room = RTE_MIN(s->mtu + 26, 9728u);
	p->data_room = (uint16_t)RTE_ALIGN_CEIL(room, 64u);

	/* infinite_rx keeps the whole capture in the queue's pool, and hands out copies */
	uint32_t segments = (longest + p->data_room - 1) / p->data_room + 1;
	p->mbufs = s->mbufs;
	if (p->mbufs == 0 && s->pcap_loop)
		p->mbufs = (uint32_t)packets + 4 * (p->burst + p->cache);
	else if (p->mbufs == 0 && segments > 2)
		p->mbufs = p->rx_descriptors + p->burst * segments + 4 * p->cache;
}

/* The name under which the user knows a port. */
static void
name_port(struct port *port, uint16_t id, const struct settings *s)
{
	char name[RTE_ETH_NAME_MAX_LEN] = "";
	unsigned int i;

	rte_eth_dev_get_name_by_port(id, name);
	if (sscanf(name, "net_af_packet%u", &i) == 1 && i < s->interfaces.count) {
		snprintf(port->source, sizeof(port->source), "%s", s->interfaces.items[i]);
		snprintf(port->interface, sizeof(port->interface), "%s", s->interfaces.items[i]);
	} else if (sscanf(name, "net_pcap%u", &i) == 1 && i < s->pcaps.count) {
		const char *slash = strrchr(s->pcaps.items[i], '/');

		snprintf(port->source, sizeof(port->source), "%s",
			 slash ? slash + 1 : s->pcaps.items[i]);
	}
}

/* One queue for each capture; for the rest what is asked for, or a fair share of the lcores. */
static int
setup_ports(struct app *a, unsigned int workers)
{
	char error[256];
	uint16_t id;
	unsigned int count = 0, queues = 0, named;

	RTE_ETH_FOREACH_DEV (id)
		count++;
	if (count == 0)
		return fail("EAL found no port: is the device bound to vfio-pci, and its address "
			    "right?");
	if (count > MANAGER_MAX_PORTS)
		return fail("more than 64 ports are too many for one process");
	named = a->settings.pcaps.count + a->settings.interfaces.count;
	unsigned int others = count > named ? count - named : 0;
	unsigned int share = others > 0 && workers > named ? (workers - named) / others : 1;

	RTE_ETH_FOREACH_DEV (id) {
		struct port *port = &a->ports[a->port_count];
		struct port_settings p = a->port_settings;
		bool of_name;

		name_port(port, id, &a->settings);
		of_name = port->source[0] != 0;
		a->port_count++;
		p.queues = (uint16_t)(port->interface[0] != 0 && a->settings.lanes > 0
					      ? a->settings.lanes
				      : of_name               ? 1
				      : a->settings.lanes > 0 ? a->settings.lanes
							      : RTE_MAX(share, 1u));
		uint16_t most = port_capability(id);
		/* all queues of net_pcap must be polled: each is a file */
		if (!of_name && most > 0 && p.queues > most) {
			log_line("port %u offers %u RX queues; %u were wanted", id, most, p.queues);
			p.queues = most;
		}
		if (port_configure(port, id, &p, log_text, error) != 0)
			return fail(error);
		queues += port->queues;
	}
	if (queues > workers) {
		log_line("%u RX queues need as many worker lcores, and there are %u: give EAL more "
			 "with -l or --lcores, or ask for fewer --lanes",
			 queues, workers);
		return EXIT_FAILURE;
	}
	if (queues > PORT_MAX_QUEUES)
		return fail("more than 64 RX queues are too many for one process");
	return EXIT_SUCCESS;
}

/* Polling without a pause is for lanes that have a CPU to themselves. */
static uint32_t
idle_sleep(const struct app *a, const struct port *port)
{
	if (a->settings.idle_sleep_us != IDLE_SLEEP_AUTO)
		return a->settings.idle_sleep_us;
	bool physical = port->interface[0] == 0 && !port->virtual_rx;
	return physical && !a->plan.shared_cpus ? 0 : 1000;
}

static int
setup_lanes(struct app *a)
{
	unsigned int lcore = rte_get_next_lcore(-1, 1, 0);

	for (unsigned int p = 0; p < a->port_count; p++) {
		struct port *port = &a->ports[p];

		for (uint16_t q = 0; q < port->queues; q++) {
			int socket = (int)rte_lcore_to_socket_id(lcore);
			struct count_settings c = {.hosts = a->settings.hosts_per_lane,
						   .socket = socket,
						   .map = locate_map_prefixes(a->manager.map)};
			struct rx_lane *lane = rte_zmalloc_socket("rx_lane", sizeof(*lane),
								  RTE_CACHE_LINE_SIZE, socket);
			struct lane_state *state = &a->manager.lanes[a->lane_count];

			if (lane == NULL)
				return fail("no memory for a lane; reserve more huge pages");
			a->lanes[a->lane_count] = lane;
			a->lane_count++;
			lane->count = count_create(a->lane_count - 1, &c);
			if (lane->count == NULL) {
				log_line("no memory for the tables of %u hosts (%llu MB a lane): "
					 "reserve more huge pages, or lower --hosts-per-lane",
					 c.hosts, (unsigned long long)(count_memory(&c) >> 20));
				return EXIT_FAILURE;
			}
			state->maps[0] = state->maps[1] = c.map;
			lane->port = port->id;
			lane->queue = q;
			lane->burst = (uint16_t)a->settings.burst;
			lane->lcore = lcore;
			lane->idle_sleep_us = idle_sleep(a, port);
			lane->rate = port->virtual_rx ? a->settings.pcap_rate : 0;
			lane->parse.decap = a->settings.decap;
			lane->command = &a->events.commands[p];
			if (port->socket >= 0 && port->socket != socket)
				log_line("%s is on NUMA node %d, its lcore %u on node %d: that "
					 "costs "
					 "speed, choose lcores on the port's node",
					 port->source, port->socket, lcore, socket);
			unsigned int capture = UINT32_MAX;
			if (port->source[0] != 0)
				sscanf(port->name, "net_pcap%u", &capture);
			*state = (struct lane_state){
				.lane = lane,
				.port = p,
				.cpu = (unsigned int)rte_lcore_to_cpu_id((int)lcore),
				.expected = UINT64_MAX};
			if (capture < a->settings.pcaps.count && !a->settings.pcap_loop)
				state->expected = a->captures[capture].packets;
			lcore = rte_get_next_lcore(lcore, 1, 0);
		}
	}
	a->manager.lane_count = a->lane_count;
	a->events.ports = a->ports;
	a->events.port_count = a->port_count;
	a->events.lanes = a->lanes;
	a->events.lane_count = a->lane_count;
	return EXIT_SUCCESS;
}

static int
start_ports(struct app *a)
{
	char error[256];

	for (unsigned int p = 0; p < a->port_count; p++) {
		if (port_start(&a->ports[p], log_text, error) != 0)
			return fail(error);
	}
	return EXIT_SUCCESS;
}

static int
launch_lanes(struct app *a)
{
	for (unsigned int i = 0; i < a->lane_count; i++) {
		int ret = rte_eal_remote_launch(rx_lcore_run, a->lanes[i], a->lanes[i]->lcore);

		if (ret != 0) {
			log_line("lcore %u does not start: %s", a->lanes[i]->lcore,
				 rte_strerror(-ret));
			return EXIT_FAILURE;
		}
		a->lanes_running = true;
	}
	return EXIT_SUCCESS;
}

static void
stop_lanes(struct app *a)
{
	port_events_stop_lanes(&a->events);
	if (a->lanes_running)
		rte_eal_mp_wait_lcore();
	a->lanes_running = false;
}

static void
name_sources(struct app *a)
{
	struct manager *m = &a->manager;

	for (unsigned int p = 0; p < a->port_count && p < MANAGER_MAX_PORTS; p++)
		m->sources[m->source_count++] = a->ports[p].source;
}

static void
reload_databases(struct app *a)
{
	char error[LOCATE_ERROR_MAX];

	if (geo_find(&a->settings, &a->geo, error) != 0 ||
	    locate_reload(a->manager.locate, a->geo.list, a->geo.count, error) != 0)
		log_line("%s; the databases stay as they were", error);
	else
		log_line("databases opened anew: %s", locate_database(a->manager.locate, 0)->title);
	int status = tables_can_fill(a) ? manager_make_map(&a->manager) : 0;
	if (status != 0)
		log_line("hosts beyond a lane's table count by the old databases: %s",
			 strerror(-status));
}

static void
log_summary(const struct app *a)
{
	const struct manager *m = &a->manager;
	const uint64_t *frames = m->ledger.decode.frames;

	log_line("%llu frames received: %llu TCP, %llu UDP, %llu other IP, %llu not IP, %llu "
		 "malformed; %zu hosts; %llu lost before us; the ledger %s",
		 (unsigned long long)m->received, (unsigned long long)frames[DECODE_TCP],
		 (unsigned long long)frames[DECODE_UDP],
		 (unsigned long long)frames[DECODE_OTHER_IP],
		 (unsigned long long)frames[DECODE_NOT_IP],
		 (unsigned long long)ledger_malformed(&m->ledger),
		 m->last ? picture_hosts(m->last)->count : 0, (unsigned long long)m->lost,
		 ledger_balances(&m->ledger, m->received) ? "balances" : "DOES NOT BALANCE");
	captures_log_damage(a->captures, a->settings.pcaps.count, log_text);
}

/* Waits for a signal until `until` (monotonic). The signal, or 0 at the time. */
static int
wait_until(const sigset_t *signals, uint64_t until)
{
	uint64_t now = monotonic_ns();
	uint64_t left = until > now ? until - now : 0;
	struct timespec timeout = {.tv_sec = (time_t)(left / 1000000000u),
				   .tv_nsec = (long)(left % 1000000000u)};
	int sig;

	do
		sig = sigtimedwait(signals, NULL, &timeout);
	while (sig < 0 && errno == EINTR);
	return sig < 0 ? 0 : sig;
}

/* What is looked at between periods too: the cables, and the manager's watchdog. */
static void
poll_events(struct app *a)
{
	port_events_poll(&a->events);
	if (notify_watchdog_ms() > 0)
		notify_send("WATCHDOG=1");
}

/* Step 4. 0 when asked to stop, or when the captures of --once are over. */
static int
run(struct app *a, const sigset_t *signals)
{
	struct manager *m = &a->manager;
	const uint64_t period = (uint64_t)(a->settings.period_s * 1e9);
	uint64_t next = monotonic_ns() + period, look = 0, pause = POLL_EVENTS_NS;
	const uint64_t watchdog = notify_watchdog_ms() * 1000000;
	bool opened = false;

	if (watchdog > 0)
		pause = RTE_MIN(pause, RTE_MAX(watchdog, POLL_EVENTS_LEAST_NS));
	for (;;) {
		if (monotonic_ns() >= look) {
			poll_events(a);
			look = monotonic_ns() + pause;
		}
		/* --once ends when the last packet is in: looked at every 2 ms */
		uint64_t until = a->settings.once ? monotonic_ns() + 2000000 : RTE_MIN(next, look);
		int sig = wait_until(signals, until);

		if (sig == SIGHUP) {
			reload_databases(a);
			continue;
		}
		if (sig != 0)
			return 0;
		if (a->settings.once) {
			if (manager_captures_over(m))
				return 0;
			continue;
		}
		if (monotonic_ns() < next)
			continue;
		poll_events(a); /* the period tells how the links are at its end */
		if (manager_end_period(m) != 0) {
			log_line("out of memory: lower --hosts-total or --hosts-per-lane");
			return -1;
		}
		if (a->settings.open && !opened) {
			char url[128];

			snprintf(url, sizeof(url), "http://%s/", a->listen);
			browser_open(url);
			opened = true;
		}
		next += period;
		/* a merge that took longer than a period: the next one is a whole period away */
		if (next < monotonic_ns()) {
			m->late++;
			next = monotonic_ns() + period;
		}
	}
}

/* All is open that only root could open; no packet has been parsed yet. */
static int
give_up_privileges(struct app *a)
{
	const struct settings *s = &a->settings;
	struct privileges now;
	char error[256];
	int ret;

	if (s->user != NULL &&
	    privileges_drop(s->user, s->interfaces.count > 0, error, sizeof(error)) != 0) {
		log_line("--user %s: %s", s->user, error);
		return EXIT_FAILURE;
	}
	/* a file that root could write may be closed to the user that we are now */
	if (s->user != NULL &&
	    (check_output(s->html, "html") != 0 || check_output(s->hosts, "hosts") != 0 ||
	     check_output(s->status, "status") != 0))
		return EXIT_FAILURE;
	ret = s->no_seccomp ? 0 : privileges_confine(s->interfaces.count > 0);
	if (ret != 0)
		log_line("system calls are not confined: %s", strerror(-ret));
	if (privileges_read(&now) != 0)
		return fail("/proc/self/status cannot be read");
	snprintf(a->security_json, sizeof(a->security_json),
		 "{\"user\":\"%s\",\"uid\":%u,\"capabilities\":\"%016llx\","
		 "\"no_new_privileges\":%s,\"seccomp\":\"%s\"}",
		 now.user, (unsigned int)now.uid, now.effective,
		 now.no_new_privileges ? "true" : "false",
		 now.seccomp == 2   ? "filter"
		 : now.seccomp == 1 ? "strict"
				    : "none");
	a->manager.security_json = a->security_json;
	log_line("running as %s, capabilities %llx, system calls %s%s", now.user, now.effective,
		 now.seccomp == 2 ? "confined" : "not confined",
		 now.uid == 0 ? " (--user NAME leaves root)" : "");
	return EXIT_SUCCESS;
}

/* Steps 2 and 3; everything that was started is in *a. */
static int
start(struct app *a, int argc, char **argv)
{
	const struct settings *s = &a->settings;
	char error[OPTIONS_ERROR_MAX];
	int eal_argc, our_argc;
	char **ours;

	options_split(argc, argv, &eal_argc, &ours, &our_argc);
	size_ports(a);
	unsigned int lanes = eal_lanes(s);
	struct count_settings c = {.hosts = s->hosts_per_lane,
				   .socket = SOCKET_ID_ANY,
				   .map = locate_map_prefixes(a->manager.map)};
	uint64_t memory = lanes * count_memory(&c) + port_queue_memory(&a->port_settings, lanes);

	if (s->open && browser_prepare() != 0)
		log_line("cannot start a browser: %s", strerror(errno));
	if (eal_plan(&a->plan, s, a->captures, lanes, memory, argv, eal_argc, error) != 0)
		return fail(error);
	if (eal_start(&a->plan, error) != 0)
		return fail(error);
	a->eal_started = true;
	/* once, and only when nothing was wrong before; status has them too */
	if (a->config != NULL)
		log_line("settings in force: %s", a->settings_json ? a->settings_json : "");
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return fail("packet-heatmap runs as a primary process only");
	if (rte_lcore_count() < 2)
		return fail("EAL was given one lcore; two are needed at least: one manages, one "
			    "receives "
			    "(on a single CPU: --lcores 0@0,1@0)");

	int ret = setup_ports(a, rte_lcore_count() - 1);
	if (ret != EXIT_SUCCESS)
		return ret;
	ret = setup_lanes(a);
	if (ret != EXIT_SUCCESS)
		return ret;
	if (a->plan.note[0] != 0)
		log_text(a->plan.note);
	if (a->plan.shared_cpus)
		log_line("%u CPU%s for %u lane%s and the management: they share, and idle lanes "
			 "pause",
			 a->plan.cpus, a->plan.cpus > 1 ? "s" : "", a->lane_count,
			 a->lane_count > 1 ? "s" : "");
	log_line("%u lane%s of %u hosts, %llu MB of tables each, %s; database %s", a->lane_count,
		 a->lane_count > 1 ? "s" : "", s->hosts_per_lane,
		 (unsigned long long)(count_memory(&c) >> 20),
		 rte_eal_has_hugepages() ? "huge pages" : "ordinary memory",
		 locate_database(a->manager.locate, 0)->title);

	a->manager.ports = a->ports;
	a->manager.port_count = a->port_count;
	a->manager.huge_pages = rte_eal_has_hugepages() != 0;
	a->manager.serves = a->listen[0] != 0;
	name_sources(a);
	ret = start_ports(a);
	if (ret != EXIT_SUCCESS)
		return ret;
	if (manager_start(&a->manager) != 0)
		return fail("out of memory");
	ret = give_up_privileges(a);
	if (ret != EXIT_SUCCESS)
		return ret;
	ret = launch_lanes(a);
	if (ret != EXIT_SUCCESS)
		return ret;
	if (a->listen[0] != 0) {
		struct http_settings h = {.listen = a->listen,
					  .assets = page_assets,
					  .asset_count = page_asset_count,
					  .frame_ancestors = s->frame_ancestors,
					  .threads = 32};

		a->http = http_start(&h, error);
		if (a->http == NULL)
			return fail(error);
		log_line("the map is at http://%s/", a->listen);
	}
	notify_send("READY=1\nSTATUS=receiving");
	return EXIT_SUCCESS;
}

/* Step 5. */
static void
stop(struct app *a)
{
	http_stop(a->http);
	stop_lanes(a);
	for (unsigned int i = 0; i < a->port_count; i++)
		port_stop(&a->ports[i]);
	for (unsigned int i = 0; i < a->port_count; i++)
		port_close(&a->ports[i]);
	for (unsigned int i = 0; i < a->lane_count; i++) {
		count_destroy(a->lanes[i]->count);
		rte_free(a->lanes[i]);
	}
	manager_destroy(&a->manager);
	if (a->eal_started)
		eal_stop();
	for (unsigned int i = 0; i < a->settings.pcaps.count; i++) {
		if (a->captures[i].path != NULL && a->captures[i].fd > 0)
			close(a->captures[i].fd);
	}
	free(a->settings_json);
	config_free(a->config);
}

static void
block_signals(sigset_t *signals)
{
	struct sigaction before;

	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	/* started with nohup: a closed terminal shall not be read as "reload" */
	if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaddset(signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN); /* a browser that leaves must not end us */
	signal(SIGCHLD, SIG_IGN); /* nor the browser of --open become a zombie */
}

/* From here on a second Ctrl-C ends the process as it does any other. */
static void
unblock_signals(void)
{
	sigset_t again;

	sigemptyset(&again);
	sigaddset(&again, SIGINT);
	sigaddset(&again, SIGTERM);
	pthread_sigmask(SIG_UNBLOCK, &again, NULL);
}

/* Defaults, then the file, then the command line, which also names the file. */
static int
read_settings(struct app *a, char **args, int count)
{
	static char error[CONFIG_ERROR_MAX];
	struct settings first;

	options_defaults(&first);
	if (options_parse(&first, args, count, error) != 0)
		return fail_usage(error);
	if (first.config == NULL) {
		a->settings = first;
		return EXIT_SUCCESS;
	}
	options_defaults(&a->settings);
	a->config = config_load(&a->settings, first.config, error);
	if (a->config == NULL || options_parse(&a->settings, args, count, error) != 0)
		return fail_usage(error);
	return EXIT_SUCCESS;
}

static bool
names_source(const struct settings *s)
{
	return s->interfaces.count + s->pcaps.count + s->devices.count > 0;
}

/* --check */
static int
examine(struct app *a, bool eal_source)
{
	const struct settings *s = &a->settings;
	struct count_settings c = {.hosts = s->hosts_per_lane, .socket = SOCKET_ID_ANY};
	struct check_plan plan = {.eal_source = eal_source, .root = ""};

	/* where no card is bound yet: what one will need */
	plan.lanes = RTE_MAX(eal_lanes(s), eal_source ? 0u : 1u);

	size_ports(a);
	plan.memory =
		plan.lanes * count_memory(&c) + port_queue_memory(&a->port_settings, plan.lanes);
	int worst = check_run(s, &plan, s->json);
	config_free(a->config);
	return worst;
}

int
main(int argc, char **argv)
{
	struct app *a = &app;
	char error[OPTIONS_ERROR_MAX];
	int eal_argc, our_argc;
	char **ours;
	sigset_t signals;

	options_split(argc, argv, &eal_argc, &ours, &our_argc);
	int read = read_settings(a, ours, our_argc);
	if (read != EXIT_SUCCESS)
		return read;
	if (a->settings.print != NULL) {
		if (strcmp(a->settings.print, "man") == 0)
			options_print_mdoc();
		else
			config_print_template();
		return EXIT_SUCCESS;
	}
	if (a->settings.help) {
		options_help(VERSION);
		return EXIT_SUCCESS;
	}
	if (a->settings.version) {
		printf("packet-heatmap %s\n", VERSION);
		return EXIT_SUCCESS;
	}
	bool service = a->settings.config != NULL || a->settings.check;
	if (service && eal_argc == 0 && !names_source(&a->settings))
		a->settings.devices.items[a->settings.devices.count++] = "auto";
	if (options_check(&a->settings, eal_argc > 0, error) != 0)
		return fail_usage(error);
	if (a->settings.devices.count > 0 &&
	    devices_resolve(&a->settings.devices, a->devices) == 0 && !a->settings.check)
		return fail("no network card is bound to vfio-pci: packet-heatmap-setup-host bind "
			    "NIC does it");
	if (a->settings.check)
		return examine(a, eal_argc > 0); /* what --check finds missing, it says itself */
	if (strcmp(a->settings.listen, "auto") == 0)
		snprintf(a->listen, sizeof(a->listen), "%s",
			 a->settings.once ? "" : "127.0.0.1:8080");
	else if (strcmp(a->settings.listen, "off") != 0) {
		char address[64] = "";
		uint16_t port = 0;

		http_parse_listen(a->settings.listen, address, &port); /* was looked at */
		snprintf(a->listen, sizeof(a->listen), "%s:%u", address, port);
	}
	if (gethostname(a->host_name, sizeof(a->host_name) - 1) != 0)
		snprintf(a->host_name, sizeof(a->host_name), "sensor");
	a->settings_json = config_json(&a->settings);
	a->manager.settings = &a->settings;
	a->manager.settings_json = a->settings_json;
	a->manager.version = VERSION;
	a->manager.ui_build = page_build;
	a->manager.html = &page_template;
	a->manager.name = a->settings.name ? a->settings.name : a->host_name;

	block_signals(&signals);
	int ret = preflight(a);
	if (ret == EXIT_SUCCESS)
		ret = start(a, argc, argv);
	if (ret == EXIT_SUCCESS) {
		if (run(a, &signals) != 0)
			ret = EXIT_FAILURE;
		unblock_signals();
		notify_send("STOPPING=1");
		stop_lanes(a);
		/* the last period counts too, and its files are what --once is for */
		if (ret == EXIT_SUCCESS && manager_end(&a->manager) != 0)
			ret = fail("out of memory: the last period could not be merged");
		if (ret == EXIT_SUCCESS && a->settings.once && a->manager.output_errors > 0)
			ret = EXIT_FAILURE;
		log_summary(a);
	}
	stop(a);
	return ret;
}
