/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions to the kernel as the user that the process will be: what root may do says nothing of
 * what is possible once root is left.
 *
 * [start] Before EAL: a child asks, which needs that there are no other threads yet.
 */
#pragma once

#include "http.h"

/* What a question comes to, and why. */
struct verdict {
	int error; /* an errno; 0: all is well */
	char text[256];
};

/*
 * `ask` answers about `about` as `user`: in a child that becomes that user. As the process itself
 * where `user` is NULL or unknown, or where the process is not root.
 */
void as_user_ask(const char *user, void (*ask)(const void *about, struct verdict *answer),
		 const void *about, struct verdict *answer);

/*
 * Can `user` listen on "ADDRESS:PORT"? 0, or -errno with `error`, a line for the user of the
 * program.
 */
int as_user_listen(const char *user, const char *address, char error[256]);
