/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgPreview: three small pixbufs (before, after, and both mixed by strength), drawn on either side of a line. */
#include "preview.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define WIDTH 420
#define HEIGHT 320

struct _CgPreview
{
  GtkWidget *box;
  GtkWidget *canvas;
  GtkWidget *split;
  GeglRectangle area;
  GdkPixbuf *before;
  GdkPixbuf *after; /* at strength 1; or NULL */
  GdkPixbuf *mixed;
  double strength;
};

/* R'G'B'A of @area, at the scale at which it fits. */
static GdkPixbuf *
shrink (GeglBuffer *buffer, const GeglRectangle *area)
{
  double scale = fmin (1.0, fmin ((double)WIDTH / area->width, (double)HEIGHT / area->height));
  int width = MAX (1, (int)(area->width * scale)), height = MAX (1, (int)(area->height * scale));
  GdkPixbuf *pixbuf = gdk_pixbuf_new (GDK_COLORSPACE_RGB, TRUE, 8, width, height);
  GeglRectangle scaled = { (int)floor (area->x * scale), (int)floor (area->y * scale), width, height };

  gegl_buffer_get (buffer, &scaled, scale, babl_format ("R'G'B'A u8"), gdk_pixbuf_get_pixels (pixbuf),
                   gdk_pixbuf_get_rowstride (pixbuf), GEGL_ABYSS_CLAMP);
  return pixbuf;
}

/* Colours mixed by strength under the alpha of the picture before. */
static void
mix (CgPreview *preview)
{
  int width, height;
  int amount = (int)lround (preview->strength * 256.0);

  g_clear_object (&preview->mixed);
  if (!preview->after)
    return;
  preview->mixed = gdk_pixbuf_copy (preview->before);
  width = gdk_pixbuf_get_width (preview->mixed);
  height = gdk_pixbuf_get_height (preview->mixed);
  for (int y = 0; y < height; y++)
    {
      const guchar *after = gdk_pixbuf_read_pixels (preview->after) + y * gdk_pixbuf_get_rowstride (preview->after);
      guchar *mixed = gdk_pixbuf_get_pixels (preview->mixed) + y * gdk_pixbuf_get_rowstride (preview->mixed);

      for (int x = 0; x < width; x++)
        for (int c = 0; c < 3; c++)
          mixed[4 * x + c] = (guchar)((mixed[4 * x + c] * (256 - amount) + after[4 * x + c] * amount + 128) / 256);
    }
}

static void
draw (CgPreview *preview, cairo_t *cr)
{
  GtkAllocation size;
  double x, y, line;

  if (!preview->before)
    return;
  gtk_widget_get_allocation (preview->canvas, &size);
  x = floor ((size.width - gdk_pixbuf_get_width (preview->before)) / 2.0);
  y = floor ((size.height - gdk_pixbuf_get_height (preview->before)) / 2.0);
  gdk_cairo_set_source_pixbuf (cr, preview->before, x, y);
  cairo_paint (cr);
  if (!preview->mixed)
    return;
  line = floor (x + gtk_range_get_value (GTK_RANGE (preview->split)) * gdk_pixbuf_get_width (preview->before));
  cairo_save (cr);
  cairo_rectangle (cr, line, 0.0, size.width, size.height);
  cairo_clip (cr);
  gdk_cairo_set_source_pixbuf (cr, preview->mixed, x, y);
  cairo_paint (cr);
  cairo_restore (cr);
  cairo_set_source_rgb (cr, 1.0, 1.0, 1.0);
  cairo_rectangle (cr, line - 1.0, y, 2.0, gdk_pixbuf_get_height (preview->before));
  cairo_fill (cr);
}

#if GTK_CHECK_VERSION(3, 0, 0)
static gboolean
on_draw (GtkWidget *widget, cairo_t *cr, gpointer data)
{
  draw (data, cr);
  return TRUE;
}
#else
static gboolean
on_draw (GtkWidget *widget, GdkEventExpose *event, gpointer data)
{
  cairo_t *cr = gdk_cairo_create (gtk_widget_get_window (widget));

  gdk_cairo_region (cr, event->region);
  cairo_clip (cr);
  draw (data, cr);
  cairo_destroy (cr);
  return TRUE;
}
#endif

