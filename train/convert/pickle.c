/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The restricted unpickler: the stack machine of pickle protocol 2 without the opcodes that state dicts do not use.
 *
 * Nothing is looked up or called: a call becomes a value that says what was called with what. There is no recursion, so nesting
 * costs no C stack, and all values are owned by one list, so cycles cost nothing either. */
#include "convert/pickle.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "convert/pickle-machine.h"

static void
value_free (gpointer data)
{
  CgPickleValue *value = data;

  if (value->kind == CG_PICKLE_STRING)
    g_free (value->text);
  g_clear_pointer (&value->items, g_ptr_array_unref);
  g_free (value);
}

void
cg_pickle_free (CgPickle *pickle)
{
  if (!pickle)
    return;
  g_ptr_array_unref (pickle->values);
  g_free (pickle);
}

/* A little-endian number of 1 … 8 bytes; signed as Python's LONG1 and BININT are. */
static gint64
decode (const guint8 *bytes, size_t n, gboolean is_signed)
{
  guint64 number = 0;

  for (size_t i = 0; i < n; i++)
    number |= (guint64)bytes[i] << (8 * i);
  if (is_signed && n > 0 && n < 8 && bytes[n - 1] & 0x80)
    number |= ~(guint64)0 << (8 * n);
  return (gint64)number;
}

static gboolean
push_text (CgPickleMachine *m, size_t n, GError **error)
{
  const guint8 *bytes = cg_pickle_machine_take (m, n, error);
  CgPickleValue *value;

  if (!bytes)
    return FALSE;
  /* Also refuses a NUL inside. */
  if (!g_utf8_validate_len ((const char *)bytes, n, NULL))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("the pickle holds text that is no UTF-8 before byte %zu"),
                   (size_t)(m->at - m->start));
      return FALSE;
    }
  value = cg_pickle_machine_push_new (m, CG_PICKLE_STRING, error);
  if (!value)
    return FALSE;
  value->text = g_strndup ((const char *)bytes, n);
  return TRUE;
}

/* One line of a GLOBAL, without its end. */
static const char *
take_line (CgPickleMachine *m, size_t *length, GError **error)
{
  const guint8 *end = memchr (m->at, '\n', (size_t)(m->end - m->at));
  const char *line = (const char *)m->at;

  if (!end)
    {
      cg_pickle_machine_fail_truncated (m, error);
      return NULL;
    }
  *length = (size_t)(end - m->at);
  m->at = end + 1;
  return line;
}

static gboolean
is_text (const char *text, const char *bytes, size_t n)
{
  return strlen (text) == n && memcmp (text, bytes, n) == 0;
}

static gboolean
push_global (CgPickleMachine *m, GError **error)
{
  size_t n_module, n_name;
  const char *module = take_line (m, &n_module, error);
  const char *name = module ? take_line (m, &n_name, error) : NULL;
  CgPickleValue *value;

  if (!name)
    return FALSE;
  for (guint i = 0; i < m->n_globals; i++)
    if (is_text (m->globals[i].module, module, n_module) && is_text (m->globals[i].name, name, n_name))
      {
        value = cg_pickle_machine_push_new (m, CG_PICKLE_GLOBAL, error);
        if (value)
          value->global = &m->globals[i];
        return value != NULL;
      }

  g_autofree char *printable_module = cg_pickle_printable (module, (gssize)n_module);
  g_autofree char *printable_name = cg_pickle_printable (name, (gssize)n_name);

  g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
               _ ("refused: the file asks for Python's “%s.%s”, which a state dict does not need. Nothing was "
                  "executed. If the file "
                  "is yours, save the weights alone: torch.save(net.state_dict(), …)"),
               printable_module, printable_name);
  return FALSE;
}

