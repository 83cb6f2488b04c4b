/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A strict JSON scanner that keeps nothing but keys: the guard before json-glib, not made for hostile input. */
#include "model/safetensors-header.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"

#define MAX_INTEGER (G_GUINT64_CONSTANT (1) << 53)

typedef struct
{
  const char *text;
  size_t length;
  size_t at;
  guint n_values;
  GError **error;
} Scan;

static gboolean scan_value (Scan *scan, int depth);

/* The character at @at for a message; (transfer full). */
static char *
describe_found (const Scan *scan)
{
  const char *p = scan->text + scan->at;

  if (scan->at >= scan->length)
    return g_strdup (_ ("the end"));
  if ((guchar)*p < 0x20 || *p == 0x7f)
    return g_strdup_printf (_ ("the byte 0x%02x"), (guchar)*p);
  return g_strdup_printf (_ ("“%.*s”"), (int)(g_utf8_next_char (p) - p), p);
}

static gboolean
fail_expected (Scan *scan, const char *expected)
{
  g_autofree char *found = describe_found (scan);

  g_set_error (scan->error, CG_ERROR, CG_ERROR_CORRUPT, _ ("damaged header: found %s at byte %zu, expected %s"), found,
               scan->at, expected);
  return FALSE;
}

static gboolean
at_char (const Scan *scan, char c)
{
  return scan->at < scan->length && scan->text[scan->at] == c;
}

static void
skip_whitespace (Scan *scan)
{
  while (scan->at < scan->length && memchr (" \t\n\r", scan->text[scan->at], 4))
    scan->at++;
}

static gboolean
scan_hex4 (Scan *scan, gunichar *unit)
{
  *unit = 0;
  for (int i = 0; i < 4; i++, scan->at++)
    {
      if (scan->at >= scan->length || !g_ascii_isxdigit (scan->text[scan->at]))
        return fail_expected (scan, _ ("a hexadecimal digit"));
      *unit = *unit << 4 | (gunichar)g_ascii_xdigit_value (scan->text[scan->at]);
    }
  return TRUE;
}

