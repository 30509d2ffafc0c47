# SPDX-License-Identifier: BSD-3-Clause
"""A virtual machine with a PCI network card, to prove what no virtual PMD can."""
