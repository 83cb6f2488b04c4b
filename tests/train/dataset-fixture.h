/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A data set in a folder of its own, and reading runs of steps from it. */
#pragma once

#include "dataset.h"

typedef struct
{
  char *root;
  CgDatasetOptions options;
} DatasetRoom;

/* Options: zoom to 20, crops of 16, batches of 2, flips, 2 workers. Warnings are not fatal: unreadable files are what is tested. */
void dataset_room_set_up (DatasetRoom *room, gconstpointer data);
void dataset_room_tear_down (DatasetRoom *room, gconstpointer data);

/* The path of a name in the room; the caller frees it. */
char *dataset_room_path (const DatasetRoom *room, const char *name);

/* Folder @name with images 00.png, 01.png, … whose tags (fixture_value()) count up from @tag. */
void dataset_room_add (const DatasetRoom *room, const char *name, int n, int tag, int width, int height);

CgDataset *dataset_room_open (const DatasetRoom *room);

/* Floats of one domain's batch. */
gsize dataset_batch_length (CgDataset *dataset, const DatasetRoom *room);

/* Steps first … last, A and B behind each other, with a pause of microseconds after each; the caller frees them. */
float *dataset_room_read (CgDataset *dataset, const DatasetRoom *room, gint64 first, gint64 last, gulong pause);

/* The byte that became @value. */
int dataset_byte (float value);
