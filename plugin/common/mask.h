/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Masks of layers as buffers: a result is hidden where its source is, and where nothing was selected. */
#pragma once

#include <gegl.h>

/* @mask: overwritten by the product of both, which have one size. */
void cg_mask_multiply (GeglBuffer *mask, GeglBuffer *by);
