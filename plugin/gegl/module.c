/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What GEGL asks of the shared module: its three operations, of which users see one. */
#include <gegl-plugin.h>
#include <gmodule.h>

/* Made by gegl-op.h, one in each operation's file. */
void gegl_op_cyclegan_translate_register_type (GTypeModule *module);
void gegl_op_cyclegan_network_register_type (GTypeModule *module);
void gegl_op_cyclegan_carry_register_type (GTypeModule *module);

G_MODULE_EXPORT const GeglModuleInfo *gegl_module_query (GTypeModule *module);
G_MODULE_EXPORT gboolean gegl_module_register (GTypeModule *module);

const GeglModuleInfo *
gegl_module_query (GTypeModule *module)
{
  static const GeglModuleInfo info = { GEGL_MODULE_ABI_VERSION };

  return &info;
}

gboolean
gegl_module_register (GTypeModule *module)
{
  gegl_op_cyclegan_network_register_type (module);
  gegl_op_cyclegan_carry_register_type (module);
  gegl_op_cyclegan_translate_register_type (module);
  return TRUE;
}
