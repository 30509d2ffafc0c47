/* SPDX-License-Identifier: BSD-3-Clause */
#include "parse.h"

#include "walk.h"

void
parse_frame(const uint8_t *bytes, uint32_t captured, uint32_t length,
	    const struct parse_options *options, struct parse_fact *fact)
{
	*fact = (struct parse_fact){.frame_octets = length};

	uint32_t head = captured < PARSE_HEAD_MAX ? captured : PARSE_HEAD_MAX;
	struct walk w = {.at = bytes,
			 .end = bytes + head,
			 .start = bytes,
			 .left = length,
			 .decap = options->decap,
			 .fact = fact};

	enum walk_step step = options->link == PARSE_LINK_ETHERNET
				      ? STEP_ETHERNET
				      : step_link(&w, (enum parse_link)options->link);
	while (step != STEP_DONE) {
		switch (step) {
		case STEP_ETHERNET:
			step = step_ethernet(&w);
			break;
		case STEP_TYPE:
			step = step_type(&w);
			break;
		case STEP_LLC:
			step = step_llc(&w);
			break;
		case STEP_MPLS:
			step = step_mpls(&w);
			break;
		case STEP_PPP:
			step = step_ppp(&w);
			break;
		case STEP_NSH:
			step = step_nsh(&w);
			break;
		case STEP_IPV4:
			step = step_ipv4(&w);
			break;
		case STEP_IPV6:
			step = step_ipv6(&w);
			break;
		case STEP_DONE:
			break;
		}
	}
	/* nothing beyond PARSE_HEAD_MAX will ever be looked at: no reason to ask for it */
	if (head == PARSE_HEAD_MAX)
		fact->wants_more = 0;
}
