/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sample pictures of a run side by side: what the generators made of the same images as time went on. */
#pragma once

#include <glib.h>

/**
 * cg_report_samples_append:
 * @paths, @steps: (element-type filename) and (element-type gint64): sample pictures, ascending in step
 *
 * Appends a <section> to @html with a row for each sample image, or nothing if no picture can be read; single ones that cannot are
 * left out. Of many pictures some are chosen, the newest among them. Fails with CG_ERROR_MEMORY.
 */
gboolean cg_report_samples_append (GString *html, const GPtrArray *paths, const GArray *steps, GError **error);
