/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builds, saves, loads and compares config.json; apart because it is a contract between two processes. */
#include "run-config.h"

#include <gegl.h>
#include <glib/gi18n.h>
#include <string.h>

static JsonObject *
get_versions (const CgAbout *about)
{
  JsonObject *versions = json_object_new ();
  g_autofree char *glib = g_strdup_printf ("%u.%u.%u", glib_major_version, glib_minor_version, glib_micro_version);
  g_autofree char *gegl = NULL;
  int major, minor, micro;

  gegl_get_version (&major, &minor, &micro);
  gegl = g_strdup_printf ("%d.%d.%d", major, minor, micro);
  json_object_set_string_member (versions, "cyclegan", CG_VERSION);
  json_object_set_string_member (versions, "glib", glib);
  json_object_set_string_member (versions, "gegl", gegl);
  json_object_set_string_member (versions, "blis", about->blis_version);
  return versions;
}

/* Adds what there is to know about one domain; the checksum is of all of its files. */
static gboolean
summarise_domain (CgDataset *dataset, char domain, JsonObject *summary, GError **error)
{
  const char name[] = { domain, '\0' };
  g_autofree char *checksum = cg_dataset_checksum (dataset, domain, error);
  JsonObject *object;

  if (!checksum)
    return FALSE;
  object = json_object_new ();
  json_object_set_int_member (object, "images", cg_dataset_get_size (dataset, domain));
  json_object_set_int_member (object, "train_scale", cg_dataset_get_train_scale (dataset, domain));
  json_object_set_string_member (object, "sha256", checksum);
  json_object_set_object_member (summary, name, object);
  return TRUE;
}

static JsonObject *
summarise_dataset (CgDataset *dataset, GError **error)
{
  g_autoptr (JsonObject) summary = json_object_new ();
  int height, width;

  if (!summarise_domain (dataset, 'A', summary, error) || !summarise_domain (dataset, 'B', summary, error))
    return NULL;
  cg_dataset_get_crop_size (dataset, &height, &width);
  json_object_set_int_member (summary, "crop_height", height);
  json_object_set_int_member (summary, "crop_width", width);
  json_object_set_int_member (summary, "steps_per_epoch", cg_dataset_get_steps_per_epoch (dataset));
  return g_steal_pointer (&summary);
}

JsonNode *
cg_run_config_new (const CgTrainOptions *options, CgDataset *dataset, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  JsonObject *summary = NULL;
  JsonNode *config;
  CgAbout about;

  if (!cg_about_get (&about, error) || (dataset && !(summary = summarise_dataset (dataset, error))))
    return NULL;
  json_object_set_object_member (object, "options", cg_option_table_to_json (&cg_train_option_table, options));
  json_object_set_object_member (object, "versions", get_versions (&about));
  json_object_set_string_member (object, "kernel", about.kernel);
  json_object_set_string_member (object, "kernel_explanation", about.explanation);
  if (summary)
    json_object_set_object_member (object, "dataset", summary);
  config = json_node_new (JSON_NODE_OBJECT);
  json_node_set_object (config, object);
  return config;
}

char *
cg_run_config_to_text (JsonNode *config)
{
  g_autofree char *json = json_to_string (config, TRUE);

  return g_strconcat (json, "\n", NULL);
}

gboolean
cg_run_config_save (JsonNode *config, const char *path, GError **error)
{
  g_autofree char *text = cg_run_config_to_text (config);

  return g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0666,
                                   error);
}

/* A member that is an object, or NULL. */
static JsonObject *
get_object (JsonNode *config, const char *name)
{
  JsonNode *node = json_object_get_member (json_node_get_object (config), name);

  return node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

JsonNode *
cg_run_config_load (const char *path, CgTrainOptions *options, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) config = NULL;
  g_autoptr (GError) reason = NULL;
  JsonObject *object;

  if (!g_file_get_contents (path, &text, NULL, error))
    return NULL;
  config = json_from_string (text, &reason);
  if (!config || !JSON_NODE_HOLDS_OBJECT (config) || !get_object (config, "options"))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, "%s: %s", path,
                   reason ? reason->message : _ ("this is no configuration of a run: it has no options"));
      return NULL;
    }
  object = get_object (config, "options");
  if (!cg_option_table_from_json (&cg_train_option_table, object, options, error))
    {
      g_prefix_error (error, "%s: ", path);
      return NULL;
    }
  return g_steal_pointer (&config);
}

/* The word of CG_CPU that asks for a kernel: "blis" for "blis-haswell". */
static char *
get_wish (const char *kernel)
{
  return g_strndup (kernel, strcspn (kernel, "-"));
}

static gboolean
check_kernel (JsonNode *stored, JsonNode *present, const char *path, GError **error)
{
  const char *then = json_object_get_string_member_with_default (json_node_get_object (stored), "kernel", "");
  const char *now = json_object_get_string_member (json_node_get_object (present), "kernel");
  g_autofree char *wish = get_wish (then);

  if (strcmp (then, now) == 0)
    return TRUE;
  g_set_error (
      error, CG_ERROR, CG_ERROR_UNSUPPORTED,
      _ ("%s: the run started with the kernel “%s”, but this process has “%s”, whose results differ in the last bits; "
         "CG_CPU=%s asks for the former"),
      path, then, now, wish);
  return FALSE;
}

gboolean
cg_run_config_check_same (JsonNode *stored, JsonNode *present, const char *path, GError **error)
{
  JsonObject *then = get_object (stored, "dataset");
  JsonObject *now = get_object (present, "dataset");
  g_autoptr (GList) members = json_object_get_members (now);

  if (!check_kernel (stored, present, path, error))
    return FALSE;
  for (GList *member = members; member; member = member->next)
    {
      JsonNode *old = then ? json_object_get_member (then, member->data) : NULL;
      JsonNode *new = json_object_get_member (now, member->data);

      if (!old || !json_node_equal (old, new))
        {
          g_autofree char *old_text = old ? json_to_string (old, FALSE) : g_strdup ("null");
          g_autofree char *new_text = json_to_string (new, FALSE);

          g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                       _ ("%s: the images are not those that the run started with: “%s” was %s and is %s"), path,
                       (const char *)member->data, old_text, new_text);
          return FALSE;
        }
    }
  return TRUE;
}
