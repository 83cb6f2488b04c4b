/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Image files by GEGL's loaders and its PNG writer, which report failures only as log messages. */
#include "image-gegl.h"

#include <glib/gi18n-lib.h>
#include <gegl.h>
#include <string.h>

#include "base/error.h"

/* One thread at a time may be in GEGL, in babl, in exiv2 and behind the log handler that listens to them. */
static GMutex turn;

/* Of the one thread whose turn it is: where the first warning that it logs goes. Others' warnings pass by. */
static _Thread_local char **heard;
static GLogFunc previous_handler;

void
cg_gegl_lock (void)
{
  g_mutex_lock (&turn);
}

void
cg_gegl_unlock (void)
{
  g_mutex_unlock (&turn);
}

static void
listen (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  if (!heard)
    ((GLogFunc)g_atomic_pointer_get (&previous_handler)) (domain, level, message, data);
  else if (!*heard && (level & (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL)))
    *heard = g_strdup (message);
}

static void
listener_start (char **warning)
{
  GLogFunc previous;

  *warning = NULL;
  heard = warning;
  /* Never NULL, also while another thread is just about to log. */
  if (!g_atomic_pointer_get (&previous_handler))
    g_atomic_pointer_set (&previous_handler, g_log_default_handler);
  previous = g_log_set_default_handler (listen, NULL);
  g_atomic_pointer_set (&previous_handler, previous);
}

static void
listener_stop (void)
{
  g_log_set_default_handler (g_atomic_pointer_get (&previous_handler), NULL);
  heard = NULL;
}

static GeglNode *
new_loader (GeglNode *graph, const char *loader, const char *path, GError **error)
{
  if (!gegl_has_operation (loader))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("this GEGL lacks the operation %s"), loader);
      return NULL;
    }
  return gegl_node_new_child (graph, "operation", loader, "path", path, NULL);
}

/* A failed loader shows an empty box, or warns, or both. */
static gboolean
check_load (const char *warning, GeglRectangle box, GError **error)
{
  if (warning || box.width < 1 || box.height < 1)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("damaged image: %s"), warning ? warning : _ ("no pixels"));
      return FALSE;
    }
  return TRUE;
}

gboolean
cg_gegl_get_size (const char *loader, const char *path, int *width, int *height, GError **error)
{
  g_autoptr (GeglNode) graph = gegl_node_new ();
  g_autofree char *warning = NULL;
  GeglNode *node = new_loader (graph, loader, path, error);
  GeglRectangle box;

  if (!node)
    return FALSE;
  listener_start (&warning);
  box = gegl_node_get_bounding_box (node);
  listener_stop ();
  if (!check_load (warning, box, error))
    return FALSE;
  *width = box.width;
  *height = box.height;
  return TRUE;
}

/* out = a * c + (1 - a) * white, on the R'G'B' values, rounded. */
static void
composite_on_white (const guint8 *rgba, CgImage *image)
{
  gsize n_pixels = (gsize)image->width * image->height;

  for (gsize i = 0; i < n_pixels; i++)
    {
      int alpha = rgba[4 * i + 3];

      for (int c = 0; c < 3; c++)
        image->pixels[3 * i + c] = (guint8)((rgba[4 * i + c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}

CgImage *
cg_gegl_load (const char *loader, const char *path, GError **error)
{
  g_autoptr (GeglNode) graph = gegl_node_new ();
  g_autoptr (CgImage) image = NULL;
  g_autofree char *warning = NULL;
  g_autofree guint8 *rgba = NULL;
  GeglNode *node = new_loader (graph, loader, path, error);
  GeglRectangle box;

  if (!node)
    return NULL;
  listener_start (&warning);
  box = gegl_node_get_bounding_box (node);
  listener_stop ();
  if (!check_load (warning, box, error))
    return NULL;
  image = cg_image_new (box.width, box.height, error);
  if (!image)
    return NULL;
  rgba = g_try_malloc ((gsize)box.width * box.height * 4);
  if (!rgba)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("no memory for %d x %d pixels"), box.width, box.height);
      return NULL;
    }

  g_clear_pointer (&warning, g_free);
  listener_start (&warning);
  gegl_node_blit (node, 1.0, &box, babl_format ("R'G'B'A u8"), rgba, GEGL_AUTO_ROWSTRIDE, GEGL_BLIT_DEFAULT);
  listener_stop ();
  if (!check_load (warning, box, error))
    return NULL;
  composite_on_white (rgba, image);
  return g_steal_pointer (&image);
}

GeglBuffer *
cg_gegl_load_stored (const char *loader, const char *path, GError **error)
{
  g_autoptr (GeglNode) graph = gegl_node_new ();
  g_autoptr (GeglBuffer) buffer = NULL;
  g_autofree char *warning = NULL;
  GeglNode *source = new_loader (graph, loader, path, error), *sink;

  if (!source)
    return NULL;
  sink = gegl_node_new_child (graph, "operation", "gegl:buffer-sink", "buffer", &buffer, "format", NULL, NULL);
  gegl_node_link (source, sink);
  listener_start (&warning);
  gegl_node_process (sink);
  listener_stop ();
  if (!check_load (warning, buffer ? *gegl_buffer_get_extent (buffer) : (GeglRectangle){ 0 }, error))
    return NULL;
  return g_steal_pointer (&buffer);
}

gboolean
cg_gegl_save_png (const CgImage *image, const char *path, GError **error)
{
  GeglRectangle box = { 0, 0, image->width, image->height };
  const Babl *format = babl_format ("R'G'B' u8");
  g_autoptr (GeglBuffer) buffer = gegl_buffer_new (&box, format);
  g_autoptr (GeglNode) graph = gegl_node_new ();
  g_autofree char *warning = NULL;
  GeglNode *source, *sink;

  gegl_buffer_set (buffer, &box, 0, format, image->pixels, GEGL_AUTO_ROWSTRIDE);
  source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", buffer, NULL);
  sink = gegl_node_new_child (graph, "operation", "gegl:png-save", "path", path, "bitdepth", 8, NULL);
  gegl_node_link (source, sink);
  listener_start (&warning);
  gegl_node_process (sink);
  listener_stop ();
  if (warning)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("GEGL could not write a PNG: %s"), warning);
      return FALSE;
    }
  return TRUE;
}
