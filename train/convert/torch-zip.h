/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file that torch.save writes since PyTorch 1.6: a zip archive of stored records, data.pkl and data/KEY. */
#pragma once

#include "convert/torch-pickle.h"

G_BEGIN_DECLS

typedef struct _CgTorchZip CgTorchZip;

gboolean cg_torch_zip_is (const guint8 *bytes, size_t length);

/**
 * cg_torch_zip_open:
 * @bytes: must outlive the result
 *
 * Reads the directory and checks every record: stored, not encrypted, within the file, under a name of its own, overlapping no
 * other. Fails with CG_ERROR_CORRUPT, CG_ERROR_UNSUPPORTED, CG_ERROR_FORMAT (a TorchScript archive). Messages do not name the file.
 */
CgTorchZip *cg_torch_zip_open (const guint8 *bytes, size_t length, GError **error);
void cg_torch_zip_free (CgTorchZip *zip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgTorchZip, cg_torch_zip_free)

/* Parses data.pkl, whose checksum must be right, and finds the storages; @storages: (out) (transfer full): with data. */
CgPickle *cg_torch_zip_read (CgTorchZip *zip, GHashTable **storages, GError **error);

/* Compares the checksum of a storage's record, once. */
gboolean cg_torch_zip_verify (CgTorchZip *zip, const char *storage, GError **error);

/* Offset in the file of the record data/@storage, for tests of alignment; G_MAXSIZE if there is none. */
size_t cg_torch_zip_get_offset (const CgTorchZip *zip, const char *storage);

G_END_DECLS
