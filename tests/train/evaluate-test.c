/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* `cyclegan evaluate` on a generator of which every output is known: without weights all pixels are 0, mid-grey. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "commands.h"
#include "cyclegan-train.h"
#include "image-fixture.h"

#define SIDE 16
#define N_A 3
#define N_B 4
#define N_FLOATS (SIDE * SIDE * 3)

typedef struct
{
  char *folder, *model, *json;
} Fixture;

static void
add_images (const Fixture *fixture, const char *name, int n, int tag)
{
  g_autofree char *folder = fixture_path (fixture->folder, name);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0777), ==, 0);
  for (int i = 0; i < n; i++)
    {
      g_autofree char *file = g_strdup_printf ("%02d.png", i);
      g_autofree char *path = fixture_path (folder, file);

      fixture_write_pattern (path, tag + i, SIDE, SIDE);
    }
}

static void
add_model (const char *path, int input_nc, int output_nc)
{
  const CgNetworkConfig config = { .kind = CG_NET_RESNET,
                                   .input_nc = input_nc,
                                   .output_nc = output_nc,
                                   .nf = 2,
                                   .n_blocks = 1,
                                   .norm = CG_NORM_INSTANCE,
                                   .upsample = CG_UPSAMPLE_TRANSPOSE };
  g_autoptr (GHashTable) metadata = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgNetwork) network = cg_network_new (&config, &error);

  g_assert_no_error (error);
  g_hash_table_insert (metadata, (char *)"crop_size", (char *)"16");
  g_hash_table_insert (metadata, (char *)"train_scale", (char *)"16");
  g_assert_true (cg_model_save (network, CG_DTYPE_F32, metadata, path, &error));
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = fixture_folder_new ();
  fixture->model = fixture_path (fixture->folder, "G.safetensors");
  fixture->json = fixture_path (fixture->folder, "result.json");
  add_images (fixture, "testA", N_A, 1);
  add_images (fixture, "testB", N_B, 51);
  add_images (fixture, "testA_truth", N_A - 1, 71);
  add_model (fixture->model, 3, 3);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_free (fixture->model);
  g_free (fixture->json);
  fixture_folder_free (fixture->folder);
}

/* Runs `cyclegan evaluate` with the words. Returns: its exit status. */
static int
evaluate (char **output, char **messages, ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *out = NULL;
  g_autofree char *err = NULL;
  g_autoptr (GError) error = NULL;
  va_list arguments;

  g_ptr_array_add (words, (char *)g_getenv ("CG_PROGRAM"));
  g_ptr_array_add (words, (char *)"evaluate");
  va_start (arguments, messages);
  for (char *word = va_arg (arguments, char *); word; word = va_arg (arguments, char *))
    g_ptr_array_add (words, word);
  va_end (arguments);
  g_ptr_array_add (words, NULL);
  process = g_subprocess_newv ((const char *const *)words->pdata,
                               G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, NULL, NULL, &out, &err, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (process));
  if (output)
    *output = g_steal_pointer (&out);
  if (messages)
    *messages = g_steal_pointer (&err);
  return g_subprocess_get_exit_status (process);
}

/* The number at a path such as "A_to_B.cycle.l1". */
static double
get_number (const Fixture *fixture, const char *path)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_auto (GStrv) names = g_strsplit (path, ".", -1);
  g_autoptr (GError) error = NULL;
  JsonNode *node;

  json_parser_load_from_file (parser, fixture->json, &error);
  g_assert_no_error (error);
  node = json_parser_get_root (parser);
  for (char **name = names; *name; name++)
    {
      if (!json_object_has_member (json_node_get_object (node), *name))
        return (double)NAN;
      node = json_object_get_member (json_node_get_object (node), *name);
    }
  return json_node_get_double (node);
}

/* The images that fixture_write_pattern() drew, as networks see them. */
static void
get_image (int tag, float *values)
{
  for (int i = 0; i < N_FLOATS; i++)
    values[i] = (float)fixture_value (tag, i / 3 % SIDE, i / 3 / SIDE, i % 3) / 127.5f - 1.0f;
}

