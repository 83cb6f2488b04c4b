/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The look of report.html. */
#pragma once

/* A style sheet for light and dark screens. */
extern const char cg_report_style[];
