/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lengths that have to grow with the text beside them. */
#pragma once

/* @pixels on a screen with the usual 96 dots per inch. Returns: as many, or more where text is larger. */
int cg_text_scale (int pixels);
