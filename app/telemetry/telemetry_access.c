/* SPDX-License-Identifier: BSD-3-Clause */
#include "telemetry_access.h"

#include "log.h"
#include "telemetry_socket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET   "dpdk_telemetry.v2"
#define OURS     "packet-heatmap-"
#define NOBODY   ((uid_t)-1)
#define NO_GROUP ((gid_t)-1)

/* of the folder of all prefixes and that of ours */
static char parent[PATH_MAX / 4], leaf[PATH_MAX / 2];

static bool
is(const struct settings *s, const char *word)
{
	return strcmp(s->telemetry, word) == 0;
}

/* The user that we become, or are. */
static const struct passwd *
future_user(const struct settings *s)
{
	return s->user != NULL ? getpwnam(s->user) : NULL;
}

static bool
leaves_root(const struct settings *s)
{
	const struct passwd *user = future_user(s);

	return geteuid() == 0 && user != NULL && user->pw_uid != 0;
}

/* The group that may ask, or NO_GROUP. -1: there is none of that name. */
static int
find_group(const struct settings *s, gid_t *group)
{
	*group = NO_GROUP;
	if (is(s, "self"))
		return 0;
	if (!is(s, "auto")) {
		const struct group *entry = getgrnam(s->telemetry);

		if (entry == NULL)
			return -1;
		*group = entry->gr_gid;
	} else if (leaves_root(s)) {
		*group = future_user(s)->pw_gid;
	} else if (geteuid() != 0 && getenv("RUNTIME_DIRECTORY") != NULL) {
		*group = getegid(); /* a service that was never root */
	}
	return 0;
}

/* EAL's own rule, but for TELEMETRY_BASE. */
static const char *
base_folder(const struct settings *s)
{
	const char *folder = getenv("RUNTIME_DIRECTORY");

	if (folder != NULL)
		return folder;
	if (leaves_root(s))
		return TELEMETRY_BASE;
	if (getuid() == 0)
		return "/var/run";
	folder = getenv("XDG_RUNTIME_DIR");
	return folder != NULL ? folder : "/tmp";
}

/*
 * A folder that nobody else can put anything into: EAL would take what it finds, and what is given
 * to a group must not be somebody's link to another file. NULL, or why it is none.
 */
static const char *
own_folder(const char *path, mode_t mode)
{
	struct stat now;

	if (mkdir(path, mode) == 0) /* whatever the umask takes away */
		return chmod(path, mode) == 0 ? NULL : strerror(errno);
	if (errno != EEXIST || lstat(path, &now) != 0)
		return strerror(errno);
	if (!S_ISDIR(now.st_mode))
		return "it is no folder";
	if (now.st_uid != geteuid() && now.st_uid != 0)
		return "it belongs to another user";
	if ((now.st_mode & 022) != 0)
		return "others may write into it";
	return access(path, W_OK | X_OK) == 0 ? NULL : strerror(errno);
}

/* Does a process answer there? */
static bool
in_use(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	/* EAGAIN: it does, and has not come to it yet */
	bool used = fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ||
		    (errno != ECONNREFUSED && errno != ENOENT);
	if (fd >= 0)
		close(fd);
	return used;
}

/* A prefix's folder in which only the socket of a process is left that is no more. */
static void
remove_left(const char *folder)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" SOCKET, folder);
	if (strlen(path) < sizeof(((struct sockaddr_un *)0)->sun_path) && in_use(path))
		return;
	(void)unlink(path);
	(void)rmdir(folder);
}

/* Folders of ours are named by the process, as the default prefix is. */
static void
remove_all_left(void)
{
	DIR *dir = opendir(parent);
	struct dirent *entry;
	char path[PATH_MAX];
	int end = 0;
	unsigned int pid;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		/* one that is about to start has nothing in its folder yet */
		if (sscanf(entry->d_name, OURS "%u%n", &pid, &end) != 1 ||
		    entry->d_name[end] != 0 || kill((pid_t)pid, 0) == 0 || errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name);
		remove_left(path);
	}
	if (dir != NULL)
		closedir(dir);
}

