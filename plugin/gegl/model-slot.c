/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgModelSlot: a render must not read tens of megabytes again, yet must notice that a training run has published a better file. */
#include "model-slot.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

CgModel *
cg_model_slot_get (CgModelSlot *slot, const char *name_or_path, const char *version, GError **error)
{
  g_autofree char *path = version && *version ? cg_model_version_find (name_or_path, version, error)
                                              : cg_model_library_find (name_or_path, error);
  guint64 inode = 0;
  gint64 modified = 0;
  GStatBuf status;

  if (!path)
    {
      cg_model_slot_clear (slot);
      return NULL;
    }
  /* A file that cannot be looked at is left to cg_model_load(), which says why. */
  if (g_stat (path, &status) == 0)
    {
      modified = (gint64)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
      inode = status.st_ino;
    }
  if (slot->model && g_strcmp0 (slot->path, path) == 0 && slot->modified == modified && slot->inode == inode)
    return slot->model;

  cg_model_slot_clear (slot);
  slot->model = cg_model_load (path, error);
  if (slot->model)
    {
      slot->path = g_steal_pointer (&path);
      slot->modified = modified;
      slot->inode = inode;
    }
  return slot->model;
}

void
cg_model_slot_clear (CgModelSlot *slot)
{
  g_clear_pointer (&slot->model, cg_model_unref);
  g_clear_pointer (&slot->path, g_free);
}
