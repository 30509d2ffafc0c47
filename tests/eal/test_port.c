/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What befalls a port: a device that wants a reset, one that is unplugged. net_null stands in for
 * the card, and this test for its driver. (A real card is pulled by scripts/test-nic.)
 */
#include "kind.h"
#include "port.h"

#include "eal.h"

#include <errno.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

const char eal_file_prefix[] = "packet-heatmap-test-port";

/*
 * What a driver calls to tell of an event. Its header is not installed, since only drivers need it;
 * the library exports it all the same.
 */
struct rte_eth_dev;
struct rte_eth_dev *rte_eth_dev_allocated(const char *name);
int rte_eth_dev_callback_process(struct rte_eth_dev *dev, enum rte_eth_event_type event,
				 void *argument);

static const struct port_settings settings = {
	.queues = 1,
	.rx_descriptors = 256,
	.data_room = 256,
	.burst = 32,
	.cache = 32,
	.promiscuous = true,
};

static void
open_port(struct port *port)
{
	char error[256] = "";
	uint16_t id;

	*port = (struct port){0};
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_null0", "size=64"), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name("net_null0", &id), 0);
	assert_int_equal(port_configure(port, id, &settings, NULL, error), 0);
	assert_int_equal(port_start(port, NULL, error), 0);
}

static unsigned int
receive(const struct port *port)
{
	struct rte_mbuf *mbufs[32];
	uint16_t n = rte_eth_rx_burst(port->id, 0, mbufs, 32);

	rte_pktmbuf_free_bulk(mbufs, n);
	return n;
}

static void
test_no_event_is_none(void **state)
{
	struct port port;

	(void)state;
	open_port(&port);
	assert_int_equal(port_take_events(&port), 0);
	assert_int_equal(receive(&port), 32);
	port_close(&port);
	rte_eal_hotplug_remove("vdev", "net_null0");
}

static void
test_reset_goes_on_with_the_same_pools(void **state)
{
	struct port port;
	char error[256] = "";

	(void)state;
	open_port(&port);
	struct rte_mempool *pool = port.pools[0];
	rte_eth_dev_callback_process(rte_eth_dev_allocated("net_null0"), RTE_ETH_EVENT_INTR_RESET,
				     NULL);
	assert_int_equal(port_take_events(&port), PORT_EVENT_RESET);
	assert_int_equal(port_take_events(&port), 0); /* taken once */
	/* many times: nothing is used up */
	for (int i = 0; i < 50; i++) {
		assert_int_equal(port_reset(&port, NULL, error), 0);
		assert_true(port.started);
		assert_ptr_equal(port.pools[0], pool);
		assert_int_equal(receive(&port), 32);
	}
	port_stop(&port);
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
	port_close(&port);
	rte_eal_hotplug_remove("vdev", "net_null0");
}

static void
test_unplugged_port_is_let_go_of(void **state)
{
	struct port_counters counters = {.received = 7};
	char error[256] = "";
	struct port port;
	uint16_t id;

	(void)state;
	open_port(&port);
	rte_eth_dev_callback_process(rte_eth_dev_allocated("net_null0"), RTE_ETH_EVENT_INTR_RMV,
				     NULL);
	assert_int_equal(port_take_events(&port), PORT_EVENT_REMOVED);
	port_detach(&port);
	assert_true(port.gone);
	assert_int_equal(rte_eth_dev_get_port_by_name("net_null0", &id), -ENODEV);
	/* what it is asked from now on has an answer */
	port_detach(&port);
	assert_int_equal(port_read(&port, &counters), 0); /* what it had counted: its row stays */
	assert_int_equal(counters.received, port.total.received);
	port_poll_link(&port);
	assert_int_equal(port.link, PORT_LINK_DOWN);
	assert_int_equal(port_attach(&port, NULL, error), 0); /* nothing that could come back */
	port_close(&port);
	assert_null(port.pools[0]);
}

/* What was received before stays in the numbers when the driver counts from 0 again. */
static void
test_counters_go_on_over_a_reset(void **state)
{
	struct port_counters counters = {0};
	struct port port;
	char error[256] = "";

	(void)state;
	open_port(&port);
	for (int round = 1; round <= 3; round++) {
		assert_int_equal(receive(&port), 32);
		assert_int_equal(port_read(&port, &counters), 0);
		assert_int_equal(counters.received, 32 * round);
		assert_int_equal(port_reset(&port, NULL, error), 0);
		rte_eth_stats_reset(port.id);
		assert_int_equal(port_read(&port, &counters), 0);
		assert_int_equal(counters.received, 32 * round);
	}
	port_close(&port);
	rte_eal_hotplug_remove("vdev", "net_null0");
}

/* What a port is like follows from its driver, and nobody asks for a name to know it. */
static void
test_kinds(void **state)
{
	struct port port = {0};
	uint16_t id;

	(void)state;
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_null0", "size=64"), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name("net_null0", &id), 0);
	assert_int_equal(port_identify(&port, id), 0);
	assert_string_equal(port.driver, "net_null");
	assert_string_equal(port.bus, "vdev");
	assert_string_equal(port.arguments, "size=64");
	assert_true(port_is_paced(&port));
	assert_false(port_wants_cpu(&port));
	assert_false(port_needs_all_queues(&port));
	assert_string_equal(port_kind_name(&port), "generator");
	assert_int_equal(port_pause(&port), 0);
	rte_eal_hotplug_remove("vdev", "net_null0");

	port.kind = port_kind_find("net_af_packet");
	port.arguments[0] = 0;
	assert_true(port_needs_all_queues(&port));
	assert_string_equal(port_kind_name(&port), "interface");
	/* a pause is as long as the ring surely bridges: the driver's own is short */
	assert_int_equal(port_pause(&port), 512 / 16);
	snprintf(port.arguments, sizeof(port.arguments), "iface=x,framecnt=16384");
	assert_int_equal(port_pause(&port), 1000);
	snprintf(port.arguments, sizeof(port.arguments), "iface=x,framecnt=64");
	assert_int_equal(port_pause(&port), 16);
	assert_false(port_is_paced(&port) || port_wants_cpu(&port));
	port.kind = port_kind_find("net_pcap");
	assert_true(port_needs_all_queues(&port) && port_is_paced(&port));
	/* any driver that nobody names drives a card */
	port.kind = port_kind_find("net_ice");
	assert_true(port_wants_cpu(&port));
	assert_false(port_needs_all_queues(&port) || port_is_paced(&port));
	assert_int_equal(port_identify(&port, UINT16_MAX), -ENODEV);
}

/* A device that is reset, alone or with its port, counts from 0 again, some counters or all. */
static void
test_losses_are_differences(void **state)
{
	const struct port_counters then = {.imissed = 100, .ierrors = 7, .rx_nombuf = 3};
	const struct port_counters later = {.imissed = 105, .ierrors = 7, .rx_nombuf = 4};
	const struct port_counters reset = {.imissed = 20, .ierrors = 9, .rx_nombuf = 0};

	(void)state;
	assert_int_equal(port_lost_since(&then, &then), 0);
	assert_int_equal(port_lost_since(&later, &then), 5 + 1);
	assert_int_equal(port_lost_since(&reset, &then), 20 + 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_event_is_none),
		cmocka_unit_test(test_reset_goes_on_with_the_same_pools),
		cmocka_unit_test(test_unplugged_port_is_let_go_of),
		cmocka_unit_test(test_counters_go_on_over_a_reset),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_losses_are_differences),
	};
	return cmocka_run_group_tests(tests, eal_group_setup, eal_group_teardown);
}
