/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgWorkingSize: how large the network sees a picture, and the reflected pixels it sees around it. */
#pragma once

#include <stdbool.h>

#include "infer/translate.h"

/**
 * CgWorkingSize: all in pixels.
 * @width, @height: the picture at the network's scale
 * @margin: reflected pixels on the left and on top; at least as many at the right and at the bottom
 * @padded_width, @padded_height: what the network takes: picture, margins and what its stride asks for
 */
typedef struct
{
  int width, height;
  int margin;
  int padded_width, padded_height;
} CgWorkingSize;

/**
 * cg_working_size_init:
 * @options: size_mode and size are looked at
 * @train_scale: short side of the images that the model was trained on
 * @multiple, @min_size: what the network takes, see cg_network_get_size_multiple()
 * @width, @height: the picture, >= 1
 *
 * Returns: false if the padded size would not fit an int.
 */
bool cg_working_size_init (CgWorkingSize *size, const CgTranslateOptions *options, int train_scale, int multiple,
                           int min_size, int width, int height);
