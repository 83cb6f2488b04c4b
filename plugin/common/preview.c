/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgPreview: the visible part as two pixbufs, before and after, drawn on either side of a line. */
#include "preview.h"

#include <gdk/gdkkeysyms.h>
#include <glib/gi18n-lib.h>
#include <math.h>

#include "text-scale.h"
#include "translation-view.h"

/* Squares that show through where the picture is transparent. */
#define CHECK_SIZE 8

/* Of the slider at least, whatever stands beside it in some language. */
#define SPLIT_WIDTH 80

/* How near to the line the mouse takes hold of it, and how far an arrow key moves the picture. */
#define LINE_REACH 8
#define KEY_STEP 32

enum
{
  ZOOM_FIT,
  ZOOM_PIXELS
};

struct _CgPreview
{
  GtkWidget *box;
  GtkWidget *canvas;
  GtkWidget *zoom;
  GtkWidget *split;
  GeglBuffer *source;
  GeglRectangle area;
  gboolean exact;
  int centre_x, centre_y;
  GeglRectangle part; /* of the source, what is shown */
  GdkPixbuf *before;
  GdkPixbuf *after; /* or NULL */
  CgTranslation *translation;
  CgTranslationView *view;
  CgSettings settings;
  guint idle;
  gboolean moving_line;
  double last_x, last_y;
  void (*moved) (gpointer data);
  gpointer data;
};

static gboolean
shows_pixels (const CgPreview *preview)
{
  return preview->exact || gtk_combo_box_get_active (GTK_COMBO_BOX (preview->zoom)) == ZOOM_PIXELS;
}

/* The part that is shown, and the size at which it is. */
static void
get_part (CgPreview *preview, GeglRectangle *part, int *width, int *height)
{
  const GeglRectangle *area = &preview->area;
  GtkAllocation room;
  double scale;

  gtk_widget_get_allocation (preview->canvas, &room);
  room.width = MAX (room.width, cg_text_scale (CG_PREVIEW_WIDTH));
  room.height = MAX (room.height, cg_text_scale (CG_PREVIEW_HEIGHT));
  *part = *area;
  if (shows_pixels (preview))
    {
      part->width = MIN (area->width, room.width);
      part->height = MIN (area->height, room.height);
      part->x
          = CLAMP (preview->centre_x - part->width / 2, area->x, MAX (area->x, area->x + area->width - part->width));
      part->y
          = CLAMP (preview->centre_y - part->height / 2, area->y, MAX (area->y, area->y + area->height - part->height));
    }
  scale = fmin (1.0, fmin ((double)room.width / part->width, (double)room.height / part->height));
  *width = MAX (1, (int)lround (part->width * scale));
  *height = MAX (1, (int)lround (part->height * scale));
}

static void
queue_draw (CgPreview *preview)
{
  gtk_widget_queue_draw (preview->canvas);
}

/* Finishes the translation as the settings say, under the alpha of the picture before. */
static void
render_after (CgPreview *preview)
{
  int width = gdk_pixbuf_get_width (preview->before), height = gdk_pixbuf_get_height (preview->before);
  g_autofree guchar *rgb = g_malloc (3 * (gsize)width * (gsize)height); /* as large as a window */
  g_autoptr (GError) error = NULL;

  g_clear_object (&preview->after);
  if (!preview->view)
    return;
  if (!cg_translation_view_render (preview->view, &preview->settings, rgb, 3 * width, &error))
    {
      g_warning ("%s", error->message);
      return;
    }
  preview->after = gdk_pixbuf_copy (preview->before);
  for (int y = 0; y < height; y++)
    {
      guchar *to = gdk_pixbuf_get_pixels (preview->after) + y * gdk_pixbuf_get_rowstride (preview->after);

      for (int x = 0; x < width; x++)
        for (int c = 0; c < 3; c++)
          to[4 * x + c] = rgb[3 * (y * width + x) + c];
    }
}

