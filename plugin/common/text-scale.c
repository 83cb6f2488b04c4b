/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The size of text against the usual one, by the resolution that the desktop tells; GTK 3's own scaling of everything is not in it. */
#include "text-scale.h"

#include <gtk/gtk.h>

int
cg_text_scale (int pixels)
{
  double resolution = gdk_screen_get_resolution (gdk_screen_get_default ());

  return resolution > 96.0 ? (int)(pixels * resolution / 96.0) : pixels;
}
