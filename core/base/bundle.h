/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where the library finds what belongs to it when it does not lie where it was built for: beside a plug-in, in a Flatpak. */
#pragma once

#include <glib.h>

#include "base/visibility.h"

G_BEGIN_DECLS

/* Returns: (nullable): the folder "share" beside the file that this code was loaded from, if there is one: what was
 * bundled with the library. Never freed, never changes. */
CG_INTERNAL const char *cg_bundle_get_data_dir (void);

/**
 * cg_get_locale_dir:
 *
 * The folder with the message catalogues of the text domain "gimp-cyclegan": $CG_LOCALE_DIR if it is set, else what was
 * bundled with the library, else what it was built for. The library binds the domain to it, in UTF-8, when it is
 * loaded; hosts that want to know it themselves, like GIMP, are told by this.
 *
 * Returns: (transfer none): an absolute path, never freed
 */
CG_PUBLIC const char *cg_get_locale_dir (void);

G_END_DECLS