/* NULL, or why telemetry cannot be had; `*where`: of what. */
static const char *
make_folders(const struct settings *s, const char **where)
{
	const char *base = base_folder(s), *why;
	char prefix[128];

	if (s->file_prefix != NULL)
		snprintf(prefix, sizeof(prefix), "%.100s", s->file_prefix);
	else
		snprintf(prefix, sizeof(prefix), OURS "%d", (int)getpid());
	*where = base;
	/* EAL would not start at all; 7: a number behind it */
	if (strlen(base) + strlen("/dpdk//" SOCKET) + strlen(prefix) + 7 >
	    sizeof(((struct sockaddr_un *)0)->sun_path))
		return "the path of the socket is too long";
	snprintf(parent, sizeof(parent), "%s/dpdk", base);
	snprintf(leaf, sizeof(leaf), "%s/%s", parent, prefix);
	if (strcmp(base, TELEMETRY_BASE) == 0) {
		why = own_folder(base, 0755);
		if (why != NULL)
			return why;
		if (setenv("RUNTIME_DIRECTORY", base, 1) != 0)
			return strerror(errno);
	}
	*where = parent;
	why = own_folder(parent, 0700);
	if (why != NULL)
		return why;
	remove_all_left();
	*where = leaf;
	why = own_folder(leaf, 0700);
	if (why == NULL || geteuid() != 0)
		return why;
	/* of a process that has left root, and was killed */
	remove_left(leaf);
	return own_folder(leaf, 0700);
}

int
telemetry_prepare(struct settings *s, bool eal_arguments, char error[OPTIONS_ERROR_MAX])
{
	const char *where, *why;
	gid_t group;

	if (is(s, "off") || eal_arguments)
		return 0;
	if (s->once && is(s, "auto")) {
		s->telemetry = "off"; /* over before anybody asks */
		return 0;
	}
	if (find_group(s, &group) != 0) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "--telemetry %.100s: there is no such group on this host, and it is none "
			 "of auto, self, off",
			 s->telemetry);
		return -1;
	}
	why = make_folders(s, &where);
	if (why != NULL) {
		log_warning("no telemetry: %s: %s", where, why);
		s->telemetry = "off";
	}
	return 0;
}

/*
 * lchown() that is left out where it would change nothing: a service that was never root, in its
 * own group, may be forbidden the call (systemd's @privileged holds it).
 */
static int
give(const char *path, uid_t owner, gid_t group)
{
	struct stat now;

	if (lstat(path, &now) != 0)
		return -1;
	if ((owner == NOBODY || owner == now.st_uid) && (group == NO_GROUP || group == now.st_gid))
		return 0;
	return lchown(path, owner, group);
}

/* Lets the group, and the user that we become, pass to the prefix's folder. */
static int
open_parent(gid_t group, bool user)
{
	struct stat now;

	if ((group == NO_GROUP && !user) || lstat(parent, &now) != 0)
		return 0;
	if (geteuid() == 0) /* passing lets nobody see what is in it; other prefixes are 0700 */
		return chmod(parent, 0711);
	return now.st_uid == geteuid() && give(parent, NOBODY, group) == 0 ? chmod(parent, 0710)
									   : -1;
}

int
telemetry_open(const struct settings *s, bool eal_arguments, char error[OPTIONS_ERROR_MAX])
{
	const struct passwd *user = leaves_root(s) ? future_user(s) : NULL;
	uid_t owner = user != NULL ? user->pw_uid : NOBODY;
	char path[PATH_MAX];
	gid_t group;

	if (eal_arguments || is(s, "off") || telemetry_socket_path(path, sizeof(path)) != 0)
		return 0;
	(void)find_group(s, &group);
	bool grouped = group != NO_GROUP;
	/* The folder comes last: what is in another user's is not touched any more. */
	if (chmod(path, grouped ? 0660 : 0600) != 0 || give(path, owner, group) != 0 ||
	    chmod(leaf, grouped ? 0710 : 0700) != 0 || give(leaf, owner, group) != 0 ||
	    open_parent(group, user != NULL) != 0) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "--telemetry %.60s: %.300s cannot be given to the group: %s; the process "
			 "has to be root, or a member of it",
			 s->telemetry, leaf, strerror(errno));
		return -1;
	}
	log_line("telemetry answers at %s", path);
	return 0;
}
