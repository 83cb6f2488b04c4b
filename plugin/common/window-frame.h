/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window around CgDialog with the buttons that every filter has: what libgimpui of GIMP 2.10 and 3 have in common. */
#pragma once

#include "dialog.h"

typedef enum
{
  CG_WINDOW_OK,
  CG_WINDOW_CANCEL,
  CG_WINDOW_COPY /* the artist prefers a copy in RGB */
} CgWindowAnswer;

/**
 * cg_window_frame_run:
 * @source: but for its note, which says here that the source is @grey
 * @settings: shown first, and overwritten by what was chosen
 * @preview: (out) (transfer full): what the last preview computed, or NULL
 *
 * After gimp_ui_init().
 */
CgWindowAnswer cg_window_frame_run (CgDialogSource *source, gboolean grey, CgSettings *settings,
                                    CgTranslation **preview);

/* Asks whether an RGB copy of an indexed image shall be translated. After gimp_ui_init(). */
gboolean cg_window_frame_offer_copy (void);
