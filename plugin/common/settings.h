/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgSettings: what an artist chooses for one run, the same for the dialog, the procedure, and the values of the last time. */
#pragma once

#include <cyclegan.h>
#include <gegl.h>

typedef enum
{
  CG_OUTPUT_NEW_LAYER, /* above the source, the selection as its mask */
  CG_OUTPUT_REPLACE    /* the source's own pixels, through the selection */
} CgOutput;

/**
 * CgSettings:
 * @model: name of an installed model, or a path; "" where none was ever chosen
 * @size_mode, @size, @strength: as in CgTranslateOptions
 */
typedef struct
{
  char *model;
  CgSizeMode size_mode;
  int size;
  double strength;
  CgOutput output;
} CgSettings;

/* The defaults, and no model. Clear it in the end. */
void cg_settings_init (CgSettings *settings);
void cg_settings_clear (CgSettings *settings);
void cg_settings_copy (CgSettings *to, const CgSettings *from);

/* Fails with CG_ERROR_FORMAT on what no dialog would let through, naming the parameter, its value and its range. */
gboolean cg_settings_check (const CgSettings *settings, GError **error);

/* What cg_translate() is given; strength is 1, for it is mixed in afterwards. */
void cg_settings_get_options (const CgSettings *settings, CgTranslateOptions *options);

/**
 * cg_settings_get_area:
 * @width, @height: the drawable
 * @selection: in its coordinates; all of it where nothing is selected
 *
 * Returns: what the network reads: everything, for the manner of a picture is in all of it; but for every pixel the selection and
 * what its borders need, for there size is time.
 */
GeglRectangle cg_settings_get_area (const CgSettings *settings, int width, int height, const GeglRectangle *selection);

/* One line that cg_settings_from_text() of this or another version understands as far as it can. (transfer full) */
char *cg_settings_to_text (const CgSettings *settings);

/* What @text does not hold, or holds out of range, stays as it is. */
void cg_settings_from_text (CgSettings *settings, const char *text);
