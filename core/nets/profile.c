/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sums times by label; the few dozen labels of a network are searched one after the other. */
#include "nets/profile.h"

#include <string.h>

struct _CgProfile
{
  GMutex lock;     /* passes of two lanes may add at the same time */
  GArray *entries; /* CgProfileEntry */
};

static void
clear_entry (gpointer data)
{
  g_free (((CgProfileEntry *)data)->label);
}

CgProfile *
cg_profile_new (void)
{
  CgProfile *profile = g_new0 (CgProfile, 1);

  g_mutex_init (&profile->lock);
  profile->entries = g_array_new (FALSE, FALSE, sizeof (CgProfileEntry));
  g_array_set_clear_func (profile->entries, clear_entry);
  return profile;
}

void
cg_profile_free (CgProfile *profile)
{
  if (!profile)
    return;
  g_mutex_clear (&profile->lock);
  g_array_unref (profile->entries);
  g_free (profile);
}

guint
cg_profile_get_n_entries (const CgProfile *profile)
{
  return profile->entries->len;
}

const CgProfileEntry *
cg_profile_get_entry (const CgProfile *profile, guint i)
{
  g_return_val_if_fail (i < profile->entries->len, NULL);
  return &g_array_index (profile->entries, CgProfileEntry, i);
}

void
cg_profile_add (CgProfile *profile, const char *label, double seconds, double flops)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&profile->lock);
  CgProfileEntry fresh = { 0 };

  for (guint i = 0; i < profile->entries->len; i++)
    {
      CgProfileEntry *entry = &g_array_index (profile->entries, CgProfileEntry, i);

      if (strcmp (entry->label, label) != 0)
        continue;
      entry->calls++;
      entry->seconds += seconds;
      entry->flops += flops;
      return;
    }
  fresh = (CgProfileEntry){ g_strdup (label), 1, seconds, flops };
  g_array_append_val (profile->entries, fresh);
}
