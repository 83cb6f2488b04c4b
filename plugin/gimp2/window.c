/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What GIMP 2.10's drawable offers to the common window, and what is done with the artist's answer. */
#include "window.h"

#include <libgimp/gimp.h>
#include <libgimp/gimpui.h>

#include "apply.h"
#include "window-frame.h"

static CgWindowAnswer
ask (gint32 drawable, CgSettings *settings, CgTranslation **preview)
{
  CgDialogSource source = { .selection = { 0, 0, gimp_drawable_width (drawable), gimp_drawable_height (drawable) },
                            .outputs = CG_OUTPUT_REPLACE + 1 };
  g_autoptr (GeglBuffer) buffer = cg_apply_get_buffer (drawable);
  g_autoptr (GError) no_replacing = NULL;

  gimp_drawable_mask_intersect (drawable, &source.selection.x, &source.selection.y, &source.selection.width,
                                &source.selection.height);
  source.buffer = buffer;
  if (!cg_apply_check_output (drawable, CG_OUTPUT_REPLACE, &no_replacing))
    source.no_replacing = no_replacing->message;
  return cg_window_frame_run (&source, gimp_drawable_is_gray (drawable), settings, preview);
}

gboolean
cg_window_run (gint32 *drawable, CgSettings *settings, CgTranslation **preview)
{
  CgWindowAnswer answer;

  gimp_ui_init ("cyclegan", FALSE);
  while ((answer = ask (*drawable, settings, preview)) == CG_WINDOW_COPY)
    {
      gint32 copy = cg_apply_copy_as_rgb (*drawable);

      g_clear_pointer (preview, cg_translation_unref);
      if (copy != -1)
        *drawable = copy;
    }
  return answer == CG_WINDOW_OK;
}

gboolean
cg_window_offer_copy (void)
{
  gimp_ui_init ("cyclegan", FALSE);
  return cg_window_frame_offer_copy ();
}
