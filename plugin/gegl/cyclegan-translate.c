/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The GEGL operation cyclegan:translate, the one that users see: its properties, and the two hidden operations that do the work. */
#include <glib/gi18n-lib.h>

#ifdef GEGL_PROPERTIES

/* GEGL's own small language, which the formatter takes for C. */
/* clang-format off */

enum_start (cyclegan_size_mode)
  enum_value (CYCLEGAN_SIZE_AUTO, "auto", N_ ("The model's own scale"))
  enum_value (CYCLEGAN_SIZE_SIZE, "size", N_ ("Short side as given"))
  enum_value (CYCLEGAN_SIZE_FULL, "full", N_ ("Every pixel"))
enum_end (CycleganSizeMode)

enum_start (cyclegan_apply)
  enum_value (CYCLEGAN_APPLY_ALL, "all", N_ ("Everything"))
  enum_value (CYCLEGAN_APPLY_COLOUR, "colour", N_ ("Colour"))
  enum_value (CYCLEGAN_APPLY_LIGHT, "light", N_ ("Light"))
enum_end (CycleganApply)

enum_start (cyclegan_statistics)
  enum_value (CYCLEGAN_STATISTICS_AUTO, "auto", N_ ("Exact, for huge pictures sampled"))
  enum_value (CYCLEGAN_STATISTICS_EXACT, "exact", N_ ("Exact"))
  enum_value (CYCLEGAN_STATISTICS_SAMPLED, "sampled", N_ ("Sampled"))
enum_end (CycleganStatistics)

property_string (model, _ ("Model"), "")
    description (_ ("Name of an installed model, or the path of a .safetensors file"))

property_enum (size_mode, _ ("Size mode"), CycleganSizeMode, cyclegan_size_mode, CYCLEGAN_SIZE_AUTO)
    description (_ ("How large the network sees the picture; large means fine strokes, small means bold ones"))

property_int (size, _ ("Size"), 512)
    description (_ ("Short side of the picture that the network sees, for the size mode of that name"))
    value_range (16, 8192)
    ui_range (128, 2048)
    ui_meta ("unit", "pixel-distance")
    ui_meta ("sensitive", "size-mode {size}")

property_double (detail, _ ("Detail"), 0.85)
    description (_ ("From the network's own strokes, enlarged, to its colours on the picture's own details; without meaning where the "
                    "network sees every pixel"))
    value_range (0.0, 1.0)
    ui_range (0.0, 1.0)
    ui_meta ("sensitive", "! size-mode {full}")

property_enum (apply, _ ("Apply"), CycleganApply, cyclegan_apply, CYCLEGAN_APPLY_ALL)
    description (_ ("What is taken from the translation; the rest stays the picture's"))

property_double (strength, _ ("Strength"), 1.0)
    description (_ ("How much of the translation is mixed into the picture; 0 leaves it exactly as it is"))
    value_range (0.0, 1.0)
    ui_range (0.0, 1.0)

property_enum (statistics, _ ("Statistics"), CycleganStatistics, cyclegan_statistics, CYCLEGAN_STATISTICS_AUTO)
    description (_ ("Where the network takes its picture-wide statistics from: from every pixel, or from well-spread pieces of the "
                    "picture, which bounds memory"))

property_string (sha256, _ ("SHA-256"), "")
    description (_ ("Of the model's file, for a picture that must never be made by another version of it; empty takes whatever has the name"))

property_int (memory_limit, _ ("Memory limit"), 0)
    description (_ ("In MiB, 0 for a quarter of the machine's memory. It never changes the result: too little is an error that "
                    "says how much is needed"))
    value_range (0, 1048576)
    ui_range (0, 16384)

#else

#define GEGL_OP_META
#define GEGL_OP_BUNDLE
#define GEGL_OP_NAME cyclegan_translate
#define GEGL_OP_C_SOURCE cyclegan-translate.c
/* clang-format on */

#include <gegl-op.h>

/* Of the time that a large photo takes, where the network runs. */
#define NETWORK_SHARE 0.8

/**
 * Parts:
 * @network: keeps its output in GEGL's cache, so that it computes nothing when only @carry changes
 * @running: whether the network has told something and the carrying not yet the end
 */
typedef struct
{
  GeglNode *network;
  GeglNode *carry;
  gboolean running;
} Parts;

/* Both parts tell their way from 0 to 1, the network nothing where its output is in the cache; the end is the carrying's to tell. */
static void
on_network_progress (GeglNode *node, double done, GeglOperation *operation)
{
  Parts *parts = GEGL_PROPERTIES (operation)->user_data;

  parts->running = TRUE;
  gegl_operation_progress (operation, NETWORK_SHARE * done, (gchar *)"");
}

