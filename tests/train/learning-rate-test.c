/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the plateau policy is told: means of whole epochs; its memory in a file; the other policies' indifference. */
#include "learning-rate.h"

#include <math.h>

#include "image-fixture.h"

static CgStepLosses
cycles (double a, double b)
{
  return (CgStepLosses){ .D_A = 100.0, .cycle_A = a, .cycle_B = b };
}

static void
test_epoch_mean (void)
{
  g_autoptr (CgTrainOptions) options = cg_train_options_new ();
  CgLearningRate rate;
  gint64 step = 0;

  options->lr_policy = CG_LR_POLICY_PLATEAU;
  options->lr = 0.5;
  cg_learning_rate_init (&rate, options);
  for (int epoch = 1; epoch <= 7; epoch++)
    {
      /* The epoch's mean is 2 in the first and 1.99 in the later ones, which is not 1 % better. */
      CgStepLosses low = cycles (0.5, 0.5), high = cycles (epoch == 1 ? 2.0 : 1.98, 1.0);

      g_assert_cmpfloat (cg_learning_rate_get (&rate, options, epoch), ==, 0.5);
      cg_learning_rate_report (&rate, ++step, 2, &low);
      g_assert_cmpfloat (rate.cycle_sum, ==, 1.0);
      cg_learning_rate_report (&rate, ++step, 2, &high);
      g_assert_cmpfloat (rate.cycle_sum, ==, 0.0);
      g_assert_cmpfloat (rate.plateau.best, ==, 2.0);
    }
  g_assert_cmpfloat_with_epsilon (cg_learning_rate_get (&rate, options, 8), 0.1, 1e-15);
}

static void
test_file (void)
{
  char *folder = fixture_folder_new ();
  g_autofree char *path = fixture_path (folder, "rate.safetensors");
  const CgLearningRate written[] = { { { 0.1 + 0.2, 1.0 / 3.0, 4 }, 1e-300 / 7.0 }, { { 2e-4, INFINITY, 0 }, 0.0 } };
  const gint64 shape[] = { 1 };
  const float value = 1.0f;

  for (size_t i = 0; i < G_N_ELEMENTS (written); i++)
    {
      g_autoptr (CgSafetensorsWriter) writer = cg_safetensors_writer_new ();
      g_autoptr (CgSafetensors) file = NULL;
      g_autoptr (GError) error = NULL;
      CgLearningRate read = { 0 };

      g_assert_true (cg_safetensors_writer_add (writer, "x", CG_DTYPE_F32, 1, shape, &value, NULL));
      cg_learning_rate_write (&written[i], writer);
      g_assert_true (cg_safetensors_writer_write (writer, path, NULL));
      file = cg_safetensors_open (path, NULL);
      cg_learning_rate_read (&read, file, &error);
      g_assert_no_error (error);
      g_assert_cmpfloat (read.plateau.lr, ==, written[i].plateau.lr);
      g_assert_cmpfloat (read.plateau.best, ==, written[i].plateau.best);
      g_assert_cmpint (read.plateau.n_bad, ==, written[i].plateau.n_bad);
      g_assert_cmpfloat (read.cycle_sum, ==, written[i].cycle_sum);
    }
  fixture_folder_free (folder);
}

static void
test_others (void)
{
  g_autoptr (CgTrainOptions) options = cg_train_options_new ();
  CgLearningRate rate;

  cg_learning_rate_init (&rate, options);
  rate.plateau.lr = 7.0;
  g_assert_cmpfloat (cg_learning_rate_get (&rate, options, 1), ==, 2e-4);
  g_assert_cmpfloat_with_epsilon (cg_learning_rate_get (&rate, options, 200), 2e-4 / 101.0, 1e-12);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/learning-rate/epoch-mean", test_epoch_mean);
  g_test_add_func ("/train/learning-rate/file", test_file);
  g_test_add_func ("/train/learning-rate/others", test_others);
  return g_test_run ();
}
