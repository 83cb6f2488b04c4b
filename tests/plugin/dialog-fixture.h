/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A dialog over a generated picture, and hands for its widgets, which are found by what is written on them. */
#pragma once

#include <gdk/gdkkeysyms.h>
#include <time.h>

#include "dialog.h"

typedef struct
{
  GtkWidget *window;
  CgDialog *dialog;
  GeglBuffer *picture;
  gboolean ready;
} Fixture;

typedef struct
{
  const char *path;
  void (*test) (void);
} FixtureTest;

/* The models "tiny", "tiny-2" and "wrong", whose weights are damaged, are installed in cyclegan/models below fixture_folder().
 * Detail 0.5, size 64, else the defaults. */
Fixture *fixture_new (const char *model, int width, int height);
/* The same with another size, which need not be one that the slider has. */
Fixture *fixture_new_fine (const char *model, int width, int height, int size);
/* The same over a layer that cannot be replaced, where that was done the last time. */
Fixture *fixture_new_refused (const char *model, const char *reason);
void fixture_free (Fixture *fixture);
const char *fixture_folder (void);

/* Lets everything happen that is due. */
void fixture_settle (void);

/* Through the widget that the label is for: a slider's value, or the row of a list or menu. */
void fixture_set (Fixture *fixture, const char *label, double value);
void fixture_press (Fixture *fixture, const char *button);
void fixture_key (Fixture *fixture, const char *name, guint key);

/* By a Tab to the next widget. Returns: what is written on it or beside it, else its type; (transfer none). */
const char *fixture_tab (Fixture *fixture);

/* Presses the button and waits for the picture. */
void fixture_preview (Fixture *fixture);
void fixture_wait_for_button (Fixture *fixture, const char *button);
void fixture_wait_for_text (Fixture *fixture, const char *text);

void fixture_wait_until_ready (Fixture *fixture);

/* Whether a label with this text in it can be seen. */
gboolean fixture_is_shown (Fixture *fixture, const char *text);

/* All labels, one on a line; lasts until the next call. */
const char *fixture_get_text (Fixture *fixture);

/* What the plug-in does at OK: closes the window, then computes what no preview has. (transfer full) */
GeglBuffer *fixture_apply_buffer (Fixture *fixture);
float *fixture_apply (Fixture *fixture, gsize *n);

/* Display, folders and models around the tests; the last one has no path. */
int fixture_main (int argc, char **argv, const FixtureTest *tests);
