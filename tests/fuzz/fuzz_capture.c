/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any octets as a capture: compressed or not, pcap or pcapng. Each record lies within what was
 * read, positions never go back, and reading ends.
 */
#include "capture_file.h"
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#define RECORDS_MAX 100000 /* a bomb of empty records is not what is tried here */

static volatile uint8_t sink;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct capture_wait wait = {.cancel = NULL};
	char error[CAPTURE_ERROR_MAX] = "";
	int fd = memfd_create("capture", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	struct capture_file *file = capture_file_open(fd, &wait, error);
	if (file == NULL) {
		if (error[0] == 0)
			abort();
		return 0;
	}
	struct capture_record r, looked;
	uint64_t good = capture_file_good(file);
	int ret = 1;
	for (int i = 0; i < RECORDS_MAX && ret == 1; i++) {
		if (i % 3 == 0 && capture_file_look(file, &looked) == 1 && looked.captured > 0)
			sink = looked.bytes[0];
		ret = capture_file_next(file, &r);
		if (ret != 1)
			break;
		for (uint32_t k = 0; k < r.captured; k += 61)
			sink = r.bytes[k];
		if (r.captured > 0)
			sink = r.bytes[r.captured - 1];
		if (capture_file_good(file) <= good)
			abort();
		good = capture_file_good(file);
	}
	if (ret < 0 && capture_file_why(file)[0] == 0)
		abort();
	if (ret <= 0 && capture_file_next(file, &r) != ret)
		abort(); /* the end and damage stay what they are */
	capture_file_close(file);
	return 0;
}
