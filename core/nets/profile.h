/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgProfile: where a pass or a training step spends its time, by kind of layer; what `cyclegan bench` prints. */
#pragma once

#include <glib.h>

#include "base/visibility.h"

G_BEGIN_DECLS

typedef struct _CgProfile CgProfile;

/**
 * CgProfileEntry:
 * @label: "conv2d 3x3 256->256", "instance-norm 64", …; " backward" is appended for backward passes
 * @calls: how often
 * @seconds: wall time of all calls
 * @flops: floating point operations of the direct algorithm (two per multiply-add), of all calls
 */
typedef struct
{
  char *label;
  guint calls;
  double seconds;
  double flops;
} CgProfileEntry;

/* Empty; whatever is measured with it adds its entries. */
CG_PUBLIC CgProfile *cg_profile_new (void);
CG_PUBLIC void cg_profile_free (CgProfile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgProfile, cg_profile_free)

/* Entries in the order of their first appearance. */
CG_PUBLIC guint cg_profile_get_n_entries (const CgProfile *profile);
CG_PUBLIC const CgProfileEntry *cg_profile_get_entry (const CgProfile *profile, guint i);

/* Adds one call to the entry of that label. */
CG_INTERNAL void cg_profile_add (CgProfile *profile, const char *label, double seconds, double flops);

G_END_DECLS
