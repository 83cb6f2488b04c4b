/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What GIMP 3's drawable offers to the common window. */
#include "window.h"

#include <libgimp/gimpui.h>

#include "apply.h"

CgWindowAnswer
cg_window_run (GimpDrawable *drawable, CgSettings *settings, CgTranslation **preview)
{
  CgDialogSource source
      = { .selection = { 0, 0, gimp_drawable_get_width (drawable), gimp_drawable_get_height (drawable) },
          .outputs = CG_OUTPUT_LIVE + 1 };
  g_autoptr (GeglBuffer) buffer = gimp_drawable_get_buffer (drawable);
  g_autoptr (GError) no_replacing = NULL;
  g_autoptr (GError) no_live = NULL;

  gimp_ui_init ("cyclegan");
  gimp_drawable_mask_intersect (drawable, &source.selection.x, &source.selection.y, &source.selection.width,
                                &source.selection.height);
  source.buffer = buffer;
  if (!cg_apply_check_output (drawable, CG_OUTPUT_REPLACE, &no_replacing))
    source.no_replacing = no_replacing->message;
  if (!cg_apply_check_output (drawable, CG_OUTPUT_LIVE, &no_live))
    source.no_live = no_live->message;
  return cg_window_frame_run (&source, gimp_drawable_is_gray (drawable), settings, preview);
}

gboolean
cg_window_offer_copy (void)
{
  gimp_ui_init ("cyclegan");
  return cg_window_frame_offer_copy ();
}
