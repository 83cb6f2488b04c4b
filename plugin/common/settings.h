/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgSettings: what an artist chooses for one run, the same for the dialog, the procedure, and the values of the last time. */
#pragma once

#include <cyclegan.h>
#include <gegl.h>

typedef enum
{
  CG_OUTPUT_NEW_LAYER, /* above the source, the selection as its mask */
  CG_OUTPUT_REPLACE,   /* the source's own pixels, through the selection */
  CG_OUTPUT_LIVE       /* a filter on the source that can be changed later; not in every GIMP */
} CgOutput;

#define CG_SETTINGS_MIN_SIZE 16
#define CG_SETTINGS_MAX_SIZE 8192

/**
 * CgSettings:
 * @model: name of an installed model, or a path; "" where none was ever chosen
 * @size_mode, @size, @detail, @apply, @strength: as in CgTranslateOptions
 */
typedef struct
{
  char *model;
  CgSizeMode size_mode;
  int size;
  double detail;
  CgApply apply;
  double strength;
  CgOutput output;
} CgSettings;

/* The defaults, and no model. Clear it in the end. */
void cg_settings_init (CgSettings *settings);
void cg_settings_clear (CgSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CgSettings, cg_settings_clear)
void cg_settings_copy (CgSettings *to, const CgSettings *from);

/**
 * cg_settings_check:
 * @last_output: the last of CgOutput that this GIMP has
 *
 * Fails with CG_ERROR_FORMAT on what no dialog would let through, naming the parameter, its value and its range.
 */
gboolean cg_settings_check (const CgSettings *settings, CgOutput last_output, GError **error);

/* Whether the network would do the very same for both: they differ in what is done with its pixels only. */
gboolean cg_settings_same_network (const CgSettings *a, const CgSettings *b);

/* What cg_translate() and its halves are given. */
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
