/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommands of `cyclegan`: what each file of this folder that is one offers to main.c. */
#pragma once

/* What every subcommand returns, and with it the process. */
enum
{
  CG_EXIT_OK = 0,
  CG_EXIT_FAILED = 1,
  CG_EXIT_USAGE = 2,
  CG_EXIT_INTERRUPTED = 130
};

/**
 * CgCommandFunc:
 * @argv: argv[0] is "cyclegan NAME", the arguments of the subcommand follow
 *
 * Errors are printed to stderr as "cyclegan: FILE: reason". Returns: one of the numbers above.
 */
typedef int (*CgCommandFunc) (int argc, char **argv);

int cg_command_bench (int argc, char **argv);
int cg_command_evaluate (int argc, char **argv);
int cg_command_export (int argc, char **argv);
int cg_command_import (int argc, char **argv);
int cg_command_info (int argc, char **argv);
int cg_command_models (int argc, char **argv);
int cg_command_train (int argc, char **argv);
int cg_command_translate (int argc, char **argv);
