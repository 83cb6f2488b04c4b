/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The arena: buffers that live together never overlap, buffers that do not share, and too much is an error. */
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "tensor/arena.h"

#define N_BUFFERS 200
#define SEED 20261123u

typedef struct
{
  size_t bytes;
  int first, last, ticket;
} Buffer;

static void
test_no_overlap (void)
{
  g_autoptr (CgArena) arena = cg_arena_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (SEED);
  g_autoptr (GError) error = NULL;
  Buffer buffers[N_BUFFERS];
  size_t sum = 0, peak = 0;

  for (int i = 0; i < N_BUFFERS; i++)
    {
      buffers[i].bytes = (size_t)g_rand_int_range (random, 1, 5000);
      buffers[i].first = g_rand_int_range (random, 0, 50);
      buffers[i].last = buffers[i].first + g_rand_int_range (random, 0, 10);
      buffers[i].ticket = cg_arena_reserve (arena, buffers[i].bytes, buffers[i].first, buffers[i].last);
      sum += buffers[i].bytes;
    }
  for (int time = 0; time < 60; time++)
    {
      size_t alive = 0;

      for (int i = 0; i < N_BUFFERS; i++)
        if (buffers[i].first <= time && time <= buffers[i].last)
          alive += buffers[i].bytes;
      peak = MAX (peak, alive);
    }
  g_assert_true (cg_arena_commit (arena, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (cg_arena_measure (arena), >=, peak);
  g_assert_cmpuint (cg_arena_measure (arena), <, sum / 2);

  for (int i = 0; i < N_BUFFERS; i++)
    for (int j = 0; j < i; j++)
      {
        uintptr_t a = (uintptr_t)cg_arena_get (arena, buffers[i].ticket);
        uintptr_t b = (uintptr_t)cg_arena_get (arena, buffers[j].ticket);

        g_assert_cmpuint (a % 64, ==, 0);
        if (buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last)
          g_assert_true (a + buffers[i].bytes <= b || b + buffers[j].bytes <= a);
      }
  /* All of it may be written: a sanitizer would see a buffer that reaches out. */
  for (int i = 0; i < N_BUFFERS; i++)
    memset (cg_arena_get (arena, buffers[i].ticket), 0xff, buffers[i].bytes);
}

/* Two buffers of different times take the room of one. */
static void
test_share (void)
{
  g_autoptr (CgArena) arena = cg_arena_new ();
  g_autoptr (GError) error = NULL;
  int a = cg_arena_reserve (arena, 4096, 0, 1), b = cg_arena_reserve (arena, 4096, 2, 3);

  g_assert_true (cg_arena_commit (arena, &error));
  g_assert_cmpuint (cg_arena_measure (arena), ==, 4096);
  g_assert_true (cg_arena_get (arena, a) == cg_arena_get (arena, b));
}

static void
test_zeroed (void)
{
  g_autoptr (CgArena) arena = cg_arena_new ();
  int ticket = cg_arena_reserve (arena, 3 << 20, 0, 0);
  const guint8 *memory;

  g_assert_true (cg_arena_commit (arena, NULL));
  memory = cg_arena_get (arena, ticket);
  for (size_t i = 0; i < 3 << 20; i++)
    g_assert_cmpuint (memory[i], ==, 0);
}

static void
test_too_much (gconstpointer data)
{
  g_autoptr (CgArena) arena = cg_arena_new ();
  g_autoptr (GError) error = NULL;

  /* Together more than an address space; once as one impossible buffer. */
  cg_arena_reserve (arena, GPOINTER_TO_INT (data) ? SIZE_MAX : SIZE_MAX / 2, 0, 1);
  cg_arena_reserve (arena, SIZE_MAX / 2, 0, 1);
  g_assert_false (cg_arena_commit (arena, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_MEMORY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tensor/arena/no-overlap", test_no_overlap);
  g_test_add_func ("/tensor/arena/share", test_share);
  g_test_add_func ("/tensor/arena/zeroed", test_zeroed);
  g_test_add_data_func ("/tensor/arena/too-much", GINT_TO_POINTER (0), test_too_much);
  g_test_add_data_func ("/tensor/arena/impossible", GINT_TO_POINTER (1), test_too_much);
  return g_test_run ();
}