/* What follows "\u": one code unit, or the two of a surrogate pair. */
static gboolean
scan_unicode_escape (Scan *scan, GString *decoded)
{
  gunichar c, low;

  if (!scan_hex4 (scan, &c))
    return FALSE;
  if (c >= 0xd800 && c < 0xdc00 && at_char (scan, '\\'))
    {
      scan->at++;
      if (!at_char (scan, 'u'))
        return fail_expected (scan, _ ("the second half of a surrogate pair"));
      scan->at++;
      if (!scan_hex4 (scan, &low))
        return FALSE;
      if (low >= 0xdc00 && low < 0xe000)
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
  if (c == 0 || (c >= 0xd800 && c < 0xe000))
    {
      g_set_error (scan->error, CG_ERROR, CG_ERROR_CORRUPT,
                   _ ("damaged header: found the escape \\u%04x before byte %zu, expected a character"), c, scan->at);
      return FALSE;
    }
  g_string_append_unichar (decoded, c);
  return TRUE;
}

static gboolean
scan_string (Scan *scan, GString *decoded)
{
  static const char escapes[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";

  g_string_truncate (decoded, 0);
  if (!at_char (scan, '"'))
    return fail_expected (scan, _ ("a string"));
  scan->at++;
  while (!at_char (scan, '"'))
    {
      if (scan->at >= scan->length || (guchar)scan->text[scan->at] < 0x20)
        return fail_expected (scan, _ ("the end of a string"));

      const char c = scan->text[scan->at++];

      if (c != '\\')
        {
          g_string_append_c (decoded, c);
          continue;
        }
      if (at_char (scan, 'u'))
        {
          scan->at++;
          if (!scan_unicode_escape (scan, decoded))
            return FALSE;
          continue;
        }

      const char *escape = scan->at < scan->length ? memchr (escapes, scan->text[scan->at], 8) : NULL;

      if (!escape)
        return fail_expected (scan, _ ("an escape of JSON"));
      g_string_append_c (decoded, meanings[escape - escapes]);
      scan->at++;
    }
  scan->at++;
  return TRUE;
}

static gboolean
scan_integer (Scan *scan)
{
  const size_t start = scan->at;
  guint64 value = 0;

  while (scan->at < scan->length && g_ascii_isdigit (scan->text[scan->at]))
    {
      if (scan->at == start + 1 && value == 0)
        return fail_expected (scan, _ ("a number without leading zeros"));
      value = value * 10 + (guint64)(scan->text[scan->at++] - '0');
      if (value > MAX_INTEGER)
        {
          g_set_error (scan->error, CG_ERROR, CG_ERROR_CORRUPT,
                       _ ("damaged header: found an integer over 2^53 at byte %zu, expected a size"), start);
          return FALSE;
        }
    }
  if (at_char (scan, '.') || at_char (scan, 'e') || at_char (scan, 'E'))
    return fail_expected (scan, _ ("an integer"));
  return TRUE;
}

static gboolean
scan_literal (Scan *scan)
{
  static const char *const literals[] = { "true", "false", "null" };

  for (gsize i = 0; i < G_N_ELEMENTS (literals); i++)
    {
      const size_t n = strlen (literals[i]);

      if (scan->length - scan->at >= n && memcmp (scan->text + scan->at, literals[i], n) == 0)
        {
          scan->at += n;
          return TRUE;
        }
    }
  return fail_expected (scan, _ ("a value"));
}

/* One "key": of an object; @keys are those seen before. */
static gboolean
scan_key (Scan *scan, GHashTable *keys)
{
  g_autoptr (GString) key = g_string_new (NULL);

  if (!scan_string (scan, key))
    return FALSE;
  if (g_hash_table_contains (keys, key->str))
    {
      g_autofree char *printable = cg_safetensors_printable (key->str);

      g_set_error (scan->error, CG_ERROR, CG_ERROR_CORRUPT,
                   _ ("damaged header: found the key “%s” a second time before byte %zu, expected it once"), printable,
                   scan->at);
      return FALSE;
    }
  g_hash_table_add (keys, g_strdup (key->str));
  skip_whitespace (scan);
  if (!at_char (scan, ':'))
    return fail_expected (scan, "“:”");
  scan->at++;
  skip_whitespace (scan);
  return TRUE;
}

/* An object (@close '}') or array (']'), from behind its opening bracket. */
static gboolean
scan_members (Scan *scan, char close, int depth)
{
  g_autoptr (GHashTable) keys = close == '}' ? g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL) : NULL;

  if (depth > CG_SAFETENSORS_MAX_DEPTH)
    {
      g_set_error (scan->error, CG_ERROR, CG_ERROR_CORRUPT,
                   _ ("damaged header: found nesting deeper than expected (%d levels) at byte %zu"),
                   CG_SAFETENSORS_MAX_DEPTH, scan->at);
      return FALSE;
    }
  skip_whitespace (scan);
  if (at_char (scan, close))
    {
      scan->at++;
      return TRUE;
    }
  for (;;)
    {
      skip_whitespace (scan);
      if ((keys && !scan_key (scan, keys)) || !scan_value (scan, depth))
        return FALSE;
      skip_whitespace (scan);
      if (at_char (scan, close))
        break;
      if (!at_char (scan, ','))
        return fail_expected (scan, keys ? _ ("“,” or “}”") : _ ("“,” or “]”"));
      scan->at++;
    }
  scan->at++;
  return TRUE;
}

static gboolean
scan_value (Scan *scan, int depth)
{
  if (++scan->n_values > CG_SAFETENSORS_MAX_VALUES)
    {
      g_set_error (scan->error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("the header has more than %d values"),
                   CG_SAFETENSORS_MAX_VALUES);
      return FALSE;
    }
  if (at_char (scan, '{') || at_char (scan, '['))
    {
      const char close = scan->text[scan->at++] == '{' ? '}' : ']';

      return scan_members (scan, close, depth + 1);
    }
  if (at_char (scan, '"'))
    {
      g_autoptr (GString) ignored = g_string_new (NULL);

      return scan_string (scan, ignored);
    }
  if (scan->at < scan->length && g_ascii_isdigit (scan->text[scan->at]))
    return scan_integer (scan);
  return scan_literal (scan);
}

char *
cg_safetensors_printable (const char *text)
{
  GString *printable = g_string_new (NULL);
  int n = 0;

  for (const char *p = text; *p; p = g_utf8_next_char (p))
    {
      const gunichar c = g_utf8_get_char (p);

      if (n++ == 100)
        {
          g_string_append (printable, "…");
          break;
        }
      g_string_append_unichar (printable, g_unichar_isprint (c) ? c : 0xfffd);
    }
  return g_string_free (printable, FALSE);
}

gboolean
cg_safetensors_header_scan (const char *text, size_t length, GError **error)
{
  Scan scan = { .text = text, .length = length, .error = error };
  const char *end;

  if (length > CG_SAFETENSORS_MAX_HEADER)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("the header has %zu bytes, expected at most %d"), length,
                   CG_SAFETENSORS_MAX_HEADER);
      return FALSE;
    }
  if (!at_char (&scan, '{'))
    {
      g_set_error_literal (error, CG_ERROR, CG_ERROR_FORMAT,
                           _ ("not a safetensors file: expected a header that begins with “{”"));
      return FALSE;
    }
  if (!g_utf8_validate_len (text, length, &end))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT,
                   _ ("damaged header: found the byte 0x%02x at byte %zu, expected UTF-8 text"), (guchar)*end,
                   (size_t)(end - text));
      return FALSE;
    }
  if (!scan_value (&scan, 0))
    return FALSE;
  while (at_char (&scan, ' '))
    scan.at++;
  if (scan.at < length)
    return fail_expected (&scan, _ ("only spaces after the closing brace"));
  return TRUE;
}
