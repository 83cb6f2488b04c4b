/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Tensors: where pixels lie with a halo, dense copies, and sizes that do not fit. */
#include <glib.h>
#include <limits.h>

#include "tensor/dense.h"
#include "tensor/tensor.h"

static void
test_places (void)
{
  CgTensor tensor;
  float memory[2 * 7 * 8 * 3];

  g_assert_true (cg_tensor_init (&tensor, 2, 3, 4, 3, 2));
  g_assert_cmpuint (cg_tensor_get_floats (&tensor), ==, G_N_ELEMENTS (memory));
  cg_tensor_place (&tensor, memory);
  g_assert_true (cg_tensor_at (&tensor, 0, -2, -2) == memory);
  g_assert_true (cg_tensor_at (&tensor, 1, 4, 5) + 3 == memory + G_N_ELEMENTS (memory));
}

static void
test_dense (void)
{
  CgTensor tensor;
  float memory[2 * 7 * 8 * 3], dense[2 * 3 * 4 * 3], back[2 * 3 * 4 * 3];

  for (size_t i = 0; i < G_N_ELEMENTS (memory); i++)
    memory[i] = -1.0f;
  for (size_t i = 0; i < G_N_ELEMENTS (dense); i++)
    dense[i] = (float)i;
  cg_tensor_init (&tensor, 2, 3, 4, 3, 2);
  cg_tensor_place (&tensor, memory);
  cg_tensor_from_dense (&tensor, dense);
  g_assert_cmpfloat (cg_tensor_at (&tensor, 1, 2, 3)[2], ==, 71.0f);
  g_assert_cmpfloat (cg_tensor_at (&tensor, 0, 1, 0)[0], ==, 12.0f);
  /* The halo is not touched. */
  g_assert_cmpfloat (cg_tensor_at (&tensor, 0, -1, 0)[0], ==, -1.0f);
  g_assert_cmpfloat (cg_tensor_at (&tensor, 1, 2, 4)[0], ==, -1.0f);
  cg_tensor_to_dense (&tensor, back);
  for (size_t i = 0; i < G_N_ELEMENTS (dense); i++)
    g_assert_cmpfloat (back[i], ==, dense[i]);
}

static void
test_overflow (void)
{
  CgTensor tensor;

  g_assert_false (cg_tensor_init (&tensor, INT_MAX, INT_MAX, INT_MAX, 64, 3));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tensor/tensor/places", test_places);
  g_test_add_func ("/tensor/tensor/dense", test_dense);
  g_test_add_func ("/tensor/tensor/overflow", test_overflow);
  return g_test_run ();
}
