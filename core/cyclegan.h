/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The inference door of libcyclegan: load a model, translate an image. The only core header that plugin/ includes. */
#pragma once

#include "base/bundle.h"
#include "base/error.h"
#include "base/parallel.h"
#include "infer/hidden-pixels.h"
#include "infer/about.h"
#include "infer/translate.h"
#include "model/model-library.h"
#include "model/model-version.h"
#include "model/model.h"
