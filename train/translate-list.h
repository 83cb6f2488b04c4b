/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgTranslateList: which files `cyclegan translate` reads, and where each result goes; settled before the first is touched. */
#pragma once

#include <glib.h>

/**
 * CgTranslateItem:
 * @path: the photo, or what was asked for and cannot be had
 * @result: where it goes
 * @error: (nullable): why it cannot be done; @result may then be NULL
 */
typedef struct
{
  char *path;
  char *result;
  GError *error;
} CgTranslateItem;

/**
 * cg_translate_list_new:
 * @inputs: files and folders. Of a folder, all pictures in it and below are taken, in the order of their names: what has the ending of a
 *   picture and no leading dot. Links to folders are not followed.
 * @out: the result of the only input; or, if @to_folder, the folder for all. Results keep their names and, for those from folders, their
 *   places below; what cannot be written in its own format becomes .png. The folder itself is left out where an input contains it.
 *
 * Two photos with one result, and a result that is one of the photos, are errors of their items.
 *
 * Returns: (transfer full) (element-type CgTranslateItem): never empty for a non-empty @inputs
 */
GPtrArray *cg_translate_list_new (char **inputs, const char *out, gboolean to_folder);
