/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A folder, a model and `cyclegan translate` in it: what the tests of the command share. */
#pragma once

#include "picture.h"

/* Set by cg_command_start(): absolute paths. */
extern char *cg_command_folder;
extern char *cg_command_model;

/* Makes the folder and a tiny model in it; starts GEGL. */
void cg_command_start (void);
void cg_command_end (void);

/* (transfer full) */
char *cg_command_path (const char *name);

/* `cyclegan translate --model M WORDS`, with the folder as working directory, so that plain names do. Returns: the exit status. */
int cg_command_run (const char *words, char **errors);

/* The same, not waited for. */
GPid cg_command_spawn (const char *words);

/* A picture of cg_picture_new() in a file of the folder. */
void cg_command_write_new (const char *name, int width, int height, const Babl *format, int bits);

/* The same as the file holds it, and what a file of the folder holds. (transfer full) */
GeglBuffer *cg_command_save_new (const char *name, int width, int height, const Babl *format, int bits);
GeglBuffer *cg_command_load (const char *name);
char *cg_command_read_bytes (const char *name, gsize *length);
