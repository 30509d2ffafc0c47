/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

enum check_level {
	CHECK_OK,
	CHECK_WARNING, /* it runs, but not as well as it could */
	CHECK_FAULT,   /* it does not run */
};
