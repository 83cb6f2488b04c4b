/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgTranslationView: a part of a translated picture at the size of a preview, finished anew for other settings without the network. */
#pragma once

#include "translation.h"

typedef struct _CgTranslationView CgTranslationView;

/**
 * cg_translation_view_new:
 * @translation: whose network has run; read here and not kept
 * @part: of the source, inside the translation's area
 * @width, @height: what it is shown with, not more than @part has
 *
 * Returns: (transfer full): or NULL with CG_ERROR_MEMORY.
 */
CgTranslationView *cg_translation_view_new (const CgTranslation *translation, const GeglRectangle *part, int width,
                                            int height, GError **error);
void cg_translation_view_free (CgTranslationView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgTranslationView, cg_translation_view_free)

/**
 * cg_translation_view_render:
 * @settings: detail, apply and strength are looked at, and whether every pixel was asked for
 * @rgb: (out): [height] rows of [width][3] R'G'B', @stride bytes apart
 *
 * What cg_translation_write() would give there: the same at a scale of 1, but for rounding and for the outermost pixels; at smaller
 * scales nearly so. Fails with CG_ERROR_MEMORY.
 */
gboolean cg_translation_view_render (const CgTranslationView *view, const CgSettings *settings, guchar *rgb, int stride,
                                     GError **error);