static gboolean
reduce (CgPickleMachine *m, GError **error)
{
  CgPickleValue *arguments = cg_pickle_machine_pop (m, error);
  CgPickleValue *callee = arguments ? cg_pickle_machine_pop (m, error) : NULL;
  CgPickleValue *value;

  if (!callee)
    return FALSE;
  if (callee->kind != CG_PICKLE_GLOBAL || arguments->kind != CG_PICKLE_TUPLE)
    return cg_pickle_machine_fail_damaged (m, error);

  switch (callee->global->use)
    {
    case CG_PICKLE_RECORD:
      value = cg_pickle_machine_push_new (m, CG_PICKLE_CALL, error);
      if (!value)
        return FALSE;
      value->global = callee->global;
      value->items = arguments->items ? g_ptr_array_ref (arguments->items) : NULL;
      return TRUE;

    case CG_PICKLE_MAKE_DICT:
      value = cg_pickle_machine_push_new (m, CG_PICKLE_DICT, error);
      if (!value)
        return FALSE;
      if (cg_pickle_value_get_n_items (arguments) > 1)
        return cg_pickle_machine_fail_damaged (m, error);
      /* Python 2 gives all pairs as the one argument. */
      if (arguments->items)
        {
          const CgPickleValue *pairs = cg_pickle_value_get_item (arguments, 0);

          if (pairs->kind != CG_PICKLE_LIST)
            return cg_pickle_machine_fail_damaged (m, error);
          for (guint i = 0; i < cg_pickle_value_get_n_items (pairs); i++)
            {
              CgPickleValue *pair = g_ptr_array_index (pairs->items, i);

              if ((pair->kind != CG_PICKLE_LIST && pair->kind != CG_PICKLE_TUPLE)
                  || cg_pickle_value_get_n_items (pair) != 2)
                return cg_pickle_machine_fail_damaged (m, error);
              if (!cg_pickle_machine_add_item (m, value, g_ptr_array_index (pair->items, 0), error)
                  || !cg_pickle_machine_add_item (m, value, g_ptr_array_index (pair->items, 1), error))
                return FALSE;
            }
        }
      return TRUE;

    case CG_PICKLE_PASS:
      if (cg_pickle_value_get_n_items (arguments) != 1)
        return cg_pickle_machine_fail_damaged (m, error);
      return cg_pickle_machine_push (m, g_ptr_array_index (arguments->items, 0), error);

    case CG_PICKLE_NAME:
    default:
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                   _ ("refused: the file asks to call Python's “%s.%s”, which a state dict does not need"),
                   callee->global->module, callee->global->name);
      return FALSE;
    }
}

/* Attributes of an OrderedDict (PyTorch's _metadata) are read and dropped; nothing else has any. */
static gboolean
build (CgPickleMachine *m, GError **error)
{
  if (!cg_pickle_machine_pop (m, error))
    return FALSE;
  return cg_pickle_machine_peek (m, CG_PICKLE_DICT, error);
}

static gboolean
memo_put (CgPickleMachine *m, guint32 key, GError **error)
{
  if (m->stack->len <= cg_pickle_machine_get_floor (m))
    return cg_pickle_machine_fail_damaged (m, error);
  if (key >= CG_PICKLE_MAX_VALUES)
    return cg_pickle_machine_fail_large (_ ("memorised values"), CG_PICKLE_MAX_VALUES, error);
  if (key >= m->memo->len)
    g_ptr_array_set_size (m->memo, (int)key + 1);
  m->memo->pdata[key] = g_ptr_array_index (m->stack, m->stack->len - 1);
  return TRUE;
}

static gboolean
memo_get (CgPickleMachine *m, guint32 key, GError **error)
{
  CgPickleValue *value = key < m->memo->len ? g_ptr_array_index (m->memo, key) : NULL;

  return value ? cg_pickle_machine_push (m, value, error) : cg_pickle_machine_fail_damaged (m, error);
}

/* BINFLOAT: eight bytes, the highest first. */
static gboolean
push_real (CgPickleMachine *m, GError **error)
{
  const guint8 *bytes = cg_pickle_machine_take (m, 8, error);
  CgPickleValue *value = bytes ? cg_pickle_machine_push_new (m, CG_PICKLE_REAL, error) : NULL;
  guint64 bits;

  if (!value)
    return FALSE;
  memcpy (&bits, bytes, sizeof bits);
  bits = GUINT64_FROM_BE (bits);
  memcpy (&value->real, &bits, sizeof bits);
  return TRUE;
}

