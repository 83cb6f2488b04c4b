/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CG_PUBLIC marks what libcyclegan exports; everything else is built with hidden visibility. */
#pragma once

#define CG_PUBLIC __attribute__ ((visibility ("default")))

/* Stands in an installed header for the sake of other rooms; not to be had from outside. */
#define CG_INTERNAL __attribute__ ((visibility ("hidden")))
