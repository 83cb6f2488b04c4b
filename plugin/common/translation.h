/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgTranslation: one network run over an artist's picture, in a thread of its own so that neither dialog nor progress bar stands still. */
#pragma once

#include <gegl.h>

#include "settings.h"

typedef struct _CgTranslation CgTranslation;

/* How far to go. The network's pixels are all of the cost; what the controls below the stroke size do comes after them. */
typedef enum
{
  CG_TRANSLATION_NETWORK, /* its pixels, which views are made of */
  CG_TRANSLATION_PICTURE  /* the finished picture in the place of the photo, after which there are no more views */
} CgTranslationGoal;

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
 * @model: (nullable): the model of @settings, where somebody has loaded it already
 * @settings: copied; those that the network sees must not change between two starts
 * @callback: on the main thread; calls cg_translation_finish()
 *
 * Loads the model and works, both off the main thread; what an earlier start has computed is not computed again.
 */
void cg_translation_start (CgTranslation *translation, CgTranslationGoal goal, CgModel *model,
                           const CgSettings *settings, GCancellable *cancellable, CgTranslationProgress progress,
                           gpointer progress_data, GAsyncReadyCallback callback, gpointer data);
gboolean cg_translation_finish (GAsyncResult *result, GError **error);

/* The same up to the finished picture, in a main loop until it is done. */
gboolean cg_translation_run (CgTranslation *translation, const CgSettings *settings, CgTranslationProgress progress,
                             gpointer progress_data, GError **error);

/* Whether the network has done the very same for @settings and @area. */
gboolean cg_translation_fits (const CgTranslation *translation, const CgSettings *settings, const GeglRectangle *area);

/* Of the model, once the network has run. (transfer none) */
const char *cg_translation_get_title (const CgTranslation *translation);

/* What the network took, loading not counted; 0 if it did not run. */
double cg_translation_get_seconds (const CgTranslation *translation);

/**
 * CgTranslationPixels: (transfer none) throughout.
 * @area: in the source
 * @photo: [area.height][area.width][3] R'G'B', hidden pixels filled
 * @pixels: [height][width][3]: the network's; NULL if all of the area is transparent
 */
typedef struct
{
  GeglRectangle area;
  const float *photo;
  const float *pixels;
  int width, height;
} CgTranslationPixels;

/* After CG_TRANSLATION_NETWORK; lasts until CG_TRANSLATION_PICTURE is started. */
void cg_translation_get_pixels (const CgTranslation *translation, CgTranslationPixels *pixels);

/**
 * cg_translation_write:
 * @source: what the translation was made from
 * @target: all of it is overwritten; the same size
 *
 * After CG_TRANSLATION_PICTURE. Alpha, colours under alpha 0 and what lies outside the area are @source's; with strength 0 everything, bit
 * for bit. Fails with CG_ERROR_MEMORY.
 */
gboolean cg_translation_write (const CgTranslation *translation, GeglBuffer *source, GeglBuffer *target,
                               GError **error);

/* For tests: how often a network has run in this process. */
guint cg_translation_count_runs (void);
