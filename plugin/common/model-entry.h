/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgModelEntry: what a list shows about one model file, without its weights, for which two hundred models would take too long. */
#pragma once

#include <cyclegan.h>

/**
 * CgModelEntry: text is UTF-8.
 * @name: what CgSettings holds: the bare name of an installed model, else the path
 * @title: never NULL
 * @details: from and to, size and licence, as far as the file says; lines, "" if it says nothing
 * @thumbnail: the path of a .png beside the model, or NULL
 * @problem: why it cannot be used, or NULL. Weights are looked at only when it is used.
 */
typedef struct
{
  char *name;
  char *path;
  char *title;
  char *details;
  char *description;
  char *thumbnail;
  char *problem;
} CgModelEntry;

/* (transfer full): @installed says whether the name alone finds the file. */
CgModelEntry *cg_model_entry_new (const char *path, gboolean installed);
void cg_model_entry_free (CgModelEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgModelEntry, cg_model_entry_free)

/* (transfer full) (element-type CgModelEntry): all installed models by name. */
GPtrArray *cg_model_entry_list (void);
