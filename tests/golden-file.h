/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Opens the golden files of tests/golden and compares with them; shared by the tests of several rooms. Fails the test, never returns errors. */
#pragma once

#include <glib.h>

#include "model/safetensors.h"
#include "nets/network.h"

/* $CG_GOLDEN_DIR/@name.safetensors. */
CgSafetensors *golden_open (const char *name);

/* Metadata by a formatted key; (transfer none). */
const char *golden_get_text (const CgSafetensors *file, const char *format, ...) G_GNUC_PRINTF (2, 3);
double golden_get_number (const CgSafetensors *file, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* The words of a metadata value; (transfer full). */
char **golden_get_words (const CgSafetensors *file, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* A tensor's values as they are; (transfer full). @shape: of n_dims sizes, may be NULL. */
float *golden_get_floats (const CgSafetensors *file, const gint64 **shape, size_t *n_elements, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* An image [N][C][H][W] as dense [N][H][W][C]; (transfer full). */
float *golden_get_image (const CgSafetensors *file, int size[4], const char *format, ...) G_GNUC_PRINTF (3, 4);

/* The network of a description such as "kind=resnet nf=4 … norm=instance", with zero weights. */
CgNetwork *golden_make_network (const char *description);

/* Which parameters golden_read_vector() expects in the file. */
typedef enum
{
  GOLDEN_ALL = 0,
  GOLDEN_WITHOUT_REMOVED = 1 << 0, /* biases that a norm removes */
  GOLDEN_WITHOUT_BUFFERS = 1 << 1  /* running statistics */
} GoldenSelection;

/* Whether @parameter is one of those. */
gboolean golden_selects (GoldenSelection selection, const CgParameter *parameter);

/* Copies "PREFIX/NAME" of every selected parameter into a flat vector, and leaves the others alone. Fails unless shapes agree. */
void golden_read_vector (const CgSafetensors *file, const char *prefix, const CgNetwork *network,
                         GoldenSelection selection, float *vector);

/* max |a - b|; fails on a value that is not finite. */
double golden_get_distance (const float *a, const float *b, size_t n);
double golden_get_largest (const float *a, size_t n);

/* Asserts that the parameters' gradients are within @tolerance times the network's largest of "PREFIX/NAME", and exactly 0
 * where a norm removes a bias. */
void golden_assert_gradients (const CgSafetensors *file, const char *prefix, CgNetwork *network, double tolerance);