/* What is shown has become another part of the picture, or has another size. */
static void
show_part (CgPreview *preview)
{
  g_autoptr (GError) error = NULL;
  GeglRectangle scaled;
  int width, height;
  double scale;

  g_clear_object (&preview->before);
  g_clear_pointer (&preview->view, cg_translation_view_free);
  get_part (preview, &preview->part, &width, &height);
  scale = (double)width / preview->part.width;
  preview->before = gdk_pixbuf_new (GDK_COLORSPACE_RGB, TRUE, 8, width, height);
  scaled = (GeglRectangle){ (int)floor (preview->part.x * scale), (int)floor (preview->part.y * scale), width, height };
  gegl_buffer_get (preview->source, &scaled, scale, babl_format ("R'G'B'A u8"), gdk_pixbuf_get_pixels (preview->before),
                   gdk_pixbuf_get_rowstride (preview->before), GEGL_ABYSS_CLAMP);
  if (preview->translation)
    {
      preview->view = cg_translation_view_new (preview->translation, &preview->part, width, height, &error);
      if (!preview->view)
        g_warning ("%s", error->message);
    }
  render_after (preview);
  queue_draw (preview);
}

/* A slider tells more values than can be drawn: only the last one counts. */
static gboolean
on_idle (gpointer data)
{
  CgPreview *preview = data;

  preview->idle = 0;
  render_after (preview);
  queue_draw (preview);
  return G_SOURCE_REMOVE;
}

static void
draw_checks (cairo_t *cr, double x, double y, int width, int height)
{
  cairo_rectangle (cr, x, y, width, height);
  cairo_set_source_rgb (cr, 0.6, 0.6, 0.6);
  cairo_fill (cr);
  cairo_set_source_rgb (cr, 0.4, 0.4, 0.4);
  for (int v = 0; v < height; v += CHECK_SIZE)
    for (int u = v / CHECK_SIZE % 2 * CHECK_SIZE; u < width; u += 2 * CHECK_SIZE)
      cairo_rectangle (cr, x + u, y + v, MIN (CHECK_SIZE, width - u), MIN (CHECK_SIZE, height - v));
  cairo_fill (cr);
}

static double
get_left (CgPreview *preview)
{
  GtkAllocation room;

  gtk_widget_get_allocation (preview->canvas, &room);
  return floor ((room.width - gdk_pixbuf_get_width (preview->before)) / 2.0);
}

static double
get_line (CgPreview *preview)
{
  return get_left (preview)
         + floor (gtk_range_get_value (GTK_RANGE (preview->split)) * gdk_pixbuf_get_width (preview->before));
}

static void
draw (CgPreview *preview, cairo_t *cr)
{
  int width = gdk_pixbuf_get_width (preview->before), height = gdk_pixbuf_get_height (preview->before);
  double x = get_left (preview), y, line = get_line (preview);
  GtkAllocation room;

  gtk_widget_get_allocation (preview->canvas, &room);
  y = floor ((room.height - height) / 2.0);
  draw_checks (cr, x, y, width, height);
  gdk_cairo_set_source_pixbuf (cr, preview->before, x, y);
  if (!preview->after)
    {
      cairo_paint (cr);
      return;
    }
  cairo_rectangle (cr, x, y, line - x, height);
  cairo_fill (cr);
  gdk_cairo_set_source_pixbuf (cr, preview->after, x, y);
  cairo_rectangle (cr, line, y, x + width - line, height);
  cairo_fill (cr);
  cairo_set_source_rgba (cr, 0.0, 0.0, 0.0, 0.6);
  cairo_rectangle (cr, line - 2.0, y, 4.0, height);
  cairo_fill (cr);
  cairo_set_source_rgb (cr, 1.0, 1.0, 1.0);
  cairo_rectangle (cr, line - 1.0, y, 2.0, height);
  cairo_fill (cr);
}

#if GTK_CHECK_VERSION(3, 0, 0)
static gboolean
on_draw (GtkWidget *widget, cairo_t *cr, gpointer data)
{
  draw (data, cr);
  if (gtk_widget_has_focus (widget))
    gtk_render_focus (gtk_widget_get_style_context (widget), cr, 0, 0, gtk_widget_get_allocated_width (widget),
                      gtk_widget_get_allocated_height (widget));
  return TRUE;
}
#else
static gboolean
on_draw (GtkWidget *widget, GdkEventExpose *event, gpointer data)
{
  cairo_t *cr = gdk_cairo_create (gtk_widget_get_window (widget));
  GtkAllocation room;

  gdk_cairo_region (cr, event->region);
  cairo_clip (cr);
  draw (data, cr);
  cairo_destroy (cr);
  gtk_widget_get_allocation (widget, &room);
  if (gtk_widget_has_focus (widget))
    gtk_paint_focus (gtk_widget_get_style (widget), gtk_widget_get_window (widget), GTK_STATE_NORMAL, &event->area,
                     widget, NULL, 0, 0, room.width, room.height);
  return TRUE;
}
#endif

