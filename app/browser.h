/* SPDX-License-Identifier: BSD-3-Clause */
/* --open: the page in the desktop's browser, as the user who called sudo. */
#pragma once

/* [manager] Starts the browser and does not wait for it. Where there is no desktop, says the
 * address instead. */
void browser_open(const char *url);