static void
assert_number (const Fixture *fixture, const char *path, double expected)
{
  double number = get_number (fixture, path);

  if (!(fabs (number - expected) <= 1e-6 * MAX (1.0, fabs (expected))))
    g_error ("%s is %.9g, expected %.9g", path, number, expected);
}

static void
test_numbers (Fixture *fixture, gconstpointer data)
{
  float grey[N_FLOATS] = { 0.0f }, image[N_FLOATS], truth[N_FLOATS];
  double cycle_l1 = 0.0, cycle_psnr = 0.0, identity_l1 = 0.0, l1 = 0.0, input_l1 = 0.0, psnr = 0.0, ssim = 0.0, one;
  g_autofree char *output = NULL;

  for (int i = 0; i < N_A; i++)
    {
      get_image (1 + i, image);
      cycle_l1 += cg_distance_l1 (image, grey, N_FLOATS) / N_A;
      cycle_psnr += cg_distance_psnr (image, grey, N_FLOATS, 2.0) / N_A;
      if (i == N_A - 1)
        break;
      get_image (71 + i, truth);
      l1 += cg_distance_l1 (truth, grey, N_FLOATS) / (N_A - 1);
      input_l1 += cg_distance_l1 (truth, image, N_FLOATS) / (N_A - 1);
      psnr += cg_distance_psnr (truth, grey, N_FLOATS, 2.0) / (N_A - 1);
      g_assert_true (cg_distance_ssim (truth, image, SIDE, SIDE, 3, 2.0, &one, NULL));
      ssim += one / (N_A - 1);
    }
  for (int i = 0; i < N_B; i++)
    {
      get_image (51 + i, image);
      identity_l1 += cg_distance_l1 (image, grey, N_FLOATS) / N_B;
    }

  g_assert_cmpint (evaluate (&output, NULL, "--model", fixture->model, "--inverse", fixture->model, "--dataroot",
                             fixture->folder, "--paired", "--json", fixture->json, NULL),
                   ==, CG_EXIT_OK);
  g_assert_nonnull (strstr (output, "A to B"));
  g_assert_nonnull (strstr (output, "B to A"));
  assert_number (fixture, "crop_size", SIDE);
  assert_number (fixture, "A_to_B.images", N_A);
  assert_number (fixture, "B_to_A.images", N_B);
  assert_number (fixture, "A_to_B.cycle.l1", cycle_l1);
  assert_number (fixture, "A_to_B.cycle.psnr", cycle_psnr);
  assert_number (fixture, "A_to_B.identity.l1", identity_l1);
  assert_number (fixture, "B_to_A.identity.l1", cycle_l1);
  assert_number (fixture, "B_to_A.cycle.l1", identity_l1);
  assert_number (fixture, "A_to_B.paired.images", N_A - 1);
  assert_number (fixture, "A_to_B.paired.l1", l1);
  assert_number (fixture, "A_to_B.paired.input_l1", input_l1);
  assert_number (fixture, "A_to_B.paired.psnr", psnr);
  assert_number (fixture, "A_to_B.paired.input_ssim", ssim);
  assert_number (fixture, "A_to_B.distance.images", 2);
  assert_number (fixture, "B_to_A.distance.images", 1);
  g_assert_cmpfloat (get_number (fixture, "A_to_B.distance.fake"), >, get_number (fixture, "A_to_B.distance.floor"));
  g_assert_true (isnan (get_number (fixture, "B_to_A.paired.l1")));
}