static void
redraw (CgPreview *preview)
{
  gtk_widget_queue_draw (preview->canvas);
}

/* The line follows the mouse. */
static gboolean
on_pointer (CgPreview *preview, double x)
{
  GtkAllocation size;
  int width;

  if (!preview->before)
    return FALSE;
  gtk_widget_get_allocation (preview->canvas, &size);
  width = gdk_pixbuf_get_width (preview->before);
  gtk_range_set_value (GTK_RANGE (preview->split), (x - (size.width - width) / 2.0) / width);
  return TRUE;
}

static gboolean
on_press (GtkWidget *widget, GdkEventButton *event, gpointer data)
{
  return on_pointer (data, event->x);
}

static gboolean
on_motion (GtkWidget *widget, GdkEventMotion *event, gpointer data)
{
  return (event->state & GDK_BUTTON1_MASK) && on_pointer (data, event->x);
}

static void
on_destroy (GtkWidget *widget, gpointer data)
{
  CgPreview *preview = data;

  g_clear_object (&preview->before);
  g_clear_object (&preview->after);
  g_clear_object (&preview->mixed);
  g_free (preview);
}

CgPreview *
cg_preview_new (void)
{
  CgPreview *preview = g_new0 (CgPreview, 1);
  GtkWidget *row = gtk_hbox_new (FALSE, 6);
  GtkWidget *label = gtk_label_new_with_mnemonic (_ ("_Before / after:"));

  preview->strength = 1.0;
  preview->box = gtk_vbox_new (FALSE, 6);
  preview->canvas = gtk_drawing_area_new ();
  gtk_widget_set_size_request (preview->canvas, WIDTH, HEIGHT);
  gtk_widget_add_events (preview->canvas, GDK_BUTTON_PRESS_MASK | GDK_BUTTON1_MOTION_MASK);
  gtk_box_pack_start (GTK_BOX (preview->box), preview->canvas, TRUE, TRUE, 0);
  preview->split = gtk_hscale_new_with_range (0.0, 1.0, 0.01);
  gtk_scale_set_draw_value (GTK_SCALE (preview->split), FALSE);
  gtk_range_set_value (GTK_RANGE (preview->split), 0.5);
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), preview->split);
  gtk_box_pack_start (GTK_BOX (row), label, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (row), preview->split, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (preview->box), row, FALSE, FALSE, 0);

#if GTK_CHECK_VERSION(3, 0, 0)
  g_signal_connect (preview->canvas, "draw", G_CALLBACK (on_draw), preview);
#else
  g_signal_connect (preview->canvas, "expose-event", G_CALLBACK (on_draw), preview);
#endif
  g_signal_connect (preview->canvas, "button-press-event", G_CALLBACK (on_press), preview);
  g_signal_connect (preview->canvas, "motion-notify-event", G_CALLBACK (on_motion), preview);
  g_signal_connect_swapped (preview->split, "value-changed", G_CALLBACK (redraw), preview);
  g_signal_connect (preview->box, "destroy", G_CALLBACK (on_destroy), preview);
  return preview;
}

GtkWidget *
cg_preview_get_widget (CgPreview *preview)
{
  return preview->box;
}

void
cg_preview_set_before (CgPreview *preview, GeglBuffer *source, const GeglRectangle *area)
{
  g_clear_object (&preview->before);
  g_clear_object (&preview->after);
  preview->area = *area;
  preview->before = shrink (source, area);
  mix (preview);
  redraw (preview);
}

void
cg_preview_set_after (CgPreview *preview, const CgTranslation *translation)
{
  g_clear_object (&preview->after);
  if (translation)
    {
      g_autoptr (GeglBuffer) buffer = cg_translation_get_buffer (translation);

      preview->after = shrink (buffer, &preview->area);
    }
  mix (preview);
  redraw (preview);
}

void
cg_preview_set_strength (CgPreview *preview, double strength)
{
  preview->strength = strength;
  mix (preview);
  redraw (preview);
}

GdkPixbuf *
cg_preview_get_after (CgPreview *preview)
{
  return preview->mixed ? g_object_ref (preview->mixed) : NULL;
}
