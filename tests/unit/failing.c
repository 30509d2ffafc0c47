/* SPDX-License-Identifier: BSD-3-Clause */
#include "failing.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

static size_t allocated;
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

size_t
failing_allocated(void)
{
	return allocated;
}

static void *
counted(void *p)
{
	allocated += malloc_usable_size(p);
	return p;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : counted(__real_malloc(size));
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(count, size));
}

void *
__wrap_realloc(void *p, size_t size)
{
	size_t old = malloc_usable_size(p);
	void *moved = fails() ? NULL : __real_realloc(p, size);

	if (moved != NULL)
		allocated -= old;
	return counted(moved);
}

void
__wrap_free(void *p)
{
	allocated -= malloc_usable_size(p);
	__real_free(p);
}
