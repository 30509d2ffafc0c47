# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034
#
# What the scripts share. Sourced, never run:  . "$(dirname "$0")/lib.sh"
#
# The lists of Debian packages stand here and nowhere else.

# to build packet-heatmap and to run it
PACKAGES_BUILD=(
	gcc libc6-dev meson ninja-build pkg-config python3
	dpdk libdpdk-dev libmaxminddb-dev libcivetweb-dev libpcap-dev libjansson-dev uthash-dev zlib1g-dev
	libarchive-dev libseccomp-dev libcap-dev libsqlite3-dev libzstd-dev libcrypt-dev libbsd-dev libcurl4-openssl-dev
	libprotobuf-c-dev librdkafka-dev protobuf-c-compiler
	librte-net-af-packet23 librte-net-pcap23 librte-net-ring23 librte-net-af-xdp23 librte-mempool-ring23
	iproute2
)

# on top of that: to test it
PACKAGES_TEST=(
	libcmocka-dev clang libclang-rt-14-dev dpdk-dev
	python3-jsonschema python3-maxminddb python3-prometheus-client mmdb-bin zstd xz-utils lz4 lzip bzip2
	tcpdump tshark tcpreplay iproute2 procps curl jq gdal-bin openssl systemd protobuf-compiler kcat mandoc
)

# to make a Debian package of it
PACKAGES_PACKAGE=(build-essential debhelper dpkg-dev fakeroot git lintian pkgconf)

# to make a container image of that
PACKAGES_IMAGE=(dpkg-dev git libcap2-bin mmdebstrap python3)

# to run that image
PACKAGES_CONTAINER=(iproute2 podman python3-maxminddb runc skopeo tcpreplay util-linux)

# to prove it on a PCI card in a virtual machine
PACKAGES_NIC=(e2fsprogs iproute2 mmdebstrap procps python3-maxminddb qemu-system-x86 seabios)

# to test its records with Apache Kafka
PACKAGES_FLEET=(maven openjdk-17-jre-headless python3-confluent-kafka)

# to lint it
PACKAGES_LINT=(clang-format shellcheck codespell cppcheck git)

# to test the page in a browser
PACKAGES_PAGE=(chromium fonts-dejavu-core)

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# Runs a command that asks others for files, three times at most: a mirror that is busy for a moment
# is no failure. What it says of itself is the reason.
patiently() {
	local try
	for try in 1 2 3; do
		"$@" && return 0
		[ $try = 3 ] || {
			say "failed, trying again in $((try * 10)) s: $*"
			sleep $((try * 10))
		}
	done
	return 1
}

# Prints those of the given packages that are not installed. One dpkg-query for all: 20 ms.
packages_missing() {
	local installed package
	# a package that dpkg never heard of makes dpkg-query fail: on a new machine the usual case, and
	# nothing that may end a script under "set -e"
	installed=$({ dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true; } |
		sed -n 's/\(:[a-z0-9]*\)\{0,1\} installed$//p')
	for package in "$@"; do
		grep -qxF "$package" <<<"$installed" || printf '%s\n' "$package"
	done
}

# Installs what is missing of the given packages; quick when nothing is. Ends the script in words
# where it cannot.
install_packages() {
	local missing
	command -v dpkg-query >/dev/null ||
		die "this is no Debian; install the likes of these by hand: $*"
	mapfile -t missing < <(packages_missing "$@")
	[ ${#missing[@]} -eq 0 ] && return 0
	[ "$(id -u)" -eq 0 ] ||
		die "packages are missing; run as root: apt-get install ${missing[*]}"
	say "installing ${missing[*]}"
	local apt=(env DEBIAN_FRONTEND=noninteractive
		apt-get -y -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
	# The lists of a new machine are empty, those of an old one name files that are gone: renew them.
	# Without a network the packages may still lie in the cache, so only the installing decides.
	"${apt[@]}" update >/dev/null || say "apt-get update failed, trying all the same"
	patiently "${apt[@]}" install --no-install-recommends "${missing[@]}" >&2 ||
		die "apt-get could not install: ${missing[*]}"
}

# Prints this machine's package sources as one-line entries, whatever format /etc/apt has them in.
debian_sources() {
	local sources
	grep -q '^VERSION_CODENAME=bookworm' /etc/os-release || {
		say "this is not Debian 12, so its package sources do not serve"
		return 1
	}
	# shellcheck disable=SC2016 # apt expands these
	sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian' | grep ' bookworm' | sort -u) || {
		say "apt lists no Debian package source: run 'apt-get update' first"
		return 1
	}
	printf '%s\n' "$sources"
}

# Brings a Debian package's files into a folder without installing it: for programs whose package
# would start a service. 0 where it is there.
unpack_package() {
	local package=$1 folder=$2 work
	[ -e "$folder/.unpacked" ] && return 0
	work=$(mktemp -d)
	# apt's own user may not read root's folders: it downloads to where it may
	chmod 755 "$work"
	say "unpacking $package"
	if (cd "$work" && { apt-get download -q "$package" >&2 ||
		{ apt-get update >/dev/null && apt-get download -q "$package" >&2; }; }); then
		rm -rf "$folder"
		mkdir -p "$folder"
		dpkg-deb -x "$work"/*.deb "$folder" && touch "$folder/.unpacked"
	fi
	rm -rf "$work"
	[ -e "$folder/.unpacked" ]
}

# node and npm may have come from elsewhere than Debian: what counts is that they are there.
install_npm() {
	command -v npm >/dev/null && command -v node >/dev/null && return 0
	install_packages nodejs npm
}

# Brings the packages of a folder's lock file into its node_modules, once for each state of the lock
# file. No package's own install script runs.
npm_locked() {
	local folder=$1 stamp
	stamp=$(sha256sum "$folder/package-lock.json" | cut -d ' ' -f 1)
	[ "$(cat "$folder/node_modules/.lock-stamp" 2>/dev/null)" = "$stamp" ] && return 0
	install_npm
	say "npm ci in $folder"
	patiently npm --prefix "$folder" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
		die "npm ci failed in $folder"
	printf '%s\n' "$stamp" >"$folder/node_modules/.lock-stamp"
}
