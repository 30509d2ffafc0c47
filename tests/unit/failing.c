/* SPDX-License-Identifier: BSD-3-Clause */
#include "failing.h"

#include <errno.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

static long until = -1;
static bool for_good, happened;

void
failing_at(long n)
{
	until = n;
	for_good = false;
	happened = false;
}

void
failing_from(long n)
{
	failing_at(n);
	for_good = true;
}

bool
failing_happened(void)
{
	return happened;
}

static bool
fails(void)
{
	if (until < 0)
		return false;
	if (until > 0) {
		until--;
		return false;
	}
	if (!for_good)
		until = -1;
	happened = true;
	errno = ENOMEM;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}