static void
on_size_allocate (GtkWidget *widget, GtkAllocation *room, gpointer data)
{
  CgPreview *preview = data;
  GeglRectangle part;
  int width, height;

  if (!preview->before)
    return;
  get_part (preview, &part, &width, &height);
  if (!gegl_rectangle_equal (&part, &preview->part) || width != gdk_pixbuf_get_width (preview->before)
      || height != gdk_pixbuf_get_height (preview->before))
    show_part (preview);
}

/* By pixels of the picture; nothing to do where all of it is seen. */
static void
move_by (CgPreview *preview, int x, int y)
{
  GeglRectangle all = *gegl_buffer_get_extent (preview->source);

  if (!shows_pixels (preview) || (!x && !y))
    return;
  /* From what is shown: a centre that lies too far outside would have to come back first. */
  preview->centre_x = CLAMP (preview->part.x + preview->part.width / 2 + x, 0, all.width);
  preview->centre_y = CLAMP (preview->part.y + preview->part.height / 2 + y, 0, all.height);
  if (preview->exact)
    preview->moved (preview->data);
  else
    show_part (preview);
}

static void
move_line (CgPreview *preview, double x)
{
  gtk_range_set_value (GTK_RANGE (preview->split), (x - get_left (preview)) / gdk_pixbuf_get_width (preview->before));
}

/* The line where the mouse is near to it, or where there is nothing else to move. */
static gboolean
on_press (GtkWidget *widget, GdkEventButton *event, gpointer data)
{
  CgPreview *preview = data;

  gtk_widget_grab_focus (widget);
  preview->moving_line
      = !shows_pixels (preview) || (preview->after && fabs (event->x - get_line (preview)) <= LINE_REACH);
  preview->last_x = event->x;
  preview->last_y = event->y;
  if (preview->moving_line)
    move_line (preview, event->x);
  return TRUE;
}

static gboolean
on_motion (GtkWidget *widget, GdkEventMotion *event, gpointer data)
{
  CgPreview *preview = data;

  if (!(event->state & GDK_BUTTON1_MASK))
    return FALSE;
  if (preview->moving_line)
    move_line (preview, event->x);
  else
    move_by (preview, (int)(preview->last_x - event->x), (int)(preview->last_y - event->y));
  preview->last_x = event->x;
  preview->last_y = event->y;
  return TRUE;
}

static gboolean
on_key (GtkWidget *widget, GdkEventKey *event, gpointer data)
{
  CgPreview *preview = data;
  int x = event->keyval == GDK_KEY_Left ? -1 : event->keyval == GDK_KEY_Right ? 1 : 0;
  int y = event->keyval == GDK_KEY_Up ? -1 : event->keyval == GDK_KEY_Down ? 1 : 0;

  if ((!x && !y) || !shows_pixels (preview))
    return FALSE;
  move_by (preview, KEY_STEP * x, KEY_STEP * y);
  return TRUE;
}

static void
on_destroy (GtkWidget *widget, gpointer data)
{
  CgPreview *preview = data;

  if (preview->idle)
    g_source_remove (preview->idle);
  g_clear_object (&preview->before);
  g_clear_object (&preview->after);
  g_clear_object (&preview->source);
  g_clear_pointer (&preview->view, cg_translation_view_free);
  g_clear_pointer (&preview->translation, cg_translation_unref);
  cg_settings_clear (&preview->settings);
  g_free (preview);
}

static void
build_canvas (CgPreview *preview)
{
  preview->canvas = gtk_drawing_area_new ();
  gtk_widget_set_size_request (preview->canvas, cg_text_scale (CG_PREVIEW_WIDTH), cg_text_scale (CG_PREVIEW_HEIGHT));
  gtk_widget_set_can_focus (preview->canvas, TRUE);
  gtk_widget_add_events (preview->canvas, GDK_BUTTON_PRESS_MASK | GDK_BUTTON1_MOTION_MASK | GDK_KEY_PRESS_MASK);
  atk_object_set_name (gtk_widget_get_accessible (preview->canvas), _ ("Preview"));
#if GTK_CHECK_VERSION(3, 0, 0)
  g_signal_connect (preview->canvas, "draw", G_CALLBACK (on_draw), preview);
#else
  g_signal_connect (preview->canvas, "expose-event", G_CALLBACK (on_draw), preview);
#endif
  g_signal_connect (preview->canvas, "size-allocate", G_CALLBACK (on_size_allocate), preview);
  g_signal_connect (preview->canvas, "button-press-event", G_CALLBACK (on_press), preview);
  g_signal_connect (preview->canvas, "motion-notify-event", G_CALLBACK (on_motion), preview);
  g_signal_connect (preview->canvas, "key-press-event", G_CALLBACK (on_key), preview);
}

