/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgSourceKind: the rules of what can be translated and where to, the same for both GIMPs; each has a sentence for the artist. */
#include "source-kind.h"

#include <glib/gi18n-lib.h>

void
cg_source_kind_clear (CgSourceKind *kind)
{
  g_clear_pointer (&kind->name, g_free);
}

static gboolean refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
refuse (GError **error, const char *format, ...)
{
  va_list values;

  va_start (values, format);
  g_propagate_error (error, g_error_new_valist (CG_ERROR, CG_ERROR_UNSUPPORTED, format, values));
  va_end (values);
  return FALSE;
}

gboolean
cg_source_kind_check (const CgSourceKind *kind, GError **error)
{
  if (kind->is_mask)
    return refuse (error, _ ("“%s” is a layer mask, which has no colours. Select the layer itself."), kind->name);
  if (!kind->is_layer)
    return refuse (error, _ ("“%s” is a channel, which has no colours. Select a layer."), kind->name);
  if (kind->is_indexed)
    return refuse (
        error,
        _ ("“%s” is in an indexed image, which has no colours but those of its palette. Convert the image to "
           "RGB first."),
        kind->name);
  return TRUE;
}

static gboolean
check_replacing (const CgSourceKind *kind, GError **error)
{
  if (kind->is_group)
    return refuse (error, _ ("“%s” is a layer group, which has no pixels to replace. Choose a new layer."), kind->name);
  if (kind->is_text)
    return refuse (error, _ ("“%s” is a text layer and would lose its text. Choose a new layer."), kind->name);
  if (kind->is_locked)
    return refuse (error, _ ("The pixels of “%s” are locked. Unlock them, or choose a new layer."), kind->name);
  return TRUE;
}

static gboolean
check_live (const CgSourceKind *kind, GError **error)
{
  /* It would see the selection's rectangle only, whose light and colours are not the picture's. */
  if (kind->has_selection)
    return refuse (error, _ ("“%s”: a live filter needs the whole layer. Select nothing, or choose a new layer."),
                   kind->name);
  if (kind->is_locked)
    return refuse (error, _ ("The pixels of “%s” are locked. Unlock them, or choose a new layer."), kind->name);
  return TRUE;
}

gboolean
cg_source_kind_check_output (const CgSourceKind *kind, CgOutput output, GError **error)
{
  if (output == CG_OUTPUT_REPLACE)
    return check_replacing (kind, error);
  if (output == CG_OUTPUT_LIVE)
    return check_live (kind, error);
  if (kind->is_floating)
    return refuse (error, _ ("“%s” is a floating selection. Anchor it first, or replace it."), kind->name);
  return TRUE;
}
