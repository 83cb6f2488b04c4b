/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgModelSlot: the model that an operation keeps loaded for as long as its name and its file stay the same. */
#pragma once

#include <cyclegan.h>

typedef struct
{
  CgModel *model;
  char *path;
  guint64 inode;
  gint64 modified; /* nanoseconds */
} CgModelSlot;

/**
 * cg_model_slot_get:
 * @name_or_path: as for cg_model_load()
 * @version: (nullable): as cg_model_version_get() tells it; NULL or "" takes whatever has the name
 *
 * Returns: (transfer none): the kept model, loaded anew if another one is asked for or its file was replaced. On failure NULL, and
 * the slot is empty.
 */
CgModel *cg_model_slot_get (CgModelSlot *slot, const char *name_or_path, const char *version, GError **error);

void cg_model_slot_clear (CgModelSlot *slot);
