/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgPreview: a picture before and after on both sides of a line that can be moved; what needs no network is seen at once. */
#pragma once

#include <gegl.h>
#include <gtk/gtk.h>

#include "translation.h"

/* What a preview can show at the picture's own scale without being made larger. */
#define CG_PREVIEW_WIDTH 448
#define CG_PREVIEW_HEIGHT 336

typedef struct _CgPreview CgPreview;

/**
 * cg_preview_new:
 * @source: (transfer none): kept by reference
 * @moved: the artist has moved what is shown
 *
 * Belongs to its widget and goes with it.
 */
CgPreview *cg_preview_new (GeglBuffer *source, void (*moved) (gpointer data), gpointer data);
GtkWidget *cg_preview_get_widget (CgPreview *preview);

/**
 * cg_preview_set_area:
 * @area: what of the source there is to see
 * @exact: whether it is shown at its own scale only; it is then no larger than a preview can show
 *
 * Forgets the translation if the area is another one.
 */
void cg_preview_set_area (CgPreview *preview, const GeglRectangle *area, gboolean exact);

/* The point of the source that lies, or would lie, in the middle at its own scale. */
void cg_preview_get_centre (const CgPreview *preview, int *x, int *y);

/* @translation: (nullable): of the same area; NULL shows the picture before only. */
void cg_preview_set_translation (CgPreview *preview, CgTranslation *translation);

/* How the translation is finished; copied. */
void cg_preview_set_settings (CgPreview *preview, const CgSettings *settings);

/* (transfer full): what is shown right of the line, for tests; NULL where there is no translation. */
GdkPixbuf *cg_preview_get_after (CgPreview *preview);
