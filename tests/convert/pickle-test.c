/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The unpickler on pickles made by hand: what it builds, what it refuses, and that it stays small whatever they claim. */
#include "convert/pickle.h"

#include <string.h>

#include "base/error.h"

static const CgPickleGlobal globals[] = {
  { "collections", "OrderedDict", CG_PICKLE_MAKE_DICT, 0 },
  { "m", "call", CG_PICKLE_RECORD, 7 },
  { "m", "name", CG_PICKLE_NAME, 0 },
  { "m", "same", CG_PICKLE_PASS, 0 },
};

static CgPickle *
parse (const char *bytes, size_t n, size_t *used, GError **error)
{
  return cg_pickle_parse ((const guint8 *)bytes, n, globals, G_N_ELEMENTS (globals), used, error);
}

static CgPickle *
parse_well (const char *bytes, size_t n)
{
  g_autoptr (GError) error = NULL;
  size_t used = 0;
  CgPickle *pickle = parse (bytes, n, &used, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (used, ==, n);
  return pickle;
}

/* The bytes of a string literal without its NUL. */
#define BYTES(literal) literal, sizeof (literal) - 1

static void
test_plain (void)
{
  /* {"a": (None, True, False, -2, 200, 513, 2**40, 0.5), "b": [], "c": ("u", ())} */
  g_autoptr (CgPickle) pickle
      = parse_well (BYTES ("\x80\x02}q\0(X\x01\0\0\0a(N\x88\x89J\xfe\xff\xff\xffK\xc8M\x01\x02\x8a\x06\0\0\0\0\0\x01"
                           "G\x3f\xe0\0\0\0\0\0\0tq\x01U\x01"
                           "b]X\x01\0\0\0cX\x01\0\0\0u)\x86u."));
  const CgPickleValue *root = cg_pickle_get_root (pickle), *tuple;
  static const gint64 integers[] = { 0, 1, 0, -2, 200, 513, G_GINT64_CONSTANT (1) << 40 };

  g_assert_cmpint (root->kind, ==, CG_PICKLE_DICT);
  g_assert_cmpuint (cg_pickle_value_get_n_items (root), ==, 6);
  tuple = cg_pickle_value_lookup (root, "a");
  g_assert_cmpint (tuple->kind, ==, CG_PICKLE_TUPLE);
  g_assert_cmpuint (cg_pickle_value_get_n_items (tuple), ==, 8);
  for (guint i = 0; i < G_N_ELEMENTS (integers); i++)
    g_assert_cmpint (cg_pickle_value_get_item (tuple, i)->integer, ==, integers[i]);
  g_assert_cmpint (cg_pickle_value_get_item (tuple, 0)->kind, ==, CG_PICKLE_NONE);
  g_assert_cmpint (cg_pickle_value_get_item (tuple, 2)->kind, ==, CG_PICKLE_BOOL);
  g_assert_cmpint (cg_pickle_value_get_item (tuple, 6)->kind, ==, CG_PICKLE_INT);
  g_assert_cmpfloat (cg_pickle_value_get_item (tuple, 7)->real, ==, 0.5);
  g_assert_cmpint (cg_pickle_value_lookup (root, "b")->kind, ==, CG_PICKLE_LIST);
  g_assert_cmpstr (cg_pickle_value_get_item (cg_pickle_value_lookup (root, "c"), 0)->text, ==, "u");
  g_assert_null (cg_pickle_value_lookup (root, "d"));
}

/* [2**64 + 1, 3]: the first is no number that anything here could mean. */
static void
test_large_integer (void)
{
  g_autoptr (CgPickle) pickle = parse_well (BYTES ("\x80\x02](\x8a\x09\x01\0\0\0\0\0\0\0\x01K\x03"
                                                   "e."));
  const CgPickleValue *root = cg_pickle_get_root (pickle);

  g_assert_cmpuint (cg_pickle_value_get_n_items (root), ==, 2);
  g_assert_cmpint (cg_pickle_value_get_item (root, 0)->kind, ==, CG_PICKLE_LARGE);
  g_assert_cmpint (cg_pickle_value_get_item (root, 1)->integer, ==, 3);
}

static void
test_calls (void)
{
  /* OrderedDict() with an item and attributes; m.call(1, id); m.same([2]) */
  g_autoptr (CgPickle) pickle = parse_well (BYTES (
      "\x80\x02(ccollections\nOrderedDict\n)RU\x01kK\x05s}U\x01xK\x01sbcm\ncall\nK\x01U\x02idQ\x86Rcm\nsame\n]K\x02"
      "a\x85Rt."));
  const CgPickleValue *root = cg_pickle_get_root (pickle);
  const CgPickleValue *dict = cg_pickle_value_get_item (root, 0), *call = cg_pickle_value_get_item (root, 1);
  const CgPickleValue *list = cg_pickle_value_get_item (root, 2);

  g_assert_cmpint (dict->kind, ==, CG_PICKLE_DICT);
  g_assert_cmpuint (cg_pickle_value_get_n_items (dict), ==, 2);
  g_assert_cmpint (cg_pickle_value_lookup (dict, "k")->integer, ==, 5);
  g_assert_cmpint (call->kind, ==, CG_PICKLE_CALL);
  g_assert_cmpint (call->global->tag, ==, 7);
  g_assert_cmpint (cg_pickle_value_get_item (call, 0)->integer, ==, 1);
  g_assert_cmpint (cg_pickle_value_get_item (call, 1)->kind, ==, CG_PICKLE_PERSISTENT);
  g_assert_cmpint (list->kind, ==, CG_PICKLE_LIST);
  g_assert_cmpint (cg_pickle_value_get_item (list, 0)->integer, ==, 2);
}

/* Python 2 gives an OrderedDict its items as one list of lists; both spellings of a memo. */
static void
test_old_dict (void)
{
  g_autoptr (CgPickle) pickle = parse_well (BYTES ("\x80\x02"
                                                   "ccollections\nOrderedDict\nq\x03](]q\x05(U\x01zK\x01"
                                                   "e]r\x06\0\0\0(U\x01yK\x02"
                                                   "ee\x85R."));
  const CgPickleValue *root = cg_pickle_get_root (pickle);

  g_assert_cmpuint (cg_pickle_value_get_n_items (root), ==, 4);
  g_assert_cmpstr (cg_pickle_value_get_item (root, 0)->text, ==, "z");
  g_assert_cmpint (cg_pickle_value_lookup (root, "y")->integer, ==, 2);
}

/* A list that holds itself and a pickle with more behind it. */
static void
test_cycle (void)
{
  g_autoptr (GError) error = NULL;
  size_t used;
  g_autoptr (CgPickle) pickle = parse (BYTES ("\x80\x02]q\0h\0a.rest"), &used, &error);
  const CgPickleValue *root;

  g_assert_no_error (error);
  g_assert_cmpuint (used, ==, 9);
  root = cg_pickle_get_root (pickle);
  g_assert_true (cg_pickle_value_get_item (root, 0) == root);
}

typedef struct
{
  const char *name, *bytes;
  size_t n;
  int code;
  const char *says;
} Refusal;

static const Refusal refusals[] = {
  { "os-system",
    BYTES ("\x80\x02"
           "cos\nsystem\nU\x04"
           "true\x85R."),
    CG_ERROR_UNSUPPORTED, "“os.system”" },
  { "posix-system",
    BYTES ("\x80\x02"
           "cposix\nsystem\nU\x04"
           "true\x85R."),
    CG_ERROR_UNSUPPORTED, "“posix.system”" },
  { "eval",
    BYTES ("\x80\x02"
           "c__builtin__\neval\nU\x01"
           "1\x85R."),
    CG_ERROR_UNSUPPORTED, "“__builtin__.eval”" },
  { "prefix-of-a-name",
    BYTES ("\x80\x02"
           "cm\ncal\n."),
    CG_ERROR_UNSUPPORTED, "“m.cal”" },
  { "name-with-control-characters",
    BYTES ("\x80\x02"
           "cm\n\033[2J\xff\n."),
    CG_ERROR_UNSUPPORTED, "“m.\\u001b[2J\357\277\275”" },
  { "calls-a-name",
    BYTES ("\x80\x02"
           "cm\nname\n)R."),
    CG_ERROR_UNSUPPORTED, "to call Python's “m.name”" },
  { "calls-a-call",
    BYTES ("\x80\x02"
           "cm\ncall\n)R)R."),
    CG_ERROR_CORRUPT, "makes no sense" },
  { "instance", BYTES ("\x80\x02(im\ncall\n."), CG_ERROR_UNSUPPORTED, "opcode “i”" },
  { "object", BYTES ("\x80\x02(cm\ncall\no."), CG_ERROR_UNSUPPORTED, "opcode “o”" },
  { "new-object",
    BYTES ("\x80\x02"
           "cm\ncall\n)\x81."),
    CG_ERROR_UNSUPPORTED, "opcode 0x81" },
  { "extension", BYTES ("\x80\x02\x82\x01."), CG_ERROR_UNSUPPORTED, "opcode 0x82" },
  { "stack-global", BYTES ("\x80\x02U\x02osU\x06system\x93."), CG_ERROR_UNSUPPORTED, "opcode 0x93" },
  { "text-persistent", BYTES ("\x80\x02Pid\n."), CG_ERROR_UNSUPPORTED, "opcode “P”" },
  { "build-on-a-call",
    BYTES ("\x80\x02"
           "cm\ncall\n)R}b."),
    CG_ERROR_CORRUPT, "makes no sense" },
  { "protocol-4", BYTES ("\x80\x04\x95\0\0\0\0\0\0\0\0N."), CG_ERROR_UNSUPPORTED, "protocol 4, expected 2" },
  { "protocol-0", BYTES ("(dp0\n."), CG_ERROR_CORRUPT, "makes no sense" },
  { "empty", BYTES (""), CG_ERROR_CORRUPT, "truncated" },
  { "no-stop", BYTES ("\x80\x02N"), CG_ERROR_CORRUPT, "truncated" },
  { "stop-on-nothing", BYTES ("\x80\x02."), CG_ERROR_CORRUPT, "makes no sense" },
  { "stop-above-mark", BYTES ("\x80\x02N(."), CG_ERROR_CORRUPT, "makes no sense" },
  { "text-too-long",
    BYTES ("\x80\x02X\xff\xff\xff\xff"
           "abc."),
    CG_ERROR_CORRUPT, "truncated" },
  { "text-negative",
    BYTES ("\x80\x02T\x00\x00\x00\x80"
           "abc."),
    CG_ERROR_CORRUPT, "truncated" },
  { "text-no-utf8", BYTES ("\x80\x02U\x02\xc3\x28."), CG_ERROR_UNSUPPORTED, "no UTF-8" },
  { "text-with-nul",
    BYTES ("\x80\x02U\x02"
           "a\0."),
    CG_ERROR_UNSUPPORTED, "no UTF-8" },
  { "integer-of-missing-bytes",
    BYTES ("\x80\x02\x8a\x09"
           "1234567."),
    CG_ERROR_CORRUPT, "truncated" },
  { "memo-unset", BYTES ("\x80\x02h\x05."), CG_ERROR_CORRUPT, "makes no sense" },
  { "memo-far", BYTES ("\x80\x02Nr\xff\xff\xff\xff."), CG_ERROR_UNSUPPORTED, "memorised values" },
  { "memo-of-nothing", BYTES ("\x80\x02q\x05."), CG_ERROR_CORRUPT, "makes no sense" },
  { "append-to-dict", BYTES ("\x80\x02}Na."), CG_ERROR_CORRUPT, "makes no sense" },
  { "append-to-nothing", BYTES ("\x80\x02Na."), CG_ERROR_CORRUPT, "makes no sense" },
  { "append-through-mark", BYTES ("\x80\x02](Na."), CG_ERROR_CORRUPT, "makes no sense" },
  { "odd-items", BYTES ("\x80\x02}(NNNu."), CG_ERROR_CORRUPT, "makes no sense" },
  { "items-without-mark", BYTES ("\x80\x02}NNu."), CG_ERROR_CORRUPT, "makes no sense" },
  { "tuple-of-too-little", BYTES ("\x80\x02N\x86."), CG_ERROR_CORRUPT, "makes no sense" },
  { "dict-of-no-pairs",
    BYTES ("\x80\x02"
           "ccollections\nOrderedDict\n](N\x85"
           "e\x85R."),
    CG_ERROR_CORRUPT, "makes no sense" },
};

static void
test_refusal (gconstpointer data)
{
  const Refusal *refusal = data;
  g_autoptr (GError) error = NULL;
  size_t used;
  /* On the heap without a NUL, so that a sanitizer sees a byte read too many. */
  g_autofree char *bytes = g_memdup2 (refusal->bytes, refusal->n);
  g_autoptr (CgPickle) pickle = parse (bytes, refusal->n, &used, &error);

  g_assert_null (pickle);
  g_assert_error (error, CG_ERROR, refusal->code);
  if (!strstr (error->message, refusal->says))
    g_error ("“%s” does not say “%s”", error->message, refusal->says);
}

/* @n times @unit between a beginning and an end. */
static GString *
repeat (const char *begin, size_t n_begin, const char *unit, size_t n_unit, guint n)
{
  GString *bytes = g_string_new_len ("\x80\x02", 2);

  g_string_append_len (bytes, begin, (gssize)n_begin);
  for (guint i = 0; i < n; i++)
    g_string_append_len (bytes, unit, (gssize)n_unit);
  return bytes;
}

static void
check_bound (GString *bytes, const char *says)
{
  g_autoptr (GError) error = NULL;
  size_t used;
  g_autoptr (CgPickle) pickle = parse (bytes->str, bytes->len, &used, &error);

  g_assert_null (pickle);
  g_assert_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED);
  if (!strstr (error->message, says))
    g_error ("“%s” does not say “%s”", error->message, says);
  g_string_free (bytes, TRUE);
}