static void
on_carry_progress (GeglNode *node, double done, GeglOperation *operation)
{
  Parts *parts = GEGL_PROPERTIES (operation)->user_data;

  if (parts->running && done < 1.0)
    done = NETWORK_SHARE + (1.0 - NETWORK_SHARE) * done;
  gegl_operation_progress (operation, done, (gchar *)"");
  if (done >= 1.0)
    parts->running = FALSE;
}

static void
set_int (GeglNode *node, const char *name, int value)
{
  int before;

  gegl_node_get (node, name, &before, NULL);
  if (before != value)
    gegl_node_set (node, name, value, NULL);
}

static void
set_double (GeglNode *node, const char *name, double value)
{
  double before;

  gegl_node_get (node, name, &before, NULL);
  if (before != value)
    gegl_node_set (node, name, value, NULL);
}

static void
set_string (GeglNode *node, const char *name, const char *value)
{
  g_autofree char *before = NULL;

  gegl_node_get (node, name, &before, NULL);
  if (g_strcmp0 (before, value) != 0)
    gegl_node_set (node, name, value, NULL);
}

/* Instead of gegl_operation_meta_redirect(): hosts set properties to what they are already, and that must not cost a run of the network. */
static void
update (GeglOperation *operation)
{
  GeglProperties *o = GEGL_PROPERTIES (operation);
  Parts *parts = o->user_data;

  if (!parts)
    return;
  set_string (parts->network, "model", o->model);
  set_string (parts->network, "sha256", o->sha256);
  set_int (parts->network, "size-mode", (int)o->size_mode);
  set_int (parts->network, "size", o->size);
  set_int (parts->network, "statistics", (int)o->statistics);
  set_int (parts->network, "memory-limit", o->memory_limit);
  set_int (parts->carry, "size-mode", (int)o->size_mode);
  set_double (parts->carry, "detail", o->detail);
  set_int (parts->carry, "apply", (int)o->apply);
  set_double (parts->carry, "strength", o->strength);
}

static void
attach (GeglOperation *operation)
{
  GeglNode *node = operation->node;
  GeglNode *input = gegl_node_get_input_proxy (node, "input");
  GeglNode *output = gegl_node_get_output_proxy (node, "output");
  Parts *parts = g_new0 (Parts, 1);

  parts->network = gegl_node_new_child (node, "operation", "cyclegan:network", NULL);
  /* It would otherwise be this node's, and a host may have forbidden that one to keep anything. */
  g_object_set (parts->network, "cache-policy", GEGL_CACHE_POLICY_ALWAYS, NULL);
  parts->carry = gegl_node_new_child (node, "operation", "cyclegan:carry", NULL);
  GEGL_PROPERTIES (operation)->user_data = parts;
  gegl_node_link_many (input, parts->carry, output, NULL);
  gegl_node_link (input, parts->network);
  /* The newer name (GEGL 0.4.62 has it, 0.4.42 has not) replaces the older one, which then warns. */
#ifdef CG_HAVE_GEGL_NODE_CONNECT
  gegl_node_connect (parts->network, "output", parts->carry, "aux");
#else
  gegl_node_connect_from (parts->carry, "aux", parts->network, "output");
#endif
  g_signal_connect_object (parts->network, "progress", G_CALLBACK (on_network_progress), operation, 0);
  g_signal_connect_object (parts->carry, "progress", G_CALLBACK (on_carry_progress), operation, 0);
  update (operation);
}

static void
finalize (GObject *object)
{
  g_clear_pointer (&GEGL_PROPERTIES (object)->user_data, g_free);
  G_OBJECT_CLASS (gegl_op_parent_class)->finalize (object);
}

static void
gegl_op_class_init (GeglOpClass *klass)
{
  GeglOperationClass *operation_class = GEGL_OPERATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = finalize;
  operation_class->attach = attach;
  GEGL_OPERATION_META_CLASS (klass)->update = update;

  gegl_operation_class_set_keys (operation_class, "name", "cyclegan:translate", "title", _ ("Translate with CycleGAN"),
                                 "categories", "artistic", "description",
                                 _ ("Repaint the picture in the manner that a model has learned from a "
                                    "collection of images"),
                                 /* Raised when a property changes its meaning: GIMP keeps it with a live filter. */
                                 "op-version", "1:0", NULL);
}

#endif
