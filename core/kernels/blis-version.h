/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which BLIS is running, for people to read. */
#pragma once

/* Returns: (transfer none): what the loaded library says of itself, "0.9.0" for instance. Nothing is chosen by it. */
const char *cg_blis_get_version (void);
