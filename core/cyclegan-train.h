/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The training door of libcyclegan: networks, losses, optimiser, one training step. */
#pragma once

#include "cyclegan.h"

#include "base/random.h"
#include "model/dtype.h"
#include "nets/apply.h"
#include "nets/layer-info.h"
#include "nets/network.h"
#include "optim/adam.h"
#include "optim/schedule.h"
#include "quality/image-distance.h"
#include "quality/sliced-wasserstein.h"
#include "step/image-pool.h"
#include "step/moving-average.h"
#include "step/step.h"
