/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A display of our own for tests of windows, so that nobody's screen is needed and nobody's is used. */
#pragma once

#include <glib.h>

/* Starts Xvfb and sets $DISPLAY; aborts the test on failure. Returns: its process. */
GPid cg_display_start (void);
void cg_display_stop (GPid process);
