/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Plans where buffers with lifetimes lie in one block: largest first, each at the lowest place free during its life. */
#include "tensor/arena.h"

#include <glib/gi18n-lib.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/debug.h"
#include "base/error.h"
#include "base/size.h"

#define ALIGNMENT 64
/* Buffers of a megabyte and more gain from huge pages; below, alignment would waste more than it wins. */
#define HUGE_PAGE ((size_t)2 << 20)

typedef struct
{
  size_t bytes;
  size_t offset;
  int first, last;
} Reservation;

struct _CgArena
{
  GArray *reservations;
  size_t bytes; /* of the layout, valid when laid_out */
  gboolean laid_out;
  gboolean overflow;
  void *block;    /* what calloc returned */
  guint8 *memory; /* the same, aligned */
};

CgArena *
cg_arena_new (void)
{
  CgArena *arena = g_new0 (CgArena, 1);

  arena->reservations = g_array_new (FALSE, FALSE, sizeof (Reservation));
  return arena;
}

void
cg_arena_free (CgArena *arena)
{
  if (!arena)
    return;
  free (arena->block);
  g_array_unref (arena->reservations);
  g_free (arena);
}

int
cg_arena_reserve (CgArena *arena, size_t bytes, int first, int last)
{
  Reservation reservation = { .first = first, .last = last };

  g_assert (!arena->block && first <= last);
  if (bytes > SIZE_MAX / 2)
    arena->overflow = TRUE;
  else
    reservation.bytes = cg_size_align (MAX (bytes, 1), ALIGNMENT);
  g_array_append_val (arena->reservations, reservation);
  arena->laid_out = FALSE;
  return (int)arena->reservations->len - 1;
}

/* Larger first; among equals the earlier ticket, so that a layout is reproducible. */
static int
compare_size (gconstpointer a, gconstpointer b)
{
  const Reservation *ra = *(Reservation *const *)a;
  const Reservation *rb = *(Reservation *const *)b;

  if (ra->bytes != rb->bytes)
    return ra->bytes > rb->bytes ? -1 : 1;
  return ra < rb ? -1 : ra > rb;
}

static int
compare_offset (gconstpointer a, gconstpointer b)
{
  const Reservation *ra = *(Reservation *const *)a;
  const Reservation *rb = *(Reservation *const *)b;

  if (ra->offset != rb->offset)
    return ra->offset < rb->offset ? -1 : 1;
  return ra < rb ? -1 : ra > rb;
}

/* The lowest offset that is free of everything in @placed (sorted by offset) that lives when @reservation does. */
static size_t
find_place (const Reservation *reservation, GPtrArray *placed)
{
  size_t offset = 0;

  for (guint i = 0; i < placed->len; i++)
    {
      const Reservation *other = placed->pdata[i];

      if (other->last < reservation->first || reservation->last < other->first)
        continue;
      if (other->offset >= offset + reservation->bytes)
        break;
      offset = MAX (offset, other->offset + other->bytes);
    }
  return offset;
}

size_t
cg_arena_measure (CgArena *arena)
{
  g_autoptr (GPtrArray) order = NULL;
  g_autoptr (GPtrArray) placed = NULL;

  if (arena->overflow)
    return (size_t)-1;
  if (arena->laid_out)
    return arena->bytes;

  order = g_ptr_array_new ();
  placed = g_ptr_array_new ();
  for (guint i = 0; i < arena->reservations->len; i++)
    g_ptr_array_add (order, &g_array_index (arena->reservations, Reservation, i));
  g_ptr_array_sort (order, compare_size);

  arena->bytes = 0;
  for (guint i = 0; i < order->len; i++)
    {
      Reservation *reservation = order->pdata[i];
      size_t end;

      reservation->offset = find_place (reservation, placed);
      if (!cg_size_add (reservation->offset, reservation->bytes, &end))
        return (size_t)-1;
      arena->bytes = MAX (arena->bytes, end);
      g_ptr_array_add (placed, reservation);
      g_ptr_array_sort (placed, compare_offset);
    }
  arena->laid_out = TRUE;
  return arena->bytes;
}

gboolean
cg_arena_commit (CgArena *arena, GError **error)
{
  size_t bytes = cg_arena_measure (arena);
  size_t total;

  g_assert (!arena->block);
  if (bytes != (size_t)-1 && cg_size_add (bytes, bytes >= HUGE_PAGE ? HUGE_PAGE : ALIGNMENT, &total))
    arena->block = calloc (1, total);
  if (!arena->block)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("Not enough memory: %zu MiB could not be allocated"),
                   bytes == (size_t)-1 ? SIZE_MAX >> 20 : bytes >> 20);
      return FALSE;
    }
  if (bytes >= HUGE_PAGE)
    {
      arena->memory = (guint8 *)cg_size_align ((size_t)arena->block, HUGE_PAGE);
      /* Advice only: where huge pages are not to be had, small ones serve. */
      madvise (arena->memory, bytes, MADV_HUGEPAGE);
    }
  else
    arena->memory = (guint8 *)cg_size_align ((size_t)arena->block, ALIGNMENT);
  CG_DEBUG_LOG (CG_DEBUG_MEMORY, "arena: %u buffers in %zu MiB", arena->reservations->len, bytes >> 20);
  return TRUE;
}

void *
cg_arena_get (CgArena *arena, int ticket)
{
  g_assert (arena->memory && ticket >= 0 && (guint)ticket < arena->reservations->len);
  return arena->memory + g_array_index (arena->reservations, Reservation, ticket).offset;
}
