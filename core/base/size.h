/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Checked size arithmetic: products of image sizes come from files and users, so they may not wrap. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Each stores the result and returns true, or returns false on overflow and leaves *result alone. */
static inline bool
cg_size_mul (size_t a, size_t b, size_t *result)
{
  size_t product;

  if (__builtin_mul_overflow (a, b, &product))
    return false;
  *result = product;
  return true;
}

static inline bool
cg_size_add (size_t a, size_t b, size_t *result)
{
  size_t sum;

  if (__builtin_add_overflow (a, b, &sum))
    return false;
  *result = sum;
  return true;
}

/* Rounds up to a multiple of a power of two; the caller has left room for it. */
static inline size_t
cg_size_align (size_t size, size_t alignment)
{
  return (size + alignment - 1) & ~(alignment - 1);
}
