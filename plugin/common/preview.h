/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgPreview: a picture before and after on both sides of a line that can be moved; mixing is instant, for the network is not asked. */
#pragma once

#include <gegl.h>
#include <gtk/gtk.h>

#include "translation.h"

typedef struct _CgPreview CgPreview;

/* Belongs to its widget and goes with it. */
CgPreview *cg_preview_new (void);
GtkWidget *cg_preview_get_widget (CgPreview *preview);

/**
 * cg_preview_set_before:
 * @area: what of @source is shown, scaled down where it is too large
 */
void cg_preview_set_before (CgPreview *preview, GeglBuffer *source, const GeglRectangle *area);

/* @translation: (nullable): of the same area; NULL shows the picture before only. */
void cg_preview_set_after (CgPreview *preview, const CgTranslation *translation);

/* 0 … 1. */
void cg_preview_set_strength (CgPreview *preview, double strength);

/* (transfer full): what is shown right of the line, for tests; NULL where there is no translation. */
GdkPixbuf *cg_preview_get_after (CgPreview *preview);
