/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Generated pictures for the tests of the operation and the command: made, stored, read back, compared. */
#pragma once

#include <gegl.h>

#include "cyclegan.h"

/* Smooth colours with some texture; alpha, where @format has one, runs from 0 to 1 with hard edges between. Sources in sRGB. */
GeglBuffer *cg_picture_new (int width, int height, const Babl *format);

/* By the saver for the ending of @path; PNG with @bits. Aborts the test on failure, as the rest does. */
void cg_picture_save (GeglBuffer *picture, const char *path, int bits);
GeglBuffer *cg_picture_load (const char *path);

/* (transfer full): all pixels. */
float *cg_picture_get (GeglBuffer *picture, const Babl *format);

/* What cg_translate() makes of an opaque picture: [height][width][3] R'G'B'. */
float *cg_picture_translate (GeglBuffer *picture, CgModel *model, const CgTranslateOptions *options);

/* The largest difference of n floats. */
float cg_picture_compare (const float *a, const float *b, gsize n);

/* A new folder for one test, and a path in it. (transfer full) */
char *cg_picture_make_folder (void);
void cg_picture_remove_folder (char *folder);

/* Runs argv with all of GEGL's and GLib's folders below @folder. Returns: the exit status. */
int cg_picture_spawn (const char *folder, const char *const *argv, char **errors);
