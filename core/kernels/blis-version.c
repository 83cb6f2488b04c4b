/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* BLIS's own answer to who it is; apart from the micro-kernels, because nothing is computed here. */
#include "kernels/blis-version.h"

/* BLIS's header takes liberties that this project's warnings do not allow. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wunused-function"
#include <blis.h>
#pragma GCC diagnostic pop

const char *
cg_blis_get_version (void)
{
  return bli_info_get_version_str ();
}
