/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How often the network runs inside a GEGL graph: once for each change of the picture, the model or the size, and never for a control. */
#include <gegl-plugin.h>
#include <string.h>

#include "picture.h"
#include "tiny-model.h"

#define WIDTH 71
#define HEIGHT 60

static char *folder;
static char *model_path;

/* A picture, the operation behind it, and what its network has told so far. */
typedef struct
{
  GeglNode *graph;
  GeglNode *source;
  GeglNode *node;
  GeglBuffer *picture;
  int runs;
} Graph;

static void
count_run (GeglNode *network, double done, int *runs)
{
  *runs += done <= 0.0;
}

static GeglNode *
find_network (GeglNode *node)
{
  GeglNode *network = NULL;
  GSList *children = gegl_node_get_children (node);

  for (GSList *item = children; item; item = item->next)
    if (g_strcmp0 (gegl_node_get_operation (item->data), "cyclegan:network") == 0)
      network = item->data;
  g_slist_free (children);
  g_assert_nonnull (network);
  return network;
}

static void
graph_init (Graph *graph)
{
  graph->runs = 0;
  graph->graph = gegl_node_new ();
  graph->picture = cg_picture_new (WIDTH, HEIGHT, babl_format ("R'G'B' float"));
  graph->source = gegl_node_new_child (graph->graph, "operation", "gegl:buffer-source", "buffer", graph->picture, NULL);
  graph->node = gegl_node_new_child (graph->graph, "operation", "cyclegan:translate", "model", model_path, NULL);
  gegl_node_link (graph->source, graph->node);
  g_signal_connect (find_network (graph->node), "progress", G_CALLBACK (count_run), &graph->runs);
}

static void
graph_clear (Graph *graph)
{
  g_clear_object (&graph->graph);
  g_clear_object (&graph->picture);
}

static float *
render (Graph *graph)
{
  float *pixels = g_new0 (float, WIDTH *HEIGHT * 3);

  gegl_node_blit (graph->node, 1.0, GEGL_RECTANGLE (0, 0, WIDTH, HEIGHT), babl_format ("R'G'B' float"), pixels, 0,
                  GEGL_BLIT_DEFAULT);
  return pixels;
}

/* What comes out is what cg_translate() makes of the picture as it is now, and the network has run @runs times since graph_init(). */
static void
check (Graph *graph, const CgTranslateOptions *options, const char *path, int runs)
{
  g_autoptr (CgModel) model = cg_model_load (path, NULL);
  g_autofree float *expected = cg_picture_translate (graph->picture, model, options);
  g_autofree float *pixels = render (graph);

  g_assert_cmpfloat (cg_picture_compare (pixels, expected, WIDTH * HEIGHT * 3), <, 1e-4f);
  g_assert_cmpint (graph->runs, ==, runs);
}

static void
test_controls (void)
{
  CgTranslateOptions options;
  Graph graph;

  cg_translate_options_init (&options);
  graph_init (&graph);
  check (&graph, &options, model_path, 1);
  for (options.strength = 0.9; options.strength > 0.0; options.strength -= 0.2)
    {
      gegl_node_set (graph.node, "strength", options.strength, NULL);
      check (&graph, &options, model_path, 1);
    }
  options.strength = 1.0;
  gegl_node_set (graph.node, "strength", 1.0, NULL);
  for (options.detail = 0.0; options.detail <= 1.0; options.detail += 0.25)
    {
      gegl_node_set (graph.node, "detail", options.detail, NULL);
      check (&graph, &options, model_path, 1);
    }
  options.detail = 1.0;
  for (options.apply = CG_APPLY_ALL; options.apply <= CG_APPLY_LIGHT; options.apply++)
    {
      gegl_node_set (graph.node, "apply", (int)options.apply, NULL);
      check (&graph, &options, model_path, 1);
    }
  options.apply = CG_APPLY_LIGHT;
  /* Hosts do set what is set already. */
  gegl_node_set (graph.node, "model", model_path, "size-mode", 0, "size", 512, "memory-limit", 0, "strength", 1.0,
                 NULL);
  check (&graph, &options, model_path, 1);
  graph_clear (&graph);
}

static void
test_picture (void)
{
  const float dab[3] = { 1.0f, 0.0f, 0.0f };
  CgTranslateOptions options;
  Graph graph;

  cg_translate_options_init (&options);
  graph_init (&graph);
  for (int i = 0; i < 5; i++)
    {
      check (&graph, &options, model_path, i + 1);
      gegl_buffer_set (graph.picture, GEGL_RECTANGLE (10 + 9 * i, 20, 1, 1), 0, babl_format ("R'G'B' float"), dab, 0);
    }
  check (&graph, &options, model_path, 6);

  /* Another picture at the same place, then another node. */
  g_object_unref (graph.picture);
  graph.picture = cg_picture_new (WIDTH, HEIGHT, babl_format ("Y' u8"));
  gegl_node_set (graph.source, "buffer", graph.picture, NULL);
  check (&graph, &options, model_path, 7);
  g_object_unref (graph.picture);
  graph.picture = cg_picture_new (WIDTH, HEIGHT, babl_format ("R'G'B' u16"));
  graph.source = gegl_node_new_child (graph.graph, "operation", "gegl:buffer-source", "buffer", graph.picture, NULL);
  gegl_node_link (graph.source, graph.node);
  check (&graph, &options, model_path, 8);
  graph_clear (&graph);
}

