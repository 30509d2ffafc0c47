/* SPDX-License-Identifier: BSD-3-Clause */
#include "telemetry_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Of 16,384 octets: room for the command, the members that are no columns, and their names. */
#define PAGE_OCTETS 15000

void
telemetry_table_free(struct telemetry_table *t)
{
	for (size_t c = 0; c < t->count; c++)
		rte_tel_data_free(t->columns[c].data);
	t->count = 0;
}

int
telemetry_table_column(struct telemetry_table *t, const char *name, enum telemetry_column kind)
{
	struct rte_tel_data *data = rte_tel_data_alloc();

	if (data == NULL || t->count == TELEMETRY_COLUMNS_MAX) {
		rte_tel_data_free(data);
		return -ENOMEM;
	}
	rte_tel_data_start_array(data, kind == COLUMN_TEXT  ? RTE_TEL_STRING_VAL
				       : kind == COLUMN_INT ? RTE_TEL_INT_VAL
							    : RTE_TEL_U64_VAL);
	t->columns[t->count].name = name;
	t->columns[t->count].kind = kind;
	t->columns[t->count].data = data;
	t->count++;
	t->octets += strlen(name) + 6;
	return 0;
}

bool
telemetry_table_row(struct telemetry_table *t, const union telemetry_cell *cells)
{
	size_t octets = 0;
	char digits[24];

	for (size_t c = 0; c < t->count; c++) {
		if (t->columns[c].kind == COLUMN_TEXT)
			octets += strlen(cells[c].text) + 3;
		else if (t->columns[c].kind == COLUMN_INT)
			octets += (size_t)snprintf(digits, sizeof(digits), "%d,", cells[c].number);
		else
			octets += (size_t)snprintf(digits, sizeof(digits), "%llu,",
						   (unsigned long long)cells[c].big);
	}
	if (t->rows == RTE_TEL_MAX_ARRAY_ENTRIES || t->octets + octets > PAGE_OCTETS)
		return false;
	for (size_t c = 0; c < t->count; c++) {
		if (t->columns[c].kind == COLUMN_TEXT)
			rte_tel_data_add_array_string(t->columns[c].data, cells[c].text);
		else if (t->columns[c].kind == COLUMN_INT)
			rte_tel_data_add_array_int(t->columns[c].data, cells[c].number);
		else
			rte_tel_data_add_array_u64(t->columns[c].data, cells[c].big);
	}
	t->rows++;
	t->octets += octets;
	return true;
}

void
telemetry_table_put(struct telemetry_table *t, struct rte_tel_data *d)
{
	for (size_t c = 0; c < t->count; c++)
		rte_tel_data_add_dict_container(d, t->columns[c].name, t->columns[c].data, 0);
	t->count = 0;
}

const char *
telemetry_encode_name(const char *name, char text[RTE_TEL_MAX_STRING_LEN])
{
	size_t used = 0;

	for (const unsigned char *p = (const unsigned char *)name; *p != 0;) {
		size_t octets = 1, need = 0;
		char part[4 * 3 + 1] = "";

		while (octets < 4 && (p[octets] & 0xc0) == 0x80)
			octets++;
		for (size_t i = 0; i < octets; i++) {
			bool plain = p[i] > 0x1f && p[i] < 0x7f && strchr("%\"\\", p[i]) == NULL;
			need += (size_t)snprintf(part + need, sizeof(part) - need,
						 plain ? "%c" : "%%%02X", p[i]);
		}
		if (used + need >= RTE_TEL_MAX_STRING_LEN)
			break;
		memcpy(text + used, part, need);
		used += need;
		p += octets;
	}
	text[used] = 0;
	return text;
}
