/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgTranslation: one network run over an artist's picture, in a thread of its own so that neither dialog nor progress bar stands still. */
#pragma once

#include <gegl.h>

#include "settings.h"

typedef struct _CgTranslation CgTranslation;

/* Monotonic, 0 … 1, on the main thread; not every step is told. */
typedef void (*CgTranslationProgress) (double done, gpointer data);

/**
 * cg_translation_new:
 * @source: read here and not kept, for a host's buffer belongs to its main thread
 * @area: what the network shall see of it
 *
 * Returns: (transfer full): or NULL with CG_ERROR_MEMORY.
 */
CgTranslation *cg_translation_new (GeglBuffer *source, const GeglRectangle *area, GError **error);
CgTranslation *cg_translation_ref (CgTranslation *translation);
void cg_translation_unref (CgTranslation *translation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgTranslation, cg_translation_unref)

/**
 * cg_translation_start:
 * @settings: model, size_mode and size; copied
 * @callback: on the main thread; calls cg_translation_finish()
 *
 * Loads the model and translates, both off the main thread. To be called once for a translation.
 */
void cg_translation_start (CgTranslation *translation, const CgSettings *settings, GCancellable *cancellable,
                           CgTranslationProgress progress, gpointer progress_data, GAsyncReadyCallback callback,
                           gpointer data);
gboolean cg_translation_finish (GAsyncResult *result, GError **error);

/* The same, in a main loop until it is done. */
gboolean cg_translation_run (CgTranslation *translation, const CgSettings *settings, CgTranslationProgress progress,
                             gpointer progress_data, GError **error);

/* Whether the network would do the very same for @settings and @area. */
gboolean cg_translation_fits (const CgTranslation *translation, const CgSettings *settings, const GeglRectangle *area);

/* Of the model, once the run has succeeded. (transfer none) */
const char *cg_translation_get_title (const CgTranslation *translation);

/* (transfer full): the network's own pixels, at the place they have in the source; lasts no longer than the translation. */
GeglBuffer *cg_translation_get_buffer (const CgTranslation *translation);

/**
 * cg_translation_write:
 * @strength: 0 … 1, how much of the translation is mixed into @source; 0 copies it bit for bit
 * @source: what the translation was made from
 * @target: all of it is overwritten; the same size
 *
 * Alpha, colours under alpha 0 and what lies outside the area are @source's. Fails with CG_ERROR_MEMORY.
 */
gboolean cg_translation_write (const CgTranslation *translation, double strength, GeglBuffer *source,
                               GeglBuffer *target, GError **error);
