/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Asks for huge pages: packed weights are read once from end to end, where every new small page costs a walk through the page tables. */
#include "base/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/size.h"

#define LINE ((size_t)64)
#define HUGE_PAGE ((size_t)2 << 20)

void *
cg_pages_new (size_t bytes)
{
  size_t alignment = bytes >= HUGE_PAGE ? HUGE_PAGE : LINE;
  void *pages;

  if (bytes > SIZE_MAX / 2)
    return NULL;
  bytes = cg_size_align (bytes > 0 ? bytes : 1, LINE);
  /* The size need not be a multiple of a huge page: what is not filled is not touched, and so is not there. */
  if (posix_memalign (&pages, alignment, bytes) != 0)
    return NULL;
  /* Advice only: where huge pages are not to be had, small ones serve. */
  if (alignment == HUGE_PAGE)
    madvise (pages, bytes, MADV_HUGEPAGE);
  memset (pages, 0, bytes);
  return pages;
}
