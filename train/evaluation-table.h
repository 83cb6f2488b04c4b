/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an evaluation found, for people as a table and for programs as JSON. */
#pragma once

#include <json-glib/json-glib.h>

#include "evaluation.h"

/* Prints to stdout. @there: A to B; @back: (nullable): B to A. */
void cg_evaluation_table_print (const CgEvaluation *there, const CgEvaluation *back);

/* Members of what was not measured are left out. (transfer full) */
JsonObject *cg_evaluation_to_json (const CgEvaluation *evaluation);