/* What would be deep recursion, endless stacks or exponential growth for a naive reader ends at a bound. */
static void
test_bounds (void)
{
  g_autoptr (CgPickle) deep = NULL;
  GString *bytes = repeat (BYTES ("N"), BYTES ("\x85"), 400000);

  g_string_append_c (bytes, '.');
  deep = parse_well (bytes->str, bytes->len);
  g_assert_cmpuint (cg_pickle_get_n_values (deep), ==, 400001);
  g_string_free (bytes, TRUE);

  check_bound (repeat (BYTES (""), BYTES ("("), 1000), "values inside each other");
  check_bound (repeat (BYTES (""), BYTES ("N"), 1 << 20), "values at once on its stack");
  check_bound (repeat (BYTES ("N"), BYTES ("\x85"), 1 << 20), "524288 values");
  check_bound (repeat (BYTES ("Nq\0"), BYTES ("h\0"), 1 << 20), "values at once on its stack");
  /* A dict of 1024 pairs, made again and again from one list. */
  bytes = repeat (BYTES ("NN\x86q\0]q\1("), BYTES ("h\0"), 1024);
  /* In parentheses: newer GLib has a macro of this name, to which BYTES() would be one argument. */
  (g_string_append_len) (bytes, BYTES ("eccollections\nOrderedDict\nq\2"));
  for (int i = 0; i < 20000; i++)
    (g_string_append_len) (bytes, BYTES ("h\2h\1\x85R\x85"));
  check_bound (bytes, "2097152 items");
  check_bound (repeat (BYTES ("]q\0"), BYTES ("Na"), 9 << 20), "values");
  check_bound (repeat (BYTES ("N"), BYTES ("q\0"), 9 << 20), "16777216 bytes");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pickle/plain", test_plain);
  g_test_add_func ("/pickle/large-integer", test_large_integer);
  g_test_add_func ("/pickle/calls", test_calls);
  g_test_add_func ("/pickle/old-dict", test_old_dict);
  g_test_add_func ("/pickle/cycle", test_cycle);
  g_test_add_func ("/pickle/bounds", test_bounds);
  for (size_t i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *path = g_strconcat ("/pickle/refuses/", refusals[i].name, NULL);

      g_test_add_data_func (path, &refusals[i], test_refusal);
    }
  return g_test_run ();
}