static gboolean
push_persistent (CgPickleMachine *m, GError **error)
{
  CgPickleValue *id = cg_pickle_machine_pop (m, error);
  CgPickleValue *value = id ? cg_pickle_machine_push_new (m, CG_PICKLE_PERSISTENT, error) : NULL;

  return value && cg_pickle_machine_add_item (m, value, id, error);
}

static gboolean
fail_opcode (CgPickleMachine *m, guint8 opcode, GError **error)
{
  if (opcode > ' ' && opcode < 0x7f)
    g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                 _ ("refused: the pickle uses opcode “%c” at byte %zu, which state dicts do not need"), opcode,
                 (size_t)(m->at - m->start) - 1);
  else
    g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                 _ ("refused: the pickle uses opcode 0x%02x at byte %zu, which state dicts do not need"), opcode,
                 (size_t)(m->at - m->start) - 1);
  return FALSE;
}

/* The opcodes whose argument is a number of 1, 2, 4 or more bytes right behind them. */
static gboolean
run_numbered (CgPickleMachine *m, guint8 opcode, GError **error)
{
  size_t n = strchr ("JXTrj", opcode) ? 4 : opcode == 'M' ? 2 : 1;
  const guint8 *bytes = cg_pickle_machine_take (m, n, error);
  gint64 number;

  if (!bytes)
    return FALSE;
  number = decode (bytes, n, opcode == 'J');
  switch (opcode)
    {
    case 'J': /* BININT */
    case 'K': /* BININT1 */
    case 'M': /* BININT2 */
      return cg_pickle_machine_push_integer (m, CG_PICKLE_INT, number, error);
    case 'X': /* BINUNICODE */
    case 'T': /* BINSTRING, of Python 2 */
    case 'U': /* SHORT_BINSTRING */
      return push_text (m, (size_t)number, error);
    case 'q': /* BINPUT */
    case 'r': /* LONG_BINPUT */
      return memo_put (m, (guint32)number, error);
    case 'h': /* BINGET */
    case 'j': /* LONG_BINGET */
      return memo_get (m, (guint32)number, error);
    default: /* LONG1: so many bytes of an integer follow */
      bytes = cg_pickle_machine_take (m, (size_t)number, error);
      /* The seed of a run may be one, kept beside its weights. */
      if (bytes && number > 8)
        return cg_pickle_machine_push_new (m, CG_PICKLE_LARGE, error) != NULL;
      return bytes && cg_pickle_machine_push_integer (m, CG_PICKLE_INT, decode (bytes, (size_t)number, TRUE), error);
    }
}

