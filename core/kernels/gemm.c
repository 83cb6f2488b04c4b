/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The only file that knows BLIS: takes the micro-kernel out of BLIS's own context and gives it the signature of gemm.h. */
#include "kernels/gemm.h"
#include "kernels/blis-version.h"

/* BLIS's header takes liberties that this project's warnings do not allow. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wunused-function"
#include <blis.h>
#pragma GCC diagnostic pop

#include <string.h>

/* The signature of a gemm micro-kernel, the same in 0.9, 1.x and 2.x but for const and void. */
typedef void (*MicroKernel) (dim_t m, dim_t n, dim_t k, const float *alpha, const float *a, const float *b,
                             const float *beta, float *c, inc_t row_stride, inc_t column_stride, auxinfo_t *data,
                             const cntx_t *context);

/* Versions before 1.0 do not say in the header which they are. */
#ifdef BLIS_VERSION_STRING
#define BUILD_VERSION BLIS_VERSION_STRING
#else
#define BUILD_VERSION "0.9"
#endif

static MicroKernel micro_kernel;
static const float one = 1.0f, zero = 0.0f;

static void
tile_by_rows (const CgGemm *gemm, int rows, int columns, size_t depth, const float *pixels, const float *channels,
              bool add, float *out, size_t stride)
{
  auxinfo_t hints;

  memset (&hints, 0, sizeof hints);
  bli_auxinfo_set_next_a ((void *)pixels, &hints);
  bli_auxinfo_set_next_b ((void *)channels, &hints);
  micro_kernel (rows, columns, (dim_t)depth, &one, pixels, channels, add ? &one : &zero, out, (inc_t)stride, 1, &hints,
                gemm->context);
}

/* A kernel that prefers columns has its wide side as m: the transposed product into the transposed output. */
static void
tile_by_columns (const CgGemm *gemm, int rows, int columns, size_t depth, const float *pixels, const float *channels,
                 bool add, float *out, size_t stride)
{
  auxinfo_t hints;

  memset (&hints, 0, sizeof hints);
  bli_auxinfo_set_next_a ((void *)channels, &hints);
  bli_auxinfo_set_next_b ((void *)pixels, &hints);
  micro_kernel (columns, rows, (dim_t)depth, &one, channels, pixels, add ? &one : &zero, out, 1, (inc_t)stride, &hints,
                gemm->context);
}

/* bli_sgemm() kept its interface while the structures behind the micro-kernel changed under the same soname. */
static void
tile_by_sgemm (const CgGemm *gemm, int rows, int columns, size_t depth, const float *pixels, const float *channels,
               bool add, float *out, size_t stride)
{
  float alpha = 1.0f, beta = add ? 1.0f : 0.0f;

  bli_sgemm (BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, rows, columns, (dim_t)depth, &alpha, (float *)pixels, 1,
             gemm->n_pixels, (float *)channels, gemm->n_channels, 1, &beta, out, (inc_t)stride, 1);
}

static bool
same_version (const char *running)
{
#ifdef BLIS_VERSION_STRING
  return g_strcmp0 (running, BUILD_VERSION) == 0;
#else
  return g_str_has_prefix (running, BUILD_VERSION);
#endif
}

static bool
prefers_rows (const cntx_t *context)
{
#ifdef BLIS_VERSION_STRING
  return bli_cntx_ukr_prefers_rows_dt (BLIS_FLOAT, BLIS_GEMM_UKR, context);
#else
  return bli_cntx_l3_vir_ukr_prefers_rows_dt (BLIS_FLOAT, BLIS_GEMM_UKR, (cntx_t *)context);
#endif
}

static MicroKernel
query_kernel (const cntx_t *context)
{
#ifdef BLIS_VERSION_MAJOR
  return (MicroKernel)bli_cntx_get_ukr_dt (BLIS_FLOAT, BLIS_GEMM_UKR, context);
#else
  return (MicroKernel)bli_cntx_get_l3_vir_ukr_dt (BLIS_FLOAT, BLIS_GEMM_UKR, (cntx_t *)context);
#endif
}

/* Fills @gemm from BLIS's context. False if the kernel wants panels of a shape that is not handled. */
static bool
read_context (CgGemm *gemm)
{
  cntx_t *context = (cntx_t *)bli_gks_query_cntx ();
  const dim_t mr = bli_cntx_get_blksz_def_dt (BLIS_FLOAT, BLIS_MR, context);
  const dim_t nr = bli_cntx_get_blksz_def_dt (BLIS_FLOAT, BLIS_NR, context);
  const bool by_rows = prefers_rows (context);
  const dim_t n_pixels = by_rows ? mr : nr, n_channels = by_rows ? nr : mr;

  /* A packed leading dimension other than the register block would need panels with holes. */
  if (bli_cntx_get_blksz_max_dt (BLIS_FLOAT, BLIS_MR, context) != mr
      || bli_cntx_get_blksz_max_dt (BLIS_FLOAT, BLIS_NR, context) != nr || n_pixels > CG_GEMM_MAX_PIXELS
      || n_channels > CG_GEMM_MAX_CHANNELS)
    return false;

  micro_kernel = query_kernel (context);
  gemm->n_pixels = (int)n_pixels;
  gemm->n_channels = (int)n_channels;
  gemm->depth = (size_t)CLAMP (bli_cntx_get_blksz_def_dt (BLIS_FLOAT, BLIS_KC, context), 128, 512);
  gemm->tile = by_rows ? tile_by_rows : tile_by_columns;
  gemm->context = context;
  return micro_kernel != NULL;
}

const CgGemm *
cg_gemm_blis (CgGemmBlisKind *kind)
{
  static gsize once = 0;
  static CgGemm gemm;
  static CgGemmBlisKind found;

  if (g_once_init_enter (&once))
    {
      const char *running = bli_info_get_version_str ();

      if (same_version (running) && read_context (&gemm))
        {
          const char *arch = bli_arch_string (bli_arch_query_id ());

          gemm.name = g_intern_string (arch);
          found = g_str_equal (arch, "generic") ? CG_GEMM_BLIS_GENERIC
                  : g_str_equal (arch, "skx")   ? CG_GEMM_BLIS_SKX
                                                : CG_GEMM_BLIS_OTHER;
        }
      else
        {
          g_message ("BLIS %s is not the BLIS %s this library was built with: its micro-kernel is left alone, "
                     "CG_CPU=blis goes through bli_sgemm()",
                     running, BUILD_VERSION);
          gemm = (CgGemm){ .name = "sgemm", .n_pixels = 32, .n_channels = 64, .depth = 256, .tile = tile_by_sgemm };
          found = CG_GEMM_BLIS_STRANGER;
        }
      g_once_init_leave (&once, 1);
    }

  if (kind)
    *kind = found;
  return &gemm;
}

const char *
cg_blis_get_version (void)
{
  return bli_info_get_version_str ();
}
