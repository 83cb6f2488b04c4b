/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reflection without repeating the border pixel, as often as it takes, so that pictures smaller than their padding work. */
#pragma once

/**
 * cg_reflect_index:
 * @i: any integer
 * @n: >= 1
 *
 * Returns: the pixel 0 … n-1 that an endless zigzag 0 1 … n-1 … 1 0 1 … shows at @i: period 2 (n - 1), derived here.
 */
static inline int
cg_reflect_index (long long i, int n)
{
  long long period = 2LL * (n - 1);

  if (n == 1)
    return 0;
  i %= period;
  if (i < 0)
    i += period;
  return (int)(i < n ? i : period - i);
}
