/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgTranslateJob: one photo after the other through one model, from file to file. */
#pragma once

#include "cyclegan.h"
#include "photo-writer.h"

/**
 * CgTranslateJob:
 * @keep_metadata: whether EXIF, XMP and IPTC go along
 * @make_folders: whether the folders of results are made
 */
typedef struct
{
  CgModel *model;
  CgTranslateOptions options;
  CgBitDepth depth;
  gboolean keep_metadata;
  gboolean make_folders;
} CgTranslateJob;

/**
 * cg_translate_job_run:
 * @items: (element-type CgTranslateItem): from cg_translate_list_new()
 *
 * Goes on past what fails, tells each reason on stderr, and a summary where there is more than one item; on a terminal also how far it
 * is.
 *
 * Returns: how many items failed
 */
guint cg_translate_job_run (const CgTranslateJob *job, GPtrArray *items);
