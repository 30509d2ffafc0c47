/* SPDX-License-Identifier: BSD-3-Clause */
/* What all ports on one interface of the kernel have in common. Of this folder; see kind.h. */
#pragma once

#include "port.h"

#define INTERFACE_GONE                                                                             \
	"the interface is gone; what it brought stays counted. When it is back, it is taken again"

void port_interface_open(struct port *port);
/* A socket in port->keeper that keeps it promiscuous, if wanted, and tells when it has gone. */
void port_interface_keep(struct port *port, void (*note)(const char *text));
enum port_link port_interface_link(struct port *port);
/* Is there an interface of its name again, and may it be opened? As `is_back` of kind.h. */
int port_interface_returned(struct port *port, char error[256]);
