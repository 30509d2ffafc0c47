/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MESSAGE_ID of what a monitor may wait for, random and never changed:
 *
 *     journalctl MESSAGE_ID=5a4a9389ee9b4ae08bb654df477b0e3b
 */
#pragma once

#define LOG_ID_RECEIVING      "7befd9e2e82b4bffba5f9d7284f3a8a3" /* started */
#define LOG_ID_SUMMARY        "669a531504134f52903186e1156d9c04" /* ended, with its sums */
#define LOG_ID_LEDGER         "5a4a9389ee9b4ae08bb654df477b0e3b" /* it does not balance */
#define LOG_ID_OUTPUT_FAILED  "f7d9bb80fdea44dd90fc444c7fbb0627" /* a file cannot be written */
#define LOG_ID_RELOADED       "46c36569ab0241e89a762d091110bfa3" /* the databases */
#define LOG_ID_NOT_RELOADED   "cfe818e5efaf432c846e8cf58b4675a1"
#define LOG_ID_PORT_GONE      "7f7ad176145a4eacb79ecdac8ac60bb9"
#define LOG_ID_PORT_RECEIVING "394ef5d8bb06424a9214bf02c049f243" /* again */
