/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* `cyclegan info` and `cyclegan models` as a user meets them: what they print, where, and with which exit status. */
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

#include "commands.h"
#include "cyclegan.h"

/* A folder with a good model, the same with a weight that is no number, a discriminator and a truncated file;
 * $CYCLEGAN_MODEL_PATH for some tests. */
static char *folder;

static void
save (const char *name, const CgNetworkConfig *config, GHashTable *metadata)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgNetwork) network = cg_network_new (config, &error);

  g_assert_no_error (error);
  cg_network_init (network, CG_INIT_NORMAL, 0.02, 1);
  cg_model_save (network, CG_DTYPE_F16, metadata, path, &error);
  g_assert_no_error (error);
}

static void
make_files (void)
{
  const CgNetworkConfig generator
      = { .kind = CG_NET_RESNET, .input_nc = 3, .output_nc = 3, .nf = 2, .n_blocks = 1, .norm = CG_NORM_INSTANCE };
  const CgNetworkConfig discriminator
      = { .kind = CG_NET_N_LAYERS, .input_nc = 3, .output_nc = 1, .nf = 2, .n_layers = 2, .norm = CG_NORM_BATCH };
  g_autoptr (GHashTable) metadata = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *good = g_build_filename (folder, "good.safetensors", NULL);
  g_autofree char *cut = g_build_filename (folder, "cut.safetensors", NULL);
  g_autofree char *ill = g_build_filename (folder, "ill.safetensors", NULL);
  g_autofree char *contents = NULL;
  size_t length;

  g_hash_table_insert (metadata, (char *)"title", (char *)"A \033]0;title");
  g_hash_table_insert (metadata, (char *)"domain_from", (char *)"photographs");
  g_hash_table_insert (metadata, (char *)"domain_to", (char *)"prints");
  g_hash_table_insert (metadata, (char *)"license", (char *)"CC0-1.0");
  g_hash_table_insert (metadata, (char *)"description", (char *)"first\nsecond");
  save ("good.safetensors", &generator, metadata);
  save ("judge.safetensors", &discriminator, NULL);
  g_assert_true (g_file_get_contents (good, &contents, &length, NULL));
  g_assert_true (g_file_set_contents (cut, contents, (gssize)length - 1, NULL));
  memset (contents + length - 2, 0xff, 2);
  g_assert_true (g_file_set_contents (ill, contents, (gssize)length, NULL));
}

/* Runs one command, split at spaces, in a process of its own; %s stands for the folder. Returns its exit status. */
static int
run (const char *line, char **out, char **err)
{
  g_auto (GStrv) words = g_strsplit (line, "%s", -1);
  g_autofree char *full = g_strjoinv (folder, words);
  g_auto (GStrv) arguments = g_strsplit (full, " ", -1);
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  int status;

  g_ptr_array_add (argv, self);
  g_ptr_array_add (argv, (char *)"--command");
  for (char **argument = arguments; *argument; argument++)
    g_ptr_array_add (argv, *argument);
  g_ptr_array_add (argv, NULL);
  g_spawn_sync (NULL, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, out, err, &status, &error);
  g_assert_no_error (error);
  g_test_message ("%s: %s%s", full, *out, *err);
  g_assert_true (g_utf8_validate (*out, -1, NULL) && g_utf8_validate (*err, -1, NULL));
  return g_spawn_check_wait_status (status, &error)                 ? 0
         : g_error_matches (error, G_SPAWN_EXIT_ERROR, error->code) ? error->code
                                                                    : -1;
}

typedef struct
{
  const char *name;
  const char *line;
  int status;
  gboolean on_stderr; /* where it speaks; the other stays empty */
  const char *says[8];
} Case;

static const Case cases[] = {
  { "info/path",
    "info %s/good.safetensors",
    CG_EXIT_OK,
    FALSE,
    { "title             A \xef\xbf\xbd]0;title\n", "domains           photographs → prints\n",
      "resnet_1blocks, ngf 2, instance norm, transposed convolutions, no dropout, 3 to 3 channels\n",
      "parameters        2499\n", "numbers           F16\n", "licence           CC0-1.0\n",
      "description       first\n                  second\n" } },
  { "info/name", "info good", CG_EXIT_OK, FALSE, { "/good.safetensors\n", "format_version    1\n" } },
  { "info/discriminator",
    "info judge",
    CG_EXIT_OK,
    FALSE,
    { "n_layers (2 layers), ndf 2, batch norm, 3 to 1 channels\n", "parameters        891\n",
      "licence           not stated\n" } },
  /* No weight is looked at; using it is another matter, see /train/info/weights. */
  { "info/ill",
    "info %s/ill.safetensors",
    CG_EXIT_OK,
    FALSE,
    { "resnet_1blocks, ngf 2, instance norm", "parameters        2499\n" } },
  { "info/truncated",
    "info %s/cut.safetensors",
    CG_EXIT_FAILED,
    TRUE,
    { "cyclegan: ", "/cut.safetensors: tensor “model.18.bias”: found offsets" } },
  { "info/no-model", "info nothing", CG_EXIT_FAILED, TRUE, { "cyclegan: nothing: found no installed model", "good" } },
  { "info/no-file", "info %s/nothing", CG_EXIT_FAILED, TRUE, { "/nothing: cannot be read: No such file" } },
  { "info/cpu", "info --cpu", CG_EXIT_OK, FALSE, { "kernel            c\n", "because", "BLIS", "threads" } },
  { "info/cpu-and-file", "info --cpu x", CG_EXIT_USAGE, TRUE, { "cyclegan: --cpu takes no file\n" } },
  { "info/no-argument", "info", CG_EXIT_USAGE, TRUE, { "cyclegan: info takes one FILE" } },
  { "info/two-files", "info a b", CG_EXIT_USAGE, TRUE, { "cyclegan: info takes one FILE" } },
  { "info/unknown-option", "info --nothing", CG_EXIT_USAGE, TRUE, { "cyclegan: ", "--nothing" } },
  { "models/argument", "models x", CG_EXIT_USAGE, TRUE, { "cyclegan: models takes no arguments\n" } },
};

