/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"
#include "config.h"
#include "devices.h"
#include "doctor.h"
#include "eal.h"
#include "interfaces.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* What a file says, as it was understood. */
void
check_settings(struct doctor *d)
{
	struct settings defaults = {0};
	char value[4096], usual[4096];

	if (d->settings->config == NULL)
		return;
	options_defaults(&defaults);
	for (const struct option_def *o = options_next(NULL); o != NULL; o = options_next(o)) {
		if (!config_is_setting(o) ||
		    strcmp(options_value(d->settings, o, value, sizeof(value)),
			   options_value(&defaults, o, usual, sizeof(usual))) == 0)
			continue;
		say(d, CHECK_OK, "setting", NULL, "%s = %s", o->name,
		    options_value(d->settings, o, value, sizeof(value)));
	}
}

void
check_huge_pages(struct doctor *d)
{
	const unsigned long long need_mb = (d->plan->memory.huge >> 20) + 64;
	const unsigned long long free_mb = eal_huge_free() >> 20;
	const enum check_level level = d->dedicated ? CHECK_FAULT : CHECK_WARNING;
	const unsigned long long ordinary_mb = eal_memory_available() >> 20;
	const unsigned long long ordinary_need_mb = (d->plan->memory.ordinary >> 20) + 64;
	char remedy[160];

	if (d->plan->eal_source) {
		say(d, CHECK_OK, "huge pages", NULL, "EAL's own arguments choose the memory");
		return;
	}
	/* no huge pages then, and too little of the rest */
	if ((d->settings->no_huge || (!d->dedicated && free_mb < need_mb)) &&
	    ordinary_mb < ordinary_need_mb) {
		say(d, CHECK_FAULT, "huge pages", "a smaller hosts-per-lane, or fewer sources",
		    "ordinary memory is used, %llu MiB of it are there, %llu MiB needed",
		    ordinary_mb, ordinary_need_mb);
		return;
	}
	if (d->settings->no_huge) {
		say(d, d->dedicated ? CHECK_WARNING : CHECK_OK, "huge pages", NULL,
		    "not used, as no-huge asks");
		return;
	}
	snprintf(remedy, sizeof(remedy), "%s hugepages %lluM", SETUP, (need_mb + 1) / 2 * 2);
	if (free_mb >= need_mb)
		say(d, CHECK_OK, "huge pages", NULL, "%llu MiB free, %llu MiB needed", free_mb,
		    need_mb);
	else
		say(d, level, "huge pages", remedy,
		    "%llu MiB free, %llu MiB needed (fewer with a smaller hosts-per-lane)", free_mb,
		    need_mb);
}

void
check_memory_lock(struct doctor *d)
{
	const unsigned long long rings = interface_locked(d->settings);
	static char error[SOURCES_ERROR_MAX];
	struct rlimit limit;
	char remedy[96];

	/* tried, not guessed: root may lack CAP_IPC_LOCK, as in a container */
	if (!d->dedicated && rings > 0) {
		snprintf(remedy, sizeof(remedy),
			 "ulimit -l %llu, CAP_IPC_LOCK, or a smaller ring-frames", rings >> 10);
		if (interface_check_memory(rings, error) == 0)
			say(d, CHECK_OK, "memory lock limit", NULL, "%llu MiB can be locked",
			    rings >> 20);
		else
			say(d, CHECK_FAULT, "memory lock limit", remedy, "%s", error);
		return;
	}
	if (!d->dedicated) {
		say(d, CHECK_OK, "memory lock limit", NULL, "not needed for captures");
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
	else if (limit.rlim_cur >= d->plan->memory.huge)
		say(d, CHECK_OK, "memory lock limit", NULL, "%llu MiB",
		    (unsigned long long)limit.rlim_cur >> 20);
	else
		say(d, CHECK_FAULT, "memory lock limit",
		    "ulimit -l unlimited (as root), or LimitMEMLOCK=infinity in the unit",
		    "%llu MiB, but vfio pins all memory of the card: %llu MiB",
		    (unsigned long long)limit.rlim_cur >> 20,
		    (unsigned long long)d->plan->memory.huge >> 20);
}

/* vfio gives a card without an IOMMU a group too, of this name. */
bool
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

void
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

void
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
