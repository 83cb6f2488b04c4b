/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgArena: one allocation for everything image-sized, planned once with lifetimes, 64-byte aligned, allowed to fail. */
#pragma once

#include <glib.h>
#include <stddef.h>

typedef struct _CgArena CgArena;

CgArena *cg_arena_new (void);
void cg_arena_free (CgArena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgArena, cg_arena_free)

/**
 * cg_arena_reserve:
 * @first, @last: the times, both included, between which the memory is in use. Reservations whose times
 *   do not meet may share memory. The caller gives times a meaning (the number of an operation, say).
 *
 * Returns: a ticket for cg_arena_get(), valid after cg_arena_commit().
 */
int cg_arena_reserve (CgArena *arena, size_t bytes, int first, int last);

/* Lays all reservations out. Returns: the bytes that cg_arena_commit() will ask for, (size_t) -1 on overflow. */
size_t cg_arena_measure (CgArena *arena);

/* Allocates. Fails with CG_ERROR_MEMORY, naming the amount. The memory is zeroed. */
gboolean cg_arena_commit (CgArena *arena, GError **error);

void *cg_arena_get (CgArena *arena, int ticket);