static void
test_case (gconstpointer data)
{
  const Case *this = data;
  g_autofree char *out = NULL, *err = NULL;
  const int status = run (this->line, &out, &err);

  g_assert_cmpint (status, ==, this->status);
  g_assert_cmpstr (this->on_stderr ? out : err, ==, "");
  for (gsize i = 0; i < G_N_ELEMENTS (this->says) && this->says[i]; i++)
    if (!strstr (this->on_stderr ? err : out, this->says[i]))
      g_error ("“%s” does not say “%s”", this->on_stderr ? err : out, this->says[i]);
}

/* The broken one is told on stderr and in the status, and does not hide the others. */
static void
test_models (void)
{
  g_autofree char *out = NULL, *err = NULL;
  g_autofree char *good = g_strdup_printf ("good\n    A \xef\xbf\xbd]0;title\n    %s/good.safetensors\n", folder);
  g_autofree char *searched = g_strdup_printf ("Searched, in this order:\n    %s\n", folder);

  g_assert_cmpint (run ("models", &out, &err), ==, CG_EXIT_FAILED);
  g_assert_nonnull (strstr (out, good));
  g_assert_nonnull (strstr (out, searched));
  g_assert_nonnull (strstr (err, "/cut.safetensors: tensor "));
}

static void
test_weights (void)
{
  g_autofree char *ill = g_build_filename (folder, "ill.safetensors", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgModel) model = cg_model_load (ill, &error);

  g_assert_null (model);
  g_assert_error (error, CG_ERROR, CG_ERROR_CORRUPT);
  g_assert_nonnull (strstr (error->message, "“model.18.bias”: found "));
}

static void
test_no_models (void)
{
  g_autofree char *out = NULL, *err = NULL, *empty = g_build_filename (folder, "empty", NULL);

  g_setenv ("CYCLEGAN_MODEL_PATH", empty, TRUE);
  g_assert_cmpint (run ("models", &out, &err), ==, CG_EXIT_OK);
  g_setenv ("CYCLEGAN_MODEL_PATH", folder, TRUE);
  g_assert_cmpstr (err, ==, "");
  g_assert_true (g_str_has_prefix (out, "No models are installed. Searched, in this order:\n"));
  g_assert_nonnull (strstr (out, empty));
}

static int
run_command (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_set_prgname ("cyclegan");
  return strcmp (argv[0], "info") == 0 ? cg_command_info (argc, argv) : cg_command_models (argc, argv);
}

int
main (int argc, char **argv)
{
  static const char *const files[] = { "good.safetensors", "ill.safetensors", "judge.safetensors", "cut.safetensors" };
  int status;

  if (argc > 2 && strcmp (argv[1], "--command") == 0)
    return run_command (argc - 2, argv + 2);

  folder = g_dir_make_tmp ("cyclegan-test-XXXXXX", NULL);
  g_setenv ("CYCLEGAN_MODEL_PATH", folder, TRUE);
  g_setenv ("XDG_DATA_HOME", "/no/such/home", TRUE);
  g_setenv ("XDG_DATA_DIRS", "/no/such/system", TRUE);
  g_setenv ("CG_CPU", "c", TRUE);
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_test_init (&argc, &argv, NULL);
  make_files ();
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = g_strconcat ("/train/", cases[i].name, NULL);

      g_test_add_data_func (name, &cases[i], test_case);
    }
  g_test_add_func ("/train/info/weights", test_weights);
  g_test_add_func ("/train/models/list", test_models);
  g_test_add_func ("/train/models/none", test_no_models);
  status = g_test_run ();

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (folder, files[i], NULL);

      g_unlink (path);
    }
  g_rmdir (folder);
  g_free (folder);
  return status;
}
