/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A GIMP without windows and with few plug-ins, in a home of its own, that runs one script. */
#pragma once

#include <glib.h>

/* Once for a folder: what GIMP finds there, and $CYCLEGAN_MODEL_PATH. Plug-in, GIMP and the rest come from the environment of the test. */
void gimp_session_prepare (const char *folder);

/**
 * gimp_session_run:
 * @script: the path of a Scheme file. Before it GIMP reads (define folder "…") and the words of its version.
 * @meanwhile: (nullable): called over and over while GIMP runs
 *
 * Returns: (transfer full): what GIMP wrote to standard error. The test ends if GIMP does not exit with 0.
 */
char *gimp_session_run (const char *folder, const char *script, void (*meanwhile) (GPid gimp, gpointer data),
                        gpointer data);
