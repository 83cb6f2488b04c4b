/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgSourceKind: what an artist wants translated, in GIMP's words but without either GIMP's types, and what can be done to it. */
#pragma once

#include "settings.h"

/**
 * CgSourceKind:
 * @name: as the artist reads it
 * @is_layer: also groups and text layers, but neither masks nor channels
 * @is_locked: its pixels, or those of a group around it
 * @has_selection: whether anything in its image is selected
 */
typedef struct
{
  char *name;
  gboolean is_layer, is_mask, is_indexed, is_group, is_text, is_floating, is_locked, has_selection;
} CgSourceKind;

void cg_source_kind_clear (CgSourceKind *kind);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CgSourceKind, cg_source_kind_clear)

/* Whether it can be a source at all. The error (CG_ERROR_UNSUPPORTED) says why not, and what to do instead. */
gboolean cg_source_kind_check (const CgSourceKind *kind, GError **error);

/* The same about where the result goes; for what passed cg_source_kind_check(). */
gboolean cg_source_kind_check_output (const CgSourceKind *kind, CgOutput output, GError **error);