static gboolean
run_opcode (CgPickleMachine *m, guint8 opcode, GError **error)
{
  guint first;

  switch (opcode)
    {
    case '(': /* MARK */
      if (m->marks->len >= CG_PICKLE_MAX_MARKS)
        return cg_pickle_machine_fail_large (_ ("values inside each other"), CG_PICKLE_MAX_MARKS, error);
      g_array_append_val (m->marks, m->stack->len);
      return TRUE;

    case 'N':
      return cg_pickle_machine_push_integer (m, CG_PICKLE_NONE, 0, error);
    case 0x88: /* NEWTRUE */
    case 0x89: /* NEWFALSE */
      return cg_pickle_machine_push_integer (m, CG_PICKLE_BOOL, opcode == 0x88, error);
    case 'G': /* BINFLOAT */
      return push_real (m, error);
    case 'J':
    case 'K':
    case 'M':
    case 'X':
    case 'T':
    case 'U':
    case 'q':
    case 'r':
    case 'h':
    case 'j':
    case 0x8a:
      return run_numbered (m, opcode, error);

    case ')': /* EMPTY_TUPLE */
      return cg_pickle_machine_push_new (m, CG_PICKLE_TUPLE, error) != NULL;
    case ']': /* EMPTY_LIST */
      return cg_pickle_machine_push_new (m, CG_PICKLE_LIST, error) != NULL;
    case '}': /* EMPTY_DICT */
      return cg_pickle_machine_push_new (m, CG_PICKLE_DICT, error) != NULL;
    case 't': /* TUPLE */
      return cg_pickle_machine_pop_mark (m, &first, error) && cg_pickle_machine_make_tuple (m, first, error);
    case 0x85: /* TUPLE1 */
    case 0x86: /* TUPLE2 */
    case 0x87: /* TUPLE3 */
      first = opcode - 0x84u;
      if (m->stack->len < cg_pickle_machine_get_floor (m) + first)
        return cg_pickle_machine_fail_damaged (m, error);
      return cg_pickle_machine_make_tuple (m, m->stack->len - first, error);
    case 'a': /* APPEND */
      return m->stack->len > 0 ? cg_pickle_machine_add_from_stack (m, CG_PICKLE_LIST, m->stack->len - 1, error)
                               : cg_pickle_machine_fail_damaged (m, error);
    case 'e': /* APPENDS */
      return cg_pickle_machine_pop_mark (m, &first, error)
             && cg_pickle_machine_add_from_stack (m, CG_PICKLE_LIST, first, error);
    case 's': /* SETITEM */
      return m->stack->len > 1 ? cg_pickle_machine_add_from_stack (m, CG_PICKLE_DICT, m->stack->len - 2, error)
                               : cg_pickle_machine_fail_damaged (m, error);
    case 'u': /* SETITEMS */
      return cg_pickle_machine_pop_mark (m, &first, error)
             && cg_pickle_machine_add_from_stack (m, CG_PICKLE_DICT, first, error);

    case 'c': /* GLOBAL */
      return push_global (m, error);
    case 'R': /* REDUCE */
      return reduce (m, error);
    case 'b': /* BUILD */
      return build (m, error);
    case 'Q': /* BINPERSID */
      return push_persistent (m, error);
    default:
      return fail_opcode (m, opcode, error);
    }
}

static gboolean
run (CgPickleMachine *m, GError **error)
{
  const guint8 *bytes = cg_pickle_machine_take (m, 2, error);

  if (!bytes)
    return FALSE;
  if (bytes[0] != 0x80)
    {
      m->at = m->start;
      return cg_pickle_machine_fail_damaged (m, error);
    }
  if (bytes[1] != 2)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                   _ ("the pickle is of protocol %u, expected 2, which torch.save uses unless told otherwise"),
                   bytes[1]);
      return FALSE;
    }
  for (;;)
    {
      const guint8 *opcode = cg_pickle_machine_take (m, 1, error);

      if (!opcode)
        return FALSE;
      if (*opcode == '.') /* STOP */
        {
          m->pickle->root = cg_pickle_machine_pop (m, error);
          return m->pickle->root != NULL;
        }
      if (!run_opcode (m, *opcode, error))
        return FALSE;
    }
}

CgPickle *
cg_pickle_parse (const guint8 *bytes, size_t length, const CgPickleGlobal *globals, guint n_globals, size_t *used,
                 GError **error)
{
  g_autoptr (CgPickle) pickle = g_new0 (CgPickle, 1);
  CgPickleMachine m = { .pickle = pickle, .start = bytes, .at = bytes, .globals = globals, .n_globals = n_globals };
  gboolean ok;

  pickle->values = g_ptr_array_new_with_free_func (value_free);
  m.end = bytes + MIN (length, CG_PICKLE_MAX_BYTES);
  m.stack = g_ptr_array_new ();
  m.marks = g_array_new (FALSE, FALSE, sizeof (guint));
  m.memo = g_ptr_array_new ();

  ok = run (&m, error);
  if (ok)
    *used = (size_t)(m.at - m.start);

  g_ptr_array_unref (m.memo);
  g_array_unref (m.marks);
  g_ptr_array_unref (m.stack);
  return ok ? g_steal_pointer (&pickle) : NULL;
}

const CgPickleValue *
cg_pickle_get_root (const CgPickle *pickle)
{
  return pickle->root;
}

guint
cg_pickle_get_n_values (const CgPickle *pickle)
{
  return pickle->values->len;
}

const CgPickleValue *
cg_pickle_get_value (const CgPickle *pickle, guint i)
{
  return g_ptr_array_index (pickle->values, i);
}
