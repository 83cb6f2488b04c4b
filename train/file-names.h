/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a folder of images holds. */
#pragma once

#include <glib.h>

/* Names of everything directly in @path that is neither hidden nor a folder, sorted bytewise. (transfer full) */
GPtrArray *cg_file_names_list (const char *path, GError **error);
