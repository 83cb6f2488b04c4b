/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the three channels of images and the one or three of networks. */
#pragma once

#include <glib.h>

/* The luma of levels from 0 to 255 by ITU-R BT.601-7, item 2.5.1, as a level: what Pillow calls L, and so what PyTorch users
 * train with. */
int cg_channels_get_luma (int r, int g, int b);

/**
 * cg_channels_take:
 * @rgb: [n_pixels][3], levels v as v / 127.5 - 1
 * @channels: 1 or 3
 * @values: [n_pixels][@channels], overwritten; may be @rgb
 *
 * Grey is cg_channels_get_luma().
 */
void cg_channels_take (const float *rgb, gsize n_pixels, int channels, float *values);

/* The other way: grey becomes three equal channels. @rgb is other memory than @values. */
void cg_channels_show (const float *values, gsize n_pixels, int channels, float *rgb);