/* What cannot be measured is left out. */
static void
test_less (Fixture *fixture, gconstpointer data)
{
  g_autofree char *grey = fixture_path (fixture->folder, "grey.safetensors");
  g_autofree char *output = NULL;

  add_model (grey, 1, 3);
  g_assert_cmpint (evaluate (&output, NULL, "--model", grey, "--dataroot", fixture->folder, "--json", fixture->json,
                             "--max-images", "2", "--load-size", "24", "--threads", "1", NULL),
                   ==, CG_EXIT_OK);
  g_assert_null (strstr (output, "B to A"));
  g_assert_null (strstr (output, "there and back"));
  assert_number (fixture, "A_to_B.images", 2);
  assert_number (fixture, "load_size", 24);
  g_assert_true (isnan (get_number (fixture, "B_to_A.images")));
  g_assert_true (isnan (get_number (fixture, "A_to_B.cycle.l1")));
  g_assert_true (isnan (get_number (fixture, "A_to_B.identity.l1")));
  g_assert_true (isnan (get_number (fixture, "A_to_B.distance.input")));
  g_assert_cmpfloat (get_number (fixture, "A_to_B.distance.fake"), >, 0.0);
}

static void
assert_refused (int status, int expected, const char *messages, const char *told)
{
  g_assert_cmpint (status, ==, expected);
  if (!g_str_has_prefix (messages, "cyclegan: ") || !strstr (messages, told))
    g_error ("“%s” does not tell “%s”", messages, told);
}

#define ASSERT_REFUSED(expected, told, ...)                                                                            \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *messages = NULL;                                                                                  \
    int status = evaluate (NULL, &messages, __VA_ARGS__, NULL);                                                        \
    assert_refused (status, expected, messages, told);                                                                 \
  }                                                                                                                    \
  G_STMT_END

static void
test_refusals (Fixture *fixture, gconstpointer data)
{
  g_autofree char *grey = fixture_path (fixture->folder, "grey.safetensors");
  g_autofree char *truth = fixture_path (fixture->folder, "testA_truth");
  g_autofree char *moved = fixture_path (fixture->folder, "elsewhere");
  const char *model = fixture->model, *folder = fixture->folder;

  ASSERT_REFUSED (CG_EXIT_USAGE, "--model", "--dataroot", folder);
  ASSERT_REFUSED (CG_EXIT_USAGE, "--dataroot", "--model", model);
  ASSERT_REFUSED (CG_EXIT_USAGE, "--no-such", "--no-such");
  ASSERT_REFUSED (CG_EXIT_USAGE, "evaluate", "--model", model, "--dataroot", folder, "stray");
  ASSERT_REFUSED (CG_EXIT_USAGE, "--threads", "--model", model, "--dataroot", folder, "--threads", "-1");
  ASSERT_REFUSED (CG_EXIT_USAGE, "--crop-size 18", "--model", model, "--dataroot", folder, "--load-size", "20",
                  "--crop-size", "18");
  ASSERT_REFUSED (CG_EXIT_USAGE, "--load-size 12", "--model", model, "--dataroot", folder, "--load-size", "12");
  ASSERT_REFUSED (CG_EXIT_FAILED, "no-such-model", "--model", "no-such-model", "--dataroot", folder);
  ASSERT_REFUSED (CG_EXIT_FAILED, "testA", "--model", model, "--dataroot", "/nowhere");
  /* Before anything is measured, so before the model is looked for. */
  ASSERT_REFUSED (CG_EXIT_FAILED, "/nowhere/x.json: cannot be written: ", "--model", "no-such-model", "--dataroot",
                  folder, "--json", "/nowhere/x.json");
  ASSERT_REFUSED (CG_EXIT_FAILED, "directory", "--model", "no-such-model", "--dataroot", folder, "--json", folder);
  add_model (grey, 1, 3);
  ASSERT_REFUSED (CG_EXIT_FAILED, "another model", "--model", model, "--inverse", grey, "--dataroot", folder);
  g_assert_cmpint (g_rename (truth, moved), ==, 0);
  ASSERT_REFUSED (CG_EXIT_FAILED, "testA_truth", "--model", model, "--dataroot", folder, "--paired");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function) g_test_add ("/train/evaluate/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("numbers", test_numbers);
  ADD ("less", test_less);
  ADD ("refusals", test_refusals);
  return g_test_run ();
}
