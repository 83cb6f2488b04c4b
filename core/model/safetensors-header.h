/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The scan that a safetensors header passes before a JSON library sees it. */
#pragma once

#include <glib.h>
#include <stddef.h>

/* What the reference implementation allows. */
#define CG_SAFETENSORS_MAX_HEADER 100000000
/* Header object, tensor, shape: 3 would do; unknown members may be one deeper. */
#define CG_SAFETENSORS_MAX_DEPTH 4
/* JSON values of a header. A JSON library spends some hundred bytes on each, and GLib aborts the host when memory
 * ends. */
#define CG_SAFETENSORS_MAX_VALUES (1 << 20)

/**
 * cg_safetensors_header_scan:
 * @text: @length bytes, not NUL-terminated
 *
 * One linear pass: TRUE if @text is one strict JSON object (RFC 8259; no comments, no trailing commas), followed by
 * spaces only, in valid UTF-8 without NUL, even escaped, not deeper than CG_SAFETENSORS_MAX_DEPTH, with no key twice
 * in an object and no number but integers of 0 … 2^53. json-glib 1.6 crashes on, wraps or lets pass all of these.
 * Otherwise fails with CG_ERROR_FORMAT (not JSON at all), CG_ERROR_UNSUPPORTED (too large) or CG_ERROR_CORRUPT; the
 * message says where and what was expected, and the caller puts the file's name before it.
 */
gboolean cg_safetensors_header_scan (const char *text, size_t length, GError **error);

/* @text for a message: control characters replaced, cut to 100 characters. (transfer full) */
char *cg_safetensors_printable (const char *text);
