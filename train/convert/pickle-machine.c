/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stack of the restricted unpickler: every value, item and nesting is counted here, so that no opcode can grow without bound. */
#include "convert/pickle-machine.h"

#include <glib/gi18n.h>

#include "base/error.h"

gboolean
cg_pickle_machine_fail_large (const char *what, guint most, GError **error)
{
  g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("the pickle holds more than %u %s, which no state dict needs"),
               most, what);
  return FALSE;
}

gboolean
cg_pickle_machine_fail_truncated (const CgPickleMachine *m, GError **error)
{
  if (m->end - m->start == CG_PICKLE_MAX_BYTES)
    return cg_pickle_machine_fail_large (_ ("bytes"), CG_PICKLE_MAX_BYTES, error);
  g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("truncated: the pickle goes on after its %zu bytes"),
               (size_t)(m->end - m->start));
  return FALSE;
}

gboolean
cg_pickle_machine_fail_damaged (const CgPickleMachine *m, GError **error)
{
  g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("damaged: the pickle makes no sense at byte %zu"),
               (size_t)(m->at - m->start));
  return FALSE;
}

const guint8 *
cg_pickle_machine_take (CgPickleMachine *m, size_t n, GError **error)
{
  const guint8 *bytes = m->at;

  if (n > (size_t)(m->end - m->at))
    {
      cg_pickle_machine_fail_truncated (m, error);
      return NULL;
    }
  m->at += n;
  return bytes;
}

gboolean
cg_pickle_machine_push (CgPickleMachine *m, CgPickleValue *value, GError **error)
{
  if (m->stack->len >= CG_PICKLE_MAX_STACK)
    return cg_pickle_machine_fail_large (_ ("values at once on its stack"), CG_PICKLE_MAX_STACK, error);
  g_ptr_array_add (m->stack, value);
  return TRUE;
}

CgPickleValue *
cg_pickle_machine_push_new (CgPickleMachine *m, CgPickleKind kind, GError **error)
{
  CgPickleValue *value;

  if (m->pickle->values->len >= CG_PICKLE_MAX_VALUES)
    {
      cg_pickle_machine_fail_large (_ ("values"), CG_PICKLE_MAX_VALUES, error);
      return NULL;
    }
  value = g_new0 (CgPickleValue, 1);
  value->kind = kind;
  g_ptr_array_add (m->pickle->values, value);
  return cg_pickle_machine_push (m, value, error) ? value : NULL;
}

gboolean
cg_pickle_machine_push_integer (CgPickleMachine *m, CgPickleKind kind, gint64 integer, GError **error)
{
  CgPickleValue *value = cg_pickle_machine_push_new (m, kind, error);

  if (value)
    value->integer = integer;
  return value != NULL;
}

guint
cg_pickle_machine_get_floor (const CgPickleMachine *m)
{
  return m->marks->len ? g_array_index (m->marks, guint, m->marks->len - 1) : 0;
}

CgPickleValue *
cg_pickle_machine_pop (CgPickleMachine *m, GError **error)
{
  if (m->stack->len <= cg_pickle_machine_get_floor (m))
    {
      cg_pickle_machine_fail_damaged (m, error);
      return NULL;
    }
  return g_ptr_array_steal_index (m->stack, m->stack->len - 1);
}

gboolean
cg_pickle_machine_peek (CgPickleMachine *m, CgPickleKind kind, GError **error)
{
  const CgPickleValue *value
      = m->stack->len > cg_pickle_machine_get_floor (m) ? g_ptr_array_index (m->stack, m->stack->len - 1) : NULL;

  return value && value->kind == kind ? TRUE : cg_pickle_machine_fail_damaged (m, error);
}

gboolean
cg_pickle_machine_pop_mark (CgPickleMachine *m, guint *first, GError **error)
{
  if (m->marks->len == 0)
    return cg_pickle_machine_fail_damaged (m, error);
  *first = cg_pickle_machine_get_floor (m);
  g_array_set_size (m->marks, m->marks->len - 1);
  return TRUE;
}

gboolean
cg_pickle_machine_add_item (CgPickleMachine *m, CgPickleValue *value, CgPickleValue *item, GError **error)
{
  if (m->n_items >= CG_PICKLE_MAX_ITEMS)
    return cg_pickle_machine_fail_large (_ ("items"), CG_PICKLE_MAX_ITEMS, error);
  m->n_items++;
  if (!value->items)
    value->items = g_ptr_array_new ();
  g_ptr_array_add (value->items, item);
  return TRUE;
}

gboolean
cg_pickle_machine_make_tuple (CgPickleMachine *m, guint first, GError **error)
{
  const guint end = m->stack->len;
  CgPickleValue *tuple = cg_pickle_machine_push_new (m, CG_PICKLE_TUPLE, error);

  if (!tuple)
    return FALSE;
  for (guint i = first; i < end; i++)
    if (!cg_pickle_machine_add_item (m, tuple, g_ptr_array_index (m->stack, i), error))
      return FALSE;
  g_ptr_array_set_size (m->stack, (int)first);
  return cg_pickle_machine_push (m, tuple, error);
}

gboolean
cg_pickle_machine_add_from_stack (CgPickleMachine *m, CgPickleKind kind, guint first, GError **error)
{
  const guint n = m->stack->len - first;
  CgPickleValue *container;

  if (first <= cg_pickle_machine_get_floor (m) || (kind == CG_PICKLE_DICT && n % 2 != 0))
    return cg_pickle_machine_fail_damaged (m, error);
  container = g_ptr_array_index (m->stack, first - 1);
  if (container->kind != kind)
    return cg_pickle_machine_fail_damaged (m, error);
  for (guint i = 0; i < n; i++)
    if (!cg_pickle_machine_add_item (m, container, g_ptr_array_index (m->stack, first + i), error))
      return FALSE;
  g_ptr_array_set_size (m->stack, (int)first);
  return TRUE;
}
