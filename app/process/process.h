/* SPDX-License-Identifier: BSD-3-Clause */
/* What /proc/self says of this process. [any thread] What cannot be read is 0. */
#pragma once

#include "picture.h"

struct facts_process process_read(void);
