/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The colour profile of a PNG file, put in place by hand: GEGL's saver refuses to write some wide spaces, Display P3 among them. */
#pragma once

#include <glib.h>

/**
 * cg_png_set_profile:
 * @fd: a PNG file, open for reading and writing
 * @profile: an ICC profile
 *
 * Replaces what the file tells of its colours (iCCP, sRGB, gAMA, cHRM) by @profile; the pixels stay. Errors do not name the file.
 */
gboolean cg_png_set_profile (int fd, const void *profile, gsize length, GError **error);
