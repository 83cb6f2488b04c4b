/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and numbers of an evaluation, each once; apart because table and JSON shall never tell different things. */
#include "evaluation-table.h"

#include <glib/gi18n.h>
#include <math.h>

typedef enum
{
  UNIT_COUNT,
  UNIT_FINE,    /* L1 and SSIM: values around 1 */
  UNIT_DECIBEL, /* and distances: values around 10 or 100 */
} Unit;

/* One line of the table. */
typedef struct
{
  const char *member; /* in JSON, behind a dot that of the object it is in */
  const char *label;
  Unit unit;
} Row;

static const Row rows[] = {
  { "images", N_ ("images"), UNIT_COUNT },
  { "cycle.l1", N_ ("there and back, L1"), UNIT_FINE },
  { "cycle.psnr", N_ ("there and back, PSNR (dB)"), UNIT_DECIBEL },
  { "identity.l1", N_ ("change of what is there already, L1"), UNIT_FINE },
  { "distance.images", N_ ("images in the sets compared"), UNIT_COUNT },
  { "distance.fake", N_ ("distance from real images"), UNIT_DECIBEL },
  { "distance.input", N_ ("  of untranslated images"), UNIT_DECIBEL },
  { "distance.floor", N_ ("  of other real images"), UNIT_DECIBEL },
  { "paired.images", N_ ("images whose truth is known"), UNIT_COUNT },
  { "paired.l1", N_ ("from the truth, L1"), UNIT_FINE },
  { "paired.input_l1", N_ ("  of untranslated images"), UNIT_FINE },
  { "paired.psnr", N_ ("from the truth, PSNR (dB)"), UNIT_DECIBEL },
  { "paired.input_psnr", N_ ("  of untranslated images"), UNIT_DECIBEL },
  { "paired.ssim", N_ ("like the truth, SSIM"), UNIT_FINE },
  { "paired.input_ssim", N_ ("  of untranslated images"), UNIT_FINE },
};

/* The values of @evaluation in the order of the rows; NaN: not measured. */
static void
get_values (const CgEvaluation *evaluation, double values[G_N_ELEMENTS (rows)])
{
  gboolean pairs = evaluation->n_pairs > 0, inputs = pairs && evaluation->has_input_closeness;
  gboolean distance = evaluation->has_distance;
  const struct
  {
    gboolean is_there;
    double value;
  } all[] = {
    { TRUE, evaluation->n_images },
    { evaluation->has_cycle, evaluation->cycle_l1 },
    { evaluation->has_cycle, evaluation->cycle_psnr },
    { evaluation->has_identity, evaluation->identity_l1 },
    { distance, evaluation->distance.n_images },
    { distance, evaluation->distance.fake },
    { distance && evaluation->distance.has_input, evaluation->distance.input },
    { distance, evaluation->distance.floor },
    { pairs, evaluation->n_pairs },
    { pairs, evaluation->translated.l1 },
    { inputs, evaluation->input.l1 },
    { pairs, evaluation->translated.psnr },
    { inputs, evaluation->input.psnr },
    { pairs, evaluation->translated.ssim },
    { inputs, evaluation->input.ssim },
  };

  G_STATIC_ASSERT (G_N_ELEMENTS (all) == G_N_ELEMENTS (rows));
  for (size_t i = 0; i < G_N_ELEMENTS (rows); i++)
    values[i] = all[i].is_there ? all[i].value : (double)NAN;
}

static char *
format_value (double value, Unit unit)
{
  if (isnan (value))
    return g_strdup ("–");
  if (unit == UNIT_COUNT)
    return g_strdup_printf ("%.0f", value);
  return g_strdup_printf (unit == UNIT_FINE ? "%.4f" : "%.2f", value);
}

/* printf pads by bytes, but words have characters. */
static void
print_padded (const char *text, int width, gboolean to_the_right)
{
  int blanks = MAX (width - (int)g_utf8_strlen (text, -1), 0);

  g_print ("%*s%s%*s", to_the_right ? blanks : 0, "", text, to_the_right ? 0 : blanks, "");
}

static void
print_row (const char *label, int label_width, const char *there, const char *back)
{
  print_padded (label, label_width, FALSE);
  print_padded (there, 10, TRUE);
  if (back)
    print_padded (back, 10, TRUE);
  g_print ("\n");
}

void
cg_evaluation_table_print (const CgEvaluation *there, const CgEvaluation *back)
{
  double values[G_N_ELEMENTS (rows)], values_back[G_N_ELEMENTS (rows)];
  int width = 0;

  get_values (there, values);
  if (back)
    get_values (back, values_back);
  for (size_t i = 0; i < G_N_ELEMENTS (rows); i++)
    width = MAX (width, (int)g_utf8_strlen (_ (rows[i].label), -1));
  /* Translators: the domains are called A and B everywhere. */
  print_row ("", width, _ ("A to B"), back ? _ ("B to A") : NULL);
  for (size_t i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = format_value (values[i], rows[i].unit);
      g_autofree char *text_back = back ? format_value (values_back[i], rows[i].unit) : NULL;

      if (!isnan (values[i]) || (back && !isnan (values_back[i])))
        print_row (_ (rows[i].label), width, text, text_back);
    }
}

JsonObject *
cg_evaluation_to_json (const CgEvaluation *evaluation)
{
  JsonObject *object = json_object_new ();
  double values[G_N_ELEMENTS (rows)];

  get_values (evaluation, values);
  for (size_t i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (GStrv) path = g_strsplit (rows[i].member, ".", 2);
      JsonObject *holder = object;

      if (isnan (values[i]))
        continue;
      if (path[1] && !json_object_has_member (object, path[0]))
        json_object_set_object_member (object, path[0], json_object_new ());
      if (path[1])
        holder = json_object_get_object_member (object, path[0]);
      if (rows[i].unit == UNIT_COUNT)
        json_object_set_int_member (holder, path[1] ? path[1] : path[0], (gint64)values[i]);
      else
        json_object_set_double_member (holder, path[1] ? path[1] : path[0], values[i]);
    }
  return object;
}