static void
test_model_and_size (void)
{
  g_autofree char *other_path = g_build_filename (folder, "other.safetensors", NULL);
  CgTranslateOptions options;
  Graph graph;

  cg_tiny_model_save (other_path, 3, 3, 40, 8);
  cg_translate_options_init (&options);
  graph_init (&graph);
  check (&graph, &options, model_path, 1);
  gegl_node_set (graph.node, "model", other_path, NULL);
  check (&graph, &options, other_path, 2);
  options.size_mode = CG_SIZE_SIZE;
  options.size = 24;
  gegl_node_set (graph.node, "size-mode", 1, "size", 24, NULL);
  check (&graph, &options, other_path, 3);
  options.size = 50;
  gegl_node_set (graph.node, "size", 50, NULL);
  check (&graph, &options, other_path, 4);
  options.size_mode = CG_SIZE_FULL;
  gegl_node_set (graph.node, "size-mode", 2, NULL);
  check (&graph, &options, other_path, 5);
  graph_clear (&graph);
}

/* At strength 0 it never runs, and what it made before is not forgotten. */
static void
test_strength_zero (void)
{
  CgTranslateOptions options;
  Graph graph;
  g_autofree float *untouched = NULL;
  g_autofree float *picture = NULL;

  cg_translate_options_init (&options);
  graph_init (&graph);
  picture = cg_picture_get (graph.picture, babl_format ("R'G'B' float"));
  gegl_node_set (graph.node, "strength", 0.0, NULL);
  untouched = render (&graph);
  g_assert_cmpmem (untouched, WIDTH * HEIGHT * 3 * sizeof (float), picture, WIDTH * HEIGHT * 3 * sizeof (float));
  g_assert_cmpint (graph.runs, ==, 0);
  gegl_node_set (graph.node, "strength", 1.0, NULL);
  check (&graph, &options, model_path, 1);
  gegl_node_set (graph.node, "strength", 0.0, NULL);
  g_free (render (&graph));
  gegl_node_set (graph.node, "strength", 1.0, NULL);
  check (&graph, &options, model_path, 1);
  graph_clear (&graph);
}

/* Whoever asks in pieces, or forbids the operation to keep anything, gets the same for the same price. */
static void
test_pieces (void)
{
  g_autofree float *whole = g_new0 (float, WIDTH *HEIGHT * 3);
  CgTranslateOptions options;
  Graph graph;

  cg_translate_options_init (&options);
  graph_init (&graph);
  g_object_set (graph.node, "cache-policy", GEGL_CACHE_POLICY_NEVER, NULL);
  for (int y = 0; y < HEIGHT; y += 7)
    for (int x = 0; x < WIDTH; x += 13)
      {
        GeglRectangle piece = { x, y, MIN (13, WIDTH - x), MIN (7, HEIGHT - y) };

        gegl_node_blit (graph.node, 1.0, &piece, babl_format ("R'G'B' float"), whole + 3 * (y * WIDTH + x),
                        WIDTH * 3 * (int)sizeof (float), GEGL_BLIT_DEFAULT);
      }
  g_assert_cmpint (graph.runs, ==, 1);
  {
    g_autofree float *at_once = render (&graph);

    g_assert_cmpmem (at_once, WIDTH * HEIGHT * 3 * sizeof (float), whole, WIDTH * HEIGHT * 3 * sizeof (float));
  }
  check (&graph, &options, model_path, 1);
  graph_clear (&graph);
}

/* What failed is tried again, for the reason may be gone. */
static void
test_failure (void)
{
  g_autofree char *late_path = g_build_filename (folder, "late.safetensors", NULL);
  CgTranslateOptions options;
  Graph graph;
  g_autofree float *untouched = NULL;
  g_autofree float *picture = NULL;

  cg_translate_options_init (&options);
  graph_init (&graph);
  picture = cg_picture_get (graph.picture, babl_format ("R'G'B' float"));
  gegl_node_set (graph.node, "model", late_path, NULL);
  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "cyclegan:translate: *late.safetensors*");
  untouched = render (&graph);
  g_test_assert_expected_messages ();
  g_assert_cmpmem (untouched, WIDTH * HEIGHT * 3 * sizeof (float), picture, WIDTH * HEIGHT * 3 * sizeof (float));

  cg_tiny_model_save (late_path, 3, 3, 25, 9);
  gegl_node_set (graph.node, "strength", 0.5, NULL);
  options.strength = 0.5;
  check (&graph, &options, late_path, 1);
  graph_clear (&graph);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  gegl_init (NULL, NULL);
  folder = cg_picture_make_folder ();
  model_path = g_build_filename (folder, "tiny.safetensors", NULL);
  cg_tiny_model_save (model_path, 3, 3, 32, 3);

  g_test_add_func ("/network-runs/controls", test_controls);
  g_test_add_func ("/network-runs/picture", test_picture);
  g_test_add_func ("/network-runs/model-and-size", test_model_and_size);
  g_test_add_func ("/network-runs/strength-zero", test_strength_zero);
  g_test_add_func ("/network-runs/pieces", test_pieces);
  g_test_add_func ("/network-runs/failure", test_failure);
  status = g_test_run ();

  g_free (model_path);
  cg_picture_remove_folder (folder);
  gegl_exit ();
  return status;
}
