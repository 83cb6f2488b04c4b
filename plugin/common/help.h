/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guide of this plug-in, which needs no network. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Returns: (nullable): the folder with the guide in it, index.html and gimp-help.xml. (transfer full) */
char *cg_help_get_folder (void);

/* Opens the guide in the browser; a GimpHelpFunc. Messages if there is none, or no browser. */
void cg_help_show (const char *help_id, gpointer data);

G_END_DECLS