static GtkWidget *
new_label (const char *text, GtkWidget *widget)
{
  GtkWidget *label = gtk_label_new_with_mnemonic (text);

  gtk_label_set_mnemonic_widget (GTK_LABEL (label), widget);
  return label;
}

CgPreview *
cg_preview_new (GeglBuffer *source, void (*moved) (gpointer data), gpointer data)
{
  CgPreview *preview = g_new0 (CgPreview, 1);
  GtkWidget *row = gtk_hbox_new (FALSE, 6);

  preview->source = g_object_ref (source);
  preview->area = *gegl_buffer_get_extent (source);
  preview->centre_x = preview->area.width / 2;
  preview->centre_y = preview->area.height / 2;
  preview->moved = moved;
  preview->data = data;
  cg_settings_init (&preview->settings);
  preview->box = gtk_vbox_new (FALSE, 6);
  build_canvas (preview);
  gtk_box_pack_start (GTK_BOX (preview->box), preview->canvas, TRUE, TRUE, 0);

  preview->zoom = gtk_combo_box_text_new ();
  gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (preview->zoom), _ ("Whole picture"));
  gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (preview->zoom), _ ("100 %"));
  gtk_combo_box_set_active (GTK_COMBO_BOX (preview->zoom), ZOOM_FIT);
  gtk_widget_set_tooltip_text (preview->zoom, _ ("At 100 %, drag the picture or use the arrow keys to move it"));
  preview->split = gtk_hscale_new_with_range (0.0, 1.0, 0.01);
  gtk_scale_set_draw_value (GTK_SCALE (preview->split), FALSE);
  gtk_range_set_value (GTK_RANGE (preview->split), 0.5);
  gtk_widget_set_size_request (preview->split, cg_text_scale (SPLIT_WIDTH), -1);
  gtk_box_pack_start (GTK_BOX (row), new_label (_ ("_Zoom:"), preview->zoom), FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (row), preview->zoom, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (row), new_label (_ ("_Before / after:"), preview->split), FALSE, FALSE, 6);
  gtk_box_pack_start (GTK_BOX (row), preview->split, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (preview->box), row, FALSE, FALSE, 0);
  g_signal_connect_swapped (preview->zoom, "changed", G_CALLBACK (show_part), preview);
  g_signal_connect_swapped (preview->split, "value-changed", G_CALLBACK (queue_draw), preview);
  g_signal_connect (preview->box, "destroy", G_CALLBACK (on_destroy), preview);
  show_part (preview);
  return preview;
}

GtkWidget *
cg_preview_get_widget (CgPreview *preview)
{
  return preview->box;
}

void
cg_preview_set_area (CgPreview *preview, const GeglRectangle *area, gboolean exact)
{
  if (gegl_rectangle_equal (area, &preview->area) && exact == preview->exact)
    return;
  g_clear_pointer (&preview->translation, cg_translation_unref);
  preview->area = *area;
  preview->exact = exact;
  gtk_widget_set_sensitive (preview->zoom, !exact);
  show_part (preview);
}

void
cg_preview_get_centre (const CgPreview *preview, int *x, int *y)
{
  *x = preview->centre_x;
  *y = preview->centre_y;
}

void
cg_preview_set_translation (CgPreview *preview, CgTranslation *translation)
{
  if (translation == preview->translation)
    return;
  g_clear_pointer (&preview->translation, cg_translation_unref);
  preview->translation = translation ? cg_translation_ref (translation) : NULL;
  show_part (preview);
}

void
cg_preview_set_settings (CgPreview *preview, const CgSettings *settings)
{
  cg_settings_copy (&preview->settings, settings);
  if (preview->view && !preview->idle)
    preview->idle = g_idle_add (on_idle, preview);
}

GdkPixbuf *
cg_preview_get_after (CgPreview *preview)
{
  return preview->after ? g_object_ref (preview->after) : NULL;
}
