/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Formats and prints the progress of a run; apart because a terminal and a log want different things. */
#include "progress.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Weight of the newest step in the running mean of the time per step. */
#define SMOOTHING 0.05
/* A live line is renewed at most this often. */
#define LIVE_INTERVAL_US 200000

struct _CgProgress
{
  gint64 first, total, total_epochs;
  double seconds_per_step;
  gboolean live;
  gboolean line_open;
  gint64 last_update;
};

CgProgress *
cg_progress_new (gint64 first, gint64 total, gint64 total_epochs)
{
  CgProgress *progress = g_new0 (CgProgress, 1);

  progress->first = first;
  progress->total = total;
  progress->total_epochs = total_epochs;
  progress->live = isatty (STDERR_FILENO) == 1;
  return progress;
}

/* Ends a live line, so that what follows does not overwrite it. */
static void
close_line (CgProgress *progress)
{
  if (progress->line_open)
    g_printerr ("\n");
  progress->line_open = FALSE;
}

void
cg_progress_free (CgProgress *progress)
{
  if (!progress)
    return;
  close_line (progress);
  g_free (progress);
}

char *
cg_progress_format_duration (double seconds)
{
  gint64 left = seconds < 0.0 ? 0 : (gint64)(seconds + 0.5);
  gint64 days = left / 86400, hours = left / 3600 % 24, minutes = left / 60 % 60;

  left %= 60;
  if (days > 0)
    /* Translators: d is short for days. */
    return g_strdup_printf (_ ("%d d %02d:%02d:%02d"), (int)days, (int)hours, (int)minutes, (int)left);
  if (hours > 0)
    return g_strdup_printf ("%02d:%02d:%02d", (int)hours, (int)minutes, (int)left);
  return g_strdup_printf ("%02d:%02d", (int)minutes, (int)left);
}

char *
cg_progress_format_line (const CgMetricsLine *line, gint64 total, gint64 total_epochs, double seconds_per_step)
{
  GString *text = g_string_new (NULL);
  g_autofree char *left = cg_progress_format_duration ((double)(total - line->step) * seconds_per_step);
  double losses[CG_METRICS_N_LOSSES];

  g_string_append_printf (text,
                          _ ("step %" PRId64 "/%" PRId64 "  epoch %" PRId64 "/%" PRId64 "  %.2f s/step  %s left "),
                          line->step, total, line->epoch, total_epochs, seconds_per_step, left);
  cg_metrics_get_losses (&line->losses, losses);
  for (int i = 0; i < CG_METRICS_N_LOSSES; i++)
    /* A loss whose weight is 0 is exactly 0 and tells nothing. */
    if (losses[i] != 0.0)
      g_string_append_printf (text, " %s %.3f", cg_metrics_loss_names[i], losses[i]);
  /* Hardly worth a word as a rule; where it is more, the images are what to look at. */
  if (line->wait_share >= 0.01)
    g_string_append_printf (text, _ ("  %.0f %% waiting for images"), line->wait_share * 100.0);
  return g_string_free (text, FALSE);
}

/* The terminal's width, or that of the oldest ones. */
static int
get_width (void)
{
  struct winsize size;

  return ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void
print_live (CgProgress *progress, const char *text)
{
  glong width = get_width () - 1;
  g_autofree char *fitting = g_utf8_substring (text, 0, MIN (width, g_utf8_strlen (text, -1)));

  g_printerr ("\r%s\033[K", fitting);
  progress->line_open = TRUE;
}

void
cg_progress_update (CgProgress *progress, const CgMetricsLine *line, double seconds, gboolean is_line)
{
  gint64 now = g_get_monotonic_time ();
  gboolean is_last = line->step == progress->total;
  g_autofree char *text = NULL;

  /* The first step also pays for what is done once, so the mean starts at the second. */
  if (line->step <= progress->first + 2)
    progress->seconds_per_step = seconds;
  else
    progress->seconds_per_step += SMOOTHING * (seconds - progress->seconds_per_step);

  if (progress->live ? !is_last && now - progress->last_update < LIVE_INTERVAL_US : !is_line)
    return;
  text = cg_progress_format_line (line, progress->total, progress->total_epochs, progress->seconds_per_step);
  if (progress->live)
    print_live (progress, text);
  else
    g_printerr ("%s\n", text);
  progress->last_update = now;
}

void
cg_progress_say (CgProgress *progress, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  close_line (progress);
  g_printerr ("%s\n", text);
}
